"""A ground of made-up answers, for what the checks make of them; and what a fix command has to be."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmkmigrate import playbook
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.clients.pace import Paces
from cmkmigrate.engine.migration import Migration
from cmkmigrate.errors import Denied, NotFound
from cmkmigrate.kinds import discover
from cmkmigrate.preflight.ground import Ahead, Ground
from cmkmigrate.preflight.model import Seen

SUBSCRIPTION = "3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
OLD = f"{GROUP}/providers/Microsoft.Databricks/workspaces/old"
NEW = f"{GROUP}/providers/Microsoft.Databricks/workspaces/new"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv1"
KID = "https://kv1.vault.azure.test/keys/k"
TENANT = "7b1e0d3c-5a64-4f0e-9f43-2f8f0c6f7d10"
OPERATOR = "c0ffee00-2d4b-4a7e-8f21-5b9e3d1c7a60"
DATABRICKS = "51cc8e99-a185-5044-8d43-852f8ea01a8c"
EVERYTHING = [{"actions": ["*"], "notActions": []}]
_ATTACHED = ("/diagnosticSettings", "/roleAssignments", "/locks")

# The commands that a fix may be, and which options they have to be given (az and databricks --help).
COMMANDS: Mapping[tuple[str, ...], set[str]] = {
    ("az", "account", "show"): {"--subscription"},
    ("az", "ad", "sp", "create"): {"--id"},
    ("az", "ad", "sp", "show"): {"--id"},
    ("az", "databricks", "workspace", "show"): {"--ids"},
    ("az", "databricks", "workspace", "update"): {"--ids", "--sku"},
    ("az", "databricks", "workspace", "wait"): {"--ids", "--custom"},
    ("az", "group", "show"): {"--name", "--subscription"},
    ("az", "keyvault", "key", "list"): {"--id"},
    ("az", "keyvault", "key", "rotate"): {"--id"},
    ("az", "keyvault", "key", "show"): {"--id"},
    ("az", "keyvault", "key", "set-attributes"): {"--id", "--enabled"},
    ("az", "keyvault", "list-deleted"): set(),
    ("az", "keyvault", "recover"): {"--name"},
    ("az", "keyvault", "role", "assignment", "create"): {"--hsm-name", "--role", "--scope"},
    ("az", "keyvault", "set-policy"): {"--name", "--object-id", "--key-permissions"},
    ("az", "keyvault", "show"): {"--name"},
    ("az", "keyvault", "update"): {"--name"},
    ("az", "lock", "delete"): {"--ids"},
    ("az", "policy", "exemption", "create"): {"--name", "--policy-assignment", "--exemption-category", "--scope"},
    ("az", "provider", "register"): {"--namespace", "--subscription"},
    ("az", "provider", "show"): {"--namespace", "--subscription"},
    ("az", "resource", "update"): {"--ids", "--set"},
    ("az", "role", "assignment", "create"): {"--role", "--scope"},
    ("az", "vm", "list-usage"): {"--location", "--subscription"},
    ("chmod",): set(),
    ("cmkmigrate", "status"): set(),
    ("databricks", "account", "metastore-assignments", "create"): set(),
    ("databricks", "clusters", "delete"): set(),
    ("databricks", "instance-pools", "edit"): {"--min-idle-instances"},
    ("databricks", "jobs", "cancel-run"): set(),
    ("databricks", "secrets", "put-acl"): set(),
    ("databricks", "warehouses", "stop"): set(),
    ("databricks", "workspace", "delete"): set(),
    ("timedatectl", "set-ntp"): set(),
}


def pasted(fix: str) -> list[str]:
    """The words of a fix, which must be one command that is known, with its options. Raises AssertionError."""
    words = shlex.split(fix)
    if words and words[0].startswith("DATABRICKS_HOST=https://"):
        words = words[1:]
    command = next((one for one in COMMANDS if tuple(words[: len(one)]) == one), None)
    assert command is not None, f"no command that is known: {fix!r}"
    assert set(words) >= COMMANDS[command], f"{COMMANDS[command] - set(words)} is missing: {fix!r}"
    assert not any(";" in word or "<" in word for word in words), fix
    return words


def judged(seen: Iterable[Seen]) -> list[Seen]:
    """What a check saw, where each thing is told, and every fix can be pasted."""
    found = list(seen)
    assert found, "a check sees something"
    for one in found:
        assert one.evidence
        if one.fix:
            pasted(one.fix)
        if one.status != "pass":
            assert one.fix or one.advice or "could not be" in one.evidence, f"nothing mends it: {one}"
    return found


def statuses(seen: Iterable[Seen]) -> list[str]:
    return [str(one.status) for one in judged(seen)]


class Azure:
    """A Subscription of made-up answers. `on` holds the answer to a path (an exception is raised)."""

    id, tenant_id = SUBSCRIPTION, TENANT

    def __init__(self) -> None:
        self.on: dict[str, Any] = {}
        self.things: dict[str, Any] = {OLD.lower(): workspace("old")}
        self.assigned: list[dict[str, Any]] = []
        self.keys_of: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
        self.deleted: Any = []
        self.taken: Any = ""
        self.databricks: Any = DATABRICKS
        self.local: Any = []  # local role assignments of every managed HSM
        self.own_roles: Any = []
        self.opened: Any = []
        self.type = "ServicePrincipal"
        self.skew = 0.0
        self.asked: list[tuple[str, Any]] = []

    def _answer(self, path: str) -> Any:
        found = self.on.get(path.lower(), NotFound("no", status=404))
        if isinstance(found, Exception):
            raise found
        return found

    def put(self, path: str, answer: Any) -> None:
        self.on[path.lower()] = answer

    def read(self, path: str, version: str) -> Any:
        return self._answer(path)

    def listing(self, path: str, version: str, filter: str = "") -> Any:
        if path.endswith("/permissions") and path.lower() not in self.on:
            return EVERYTHING
        if path.endswith(_ATTACHED) and path.lower() not in self.on:
            return []
        return self._answer(path)

    def ask(self, path: str, version: str, body: Any) -> Any:
        self.asked.append((path, body))
        return self._answer(path)

    def clock(self) -> float:
        return time.time() + self.skew

    def home_of(self, uri: str) -> dict[str, Any]:
        for one in self.things.values():
            host = urlsplit(_uri(one)).hostname
            if host and host == urlsplit(uri).hostname:
                return dict(one)
        raise NotFound("in none of the subscriptions", status=404)

    def _thing(self, id: str) -> Any:
        found = self.things.get(id.lower(), NotFound("no", status=404))
        if isinstance(found, Exception):
            raise found
        return found

    workspace = vault = home = _thing

    def vault_uses_roles(self, id: str) -> bool:
        return bool(self._thing(id)["properties"]["enableRbacAuthorization"])

    def vault_uri(self, id: str) -> str:
        return str(self._thing(id)["properties"]["vaultUri"])

    def workspaces(self) -> list[Any]:
        return [one for id, one in self.things.items() if "/workspaces/" in id]

    def resource_groups(self) -> Any:
        return self._answer("groups") if "groups" in self.on else [{"name": "rg"}]

    def vault_key(self, vault: str, name: str) -> list[Any]:
        return [self.keys_of[name][0]] if name in self.keys_of else []

    def vault_key_versions(self, vault: str, name: str) -> list[Any]:
        return self.keys_of[name][1]

    def role_assignments(self, scope: str, assigned_to: str = "") -> list[Any]:
        self.asked.append((scope, None))
        return self.assigned

    def role_definition(self, id: str) -> Any:
        return self._answer(id)

    def deleted_vaults(self) -> Any:
        return _said(self.deleted)

    def vault_name_taken(self, name: str) -> Any:
        return _said(self.taken)

    def azure_databricks_object_id(self) -> Any:
        return _said(self.databricks)

    def operator_object_id(self) -> str:
        return OPERATOR

    def operator_type(self) -> str:
        return self.type

    def hsm(self, uri: str) -> Any:
        azure = self

        class Hsm:
            def role_assignments(self, key: str = "") -> Any:
                return _said(azure.local)

            def role_definitions(self) -> Any:
                return _said(azure.own_roles)

        return Hsm()

    def keys(self, uri: str) -> Any:
        azure = self

        class Vault:
            def names(self) -> Any:
                return _said(azure.opened)

            def key(self, name: str, version: str = "") -> Any:
                raise NotFound("no", status=404)

        return Vault()


def _uri(resource: Mapping[str, Any]) -> str:
    told = resource.get("properties") or {}
    return str(told.get("vaultUri") or told.get("hsmUri") or "")


def _said(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


class Workspace:
    """A Workspace of made-up answers, by path."""

    def __init__(self, arm_id: str = OLD, resource: Any = None) -> None:
        self.arm_id, self.name, self.location = arm_id, arm_id.rpartition("/")[2], "westeurope"
        self.resource = resource or {}
        self.url, self.operator = f"https://adb-{self.name}.azuredatabricks.test", OPERATOR
        self.org_id = {"old": "17", "new": "18"}[self.name]
        self.on: dict[str, Any] = {}
        self.cache: dict[str, Any] = {}
        self.arm: Any = None

    def put(self, path: str, answer: Any) -> Workspace:
        self.on[path] = answer
        return self

    def read(self, path: str, query: Any = None) -> Any:
        found = self.on.get(path, {})
        if callable(found):
            found = found(query or {})
        return _said(found)


class Sites:
    """Opens what a test put there."""

    def __init__(self, azure: Azure, source: Any, target: Any) -> None:
        self.azure, self.source, self.target, self.paces = azure, source, target, Paces()

    def subscription(self, id: str) -> Azure:
        return self.azure

    def workspace(self, ref: str, *, profile: str = "", source: bool = False) -> Any:
        found = _said(self.source if source or ref == OLD else self.target)
        if isinstance(found, Workspace):
            found.arm = Reads(self.azure.read, self.azure.listing)
        return found


def workspace(name: str, *, sku: str = "premium", **properties: Any) -> dict[str, Any]:
    """A workspace as Resource Manager has it."""
    managed = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/managed-{name}"
    usual = {"provisioningState": "Succeeded", "managedResourceGroupId": managed, "computeMode": "Hybrid"}
    id = f"{GROUP}/providers/Microsoft.Databricks/workspaces/{name}"
    return {"id": id, "name": name, "location": "westeurope", "sku": {"name": sku}, "properties": usual | properties}


def vault(name: str = "kv1", *, location: str = "westeurope", **properties: Any) -> dict[str, Any]:
    """A healthy vault that goes by roles."""
    usual = {"tenantId": TENANT, "vaultUri": f"https://{name}.vault.azure.test/", "enableRbacAuthorization": True}
    usual |= {"enablePurgeProtection": True, "enableSoftDelete": True, "softDeleteRetentionInDays": 90}  # type: ignore[dict-item]
    id = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{name}"
    return {"id": id, "name": name, "location": location, "properties": usual | properties}


def hsm(name: str = "h", *, status: str = "Active", **properties: Any) -> dict[str, Any]:
    """A managed HSM at work."""
    usual: dict[str, Any] = {"tenantId": TENANT, "hsmUri": f"https://{name}.managedhsm.azure.test/"}
    usual |= {"enablePurgeProtection": True, "securityDomainProperties": {"activationStatus": status}}
    id = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/{name}"
    return {"id": id, "name": name, "location": "westeurope", "properties": usual | properties}


def key(*versions: str, kty: str = "RSA", size: int = 3072, name: str = "k", **attributes: Any) -> Any:
    """(newest, versions) of a key; the last of the versions is the newest. attributes: of that one."""
    names = versions or ("v1",)

    def version(one: str, more: Mapping[str, Any]) -> dict[str, Any]:
        properties = {
            "kty": kty,
            "keySize": size,
            "keyOps": ["wrapKey", "unwrapKey"],
            "attributes": {"enabled": True, **more},
        }
        return {"name": one, "properties": properties | {"keyUriWithVersion": f"{KID}/{one}"}}

    made = [version(one, {"enabled": True} | (attributes if one == names[-1] else {})) for one in names]
    return made[-1] | {"name": name}, made


class Stage:
    """Everything that a test may set before it looks. `at` is the playbook and its parameters."""

    def __init__(self, directory: Path) -> None:
        self.azure, self.directory = Azure(), directory
        self.source, self.target = Workspace(resource=workspace("old")), Workspace(NEW, workspace("new"))
        self.run = self.held = ""

    def ground(self, name: str = "cmk-migration", *, existing: Iterable[str] = (), **params: Any) -> Ground:
        """The ground of a shipped playbook, as if everything that it makes were still to be made.

        existing: steps that have nothing to write.
        """
        usual: dict[str, dict[str, Any]] = {
            "cmk-migration": {"source": OLD, "target_name": "new", "vault_name": "kv1"},
            "enable-in-place": {"workspace": OLD, "vault_name": "kv1"},
            "contents-only": {"source": OLD, "target": NEW},
        }
        kinds = discover()
        read = playbook.load(name, kinds)
        given = playbook.fill_params(read, usual[name] | params, "a test")
        migration = Migration(read, given, kinds, Sites(self.azure, self.source, self.target))  # type: ignore[arg-type]
        outputs: dict[str, dict[str, Any]] = {}
        ahead = []
        for step in read.steps:
            if migration.skipped(step, outputs):
                continue
            settings = migration.settings(step, outputs)
            ahead += [
                Ahead(step.id, one, settings, step.id not in existing) for one in playbook.step_kinds(step, kinds)
            ]
            if settings.get("existing"):
                outputs[step.id] = {"id": settings["existing"]}
        return Ground(migration, outputs, ahead, {}, [], self.directory, self.run, self.held)

    def there(self, *resources: Mapping[str, Any]) -> Stage:
        """Resources that exist."""
        self.azure.things |= {str(one["id"]).lower(): one for one in resources}
        return self


def denied(code: str = "AuthorizationFailed") -> Denied:
    return Denied("you may not", status=403, code=code)
