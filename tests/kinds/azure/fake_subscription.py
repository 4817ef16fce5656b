"""A subscription in memory, with the calls that the kinds of `kinds/azure` make, and what was written through them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from cmkmigrate.clients.arm import Put
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.errors import CallError, NotFound

S = "/subscriptions/s/resourceGroups/g/providers"
VAULT = f"{S}/Microsoft.KeyVault/vaults/kv"
WORKSPACE = f"{S}/Microsoft.Databricks/workspaces/old"
URI = "https://kv.vault.azure.test/"
HSM = f"{S}/Microsoft.KeyVault/managedHSMs/mhsm"
HSM_URI = "https://mhsm.managedhsm.azure.test/"


class FakeKeys:
    """The data plane: `keys` by name (and name/version), `refusal` is raised by everything."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}
        self.refusal: CallError | None = None
        self.made: list[tuple[Any, ...]] = []
        self.policy: dict[str, Any] = {"lifetimeActions": [], "attributes": {}}
        self.ended: list[tuple[str, str, int]] = []
        self.local: list[dict[str, Any]] = []
        self.given: list[tuple[str, ...]] = []

    def key(self, name: str, version: str = "") -> dict[str, Any]:
        if self.refusal:
            raise self.refusal
        found = self.keys.get(f"{name}/{version}" if version else name)
        if found is None:
            raise NotFound("no key", status=404)
        return found

    def deleted(self, name: str) -> dict[str, Any]:
        raise NotFound("no deleted key", status=404)

    def create(
        self, name: str, kty: str, size: int, operations: Sequence[str] = (), tags: Any = None, expires: int = 0
    ) -> dict[str, Any]:
        if self.refusal:
            raise self.refusal
        self.made.append((name, kty, size, tuple(operations), *([expires] if expires else [])))
        return {"key": {"kid": f"{URI}keys/{name}/v1", "kty": kty, "key_ops": list(operations)}}

    def patch_expiry(self, name: str, version: str, expires: int) -> dict[str, Any]:
        self.ended.append((name, version, expires))
        return {}

    def rotation_policy(self, name: str) -> dict[str, Any]:
        if self.refusal:
            raise self.refusal
        return self.policy

    def put_rotation_policy(self, name: str, policy: dict[str, Any]) -> dict[str, Any]:
        if self.refusal:
            raise self.refusal
        self.policy = {**policy, "attributes": {**policy["attributes"], "created": 1, "updated": 1}}
        return self.policy

    def role_assignments(self, key: str = "") -> list[dict[str, Any]]:
        if self.refusal:
            raise self.refusal
        return self.local

    def put_role_assignment(self, key: str, name: str, role: str, principal: str) -> dict[str, Any]:
        if self.refusal:
            raise self.refusal
        self.given.append((key, name, role, principal))
        return {"id": f"/keys/{key}/roleAssignments/{name}"}


class FakeSubscription:
    """`bodies` are resources by ARM id; `writes` is what was asked to be written; `operations` answers of `poll`."""

    id, tenant_id = "s", "tenant"
    poll_s, operation_s, timeout_s = 0.0, 5.0, 1.0

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.writes: list[tuple[str, str, Any]] = []
        self.operations: list[dict[str, Any]] = []
        self.polled: list[str] = []
        self.taken, self.deleted = "", list[dict[str, Any]]()
        self.assignments: list[dict[str, Any]] = []
        self.arm_keys: list[dict[str, Any]] | CallError = []
        self.data = FakeKeys()
        self.databricks: str | CallError = "databricks-oid"
        self.refusal: CallError | None = None  # of the next write
        self.lists: dict[str, list[dict[str, Any]] | CallError] = {}  # of `listing`, by path

    def _get(self, arm_id: str) -> dict[str, Any]:
        if arm_id not in self.bodies:
            raise NotFound("gone", status=404)
        return self.bodies[arm_id]

    workspace = vault = _get

    def read(self, path: str, version: str) -> dict[str, Any]:
        return self._get(path)

    def listing(self, path: str, version: str, filter: str = "") -> list[dict[str, Any]]:
        found = self.lists.get(path, NotFound("gone", status=404))
        if isinstance(found, CallError):
            raise found
        return found

    def put_resource(self, path: str, version: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._write("PUT", path, body)
        return {"id": path}

    def vaults(self) -> list[dict[str, Any]]:
        return [body for body in self.bodies.values() if "KeyVault" in body["id"]]

    def workspaces(self) -> list[dict[str, Any]]:
        return [body for body in self.bodies.values() if "Databricks" in body["id"]]

    def _write(self, what: str, where: str, body: Any) -> None:
        if self.refusal:
            raise self.refusal
        self.writes.append((what, where, body))

    def put_workspace(self, arm_id: str, body: Mapping[str, Any]) -> Put:
        self._write("PUT", arm_id, body)
        return Put({"id": arm_id}, "https://management.azure.test/operation")

    def poll(self, url: str) -> dict[str, Any]:
        self.polled.append(url)
        if not self.operations:
            raise NotFound("forgotten", status=404)
        return self.operations.pop(0)

    def put_vault(self, arm_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._write("PUT", arm_id, body)
        return {"id": arm_id}

    def patch_vault(self, arm_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._write("PATCH", arm_id, body)
        return {"id": arm_id}

    def vault_name_taken(self, name: str) -> str:
        return self.taken

    def deleted_vaults(self) -> list[dict[str, Any]]:
        return self.deleted

    def now(self) -> float:
        return time.time()

    def home(self, arm_id: str) -> dict[str, Any]:
        return self._get(arm_id)

    home_now = home

    def home_of(self, uri: str) -> dict[str, Any]:
        for one in self.bodies.values():
            told = one.get("properties") or {}
            if uri.rstrip("/") in (str(told.get("vaultUri")).rstrip("/"), str(told.get("hsmUri")).rstrip("/")):
                return one
        raise NotFound("in none of the 3 subscriptions", status=404)

    def vault_key(self, arm_id: str, name: str) -> list[dict[str, Any]]:
        if isinstance(self.arm_keys, CallError):
            raise self.arm_keys
        return [one for one in self.arm_keys if f"/{name}/" in one["properties"]["keyUriWithVersion"]][-1:]

    def vault_key_version(self, arm_id: str, name: str, version: str) -> list[dict[str, Any]]:
        if isinstance(self.arm_keys, CallError):
            raise self.arm_keys
        return [one for one in self.arm_keys if one["properties"]["keyUriWithVersion"].endswith(f"/{name}/{version}")]

    def put_vault_key(self, arm_id: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._write("PUT", f"{arm_id}/keys/{name}", body)
        return {"properties": {**body["properties"], "keyUriWithVersion": f"{URI}keys/{name}/v1"}}

    def keys(self, uri: str) -> FakeKeys:
        assert uri in (URI, HSM_URI)
        return self.data

    def hsm(self, uri: str) -> FakeKeys:
        assert uri == HSM_URI
        return self.data

    def role_assignments(self, scope: str) -> list[dict[str, Any]]:
        return [one for one in self.assignments if (scope + "/").startswith(one["scope"] + "/")]

    def put_role_assignment(self, scope: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._write(name, scope, body)
        return {"id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"}

    def add_access_policies(self, vault_id: str, policies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        self._write("add", vault_id, list(policies))
        return {}

    def operator_object_id(self) -> str:
        return "operator-oid"

    def operator_type(self) -> str:
        return "User"

    def azure_databricks_object_id(self) -> str:
        if isinstance(self.databricks, CallError):
            raise self.databricks
        return self.databricks


def source(**changes: Any) -> Any:
    """The old workspace as kinds see it; `changes` are laid over its properties, `sku` and `tags` over the resource."""
    resource: dict[str, Any] = {
        "id": WORKSPACE,
        "name": "old",
        "location": "westeurope",
        "sku": changes.pop("sku", {"name": "premium"}),
        "tags": changes.pop("tags", {"env": "dev"}),
        "properties": {
            "computeMode": "Hybrid",
            "provisioningState": "Succeeded",
            "managedResourceGroupId": "/subscriptions/s/resourceGroups/old-managed",
            "workspaceId": "1001",
            "workspaceUrl": "adb-1001.1.azuredatabricks.test",
            "publicNetworkAccess": "Enabled",
            "requiredNsgRules": "AllRules",
            "createdBy": {"oid": "x"},
            "parameters": {
                "enableNoPublicIp": {"type": "Bool", "value": True},
                "natGatewayName": {"type": "String", "value": "nat-gateway"},
                "vnetAddressPrefix": {"type": "String", "value": "10.139"},
                "storageAccountName": {"type": "String", "value": "dbstorageold"},
                "storageAccountSkuName": {"type": "String", "value": "Standard_GRS"},
                "resourceTags": {"type": "Object", "value": {"a": "b"}},
                "prepareEncryption": {"type": "Bool"},
                "encryption": {"type": "Object", "value": {"keySource": "Default"}},
            },
            **changes,
        },
    }
    return SimpleNamespace(arm_id=WORKSPACE, resource=resource, location="westeurope", name="old")


def connected(site: FakeSubscription, resource: dict[str, Any] | None = None) -> Any:
    """The old workspace, with what `site` knows around it."""
    found = source()
    found.resource = resource or found.resource
    found.arm, found.url = Reads(site.read, site.listing), "https://adb-1001.1.azuredatabricks.test"
    return found
