"""A subscription as raw JSON: workspaces, vaults, grants, through the azure-mgmt clients.

Bodies go in and come out as the service's JSON (the SDK's models drop what they do not know). Reads are sent again when
their answer is lost; a write is ONE request. Ids are ARM ids, of this subscription or of another of the same tenant.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cmkmigrate.clients.again import read_again, retry_after, seconds
from cmkmigrate.clients.arm_bodies import each_once, json_bytes, listed, object_of
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.azure_core import called, error_of, management_options
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.graph import azure_databricks_object_id
from cmkmigrate.clients.imports import load
from cmkmigrate.clients.key_homes import KeyHomes
from cmkmigrate.clients.login import Login
from cmkmigrate.clients.managed_hsm import ManagedHsm
from cmkmigrate.clients.vault import Vault
from cmkmigrate.errors import Denied, NotFound, Refused, Unknown

_SUBSCRIPTIONS: Final = "2022-12-01"  # api-version of Microsoft.Resources/subscriptions
_GROUPS: Final = "2021-04-01"  # of Microsoft.Resources/resourceGroups
_ROLES: Final = "2022-04-01"  # of Microsoft.Authorization/roleDefinitions
_ACTIVITY: Final = "2015-04-01"  # of the Activity Log (Microsoft.Insights/eventtypes)


@dataclass(frozen=True, slots=True)
class Put:
    """What a PUT of a workspace answered: the body, and the URL of the operation that goes on ("" for none)."""

    body: dict[str, Any]
    operation_url: str


class Subscription(KeyHomes):
    """One subscription. Safe to use from many threads; clients are built when they are first needed."""

    def __init__(self, id: str, login: Login, endpoints: Endpoints) -> None:
        self.id = id
        self.endpoints = endpoints
        self.timeout_s, self.poll_s = endpoints.timeout_s, endpoints.poll_s
        self.operation_s, self.grant_s = endpoints.operation_s, endpoints.grant_s
        self._login = login
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._vaults: dict[str, Vault] = {}
        self._known: dict[str, str] = {}
        self._homes: dict[str, dict[str, Any]] = {}

    # --- who and where

    @property
    def tenant_id(self) -> str:
        """The tenant that the subscription trusts."""
        return self._once("tenant", self._tenant)

    def operator_object_id(self) -> str:
        """The object id of whoever is signed in, as the token says. Raises Denied where it does not."""
        oid = str(self._login.claims(self.endpoints.arm_scope).get("oid") or "")
        if not oid:
            raise Denied("the token does not name its owner: give the object id instead of operator")
        return oid

    def operator_type(self) -> str:
        """ "ServicePrincipal" or "User": what is signed in, as the token says."""
        claims = self._login.claims(self.endpoints.arm_scope)
        # Assumption: a token without idtyp is an application's when it names no user.
        app = claims.get("idtyp") == "app" or not (claims.get("upn") or claims.get("unique_name") or claims.get("scp"))
        return "ServicePrincipal" if app else "User"

    def azure_databricks_object_id(self) -> str:
        """The object id of the AzureDatabricks principal in this tenant. Raises Denied, NotFound (clients/graph.py)."""
        return self._once("databricks", lambda: azure_databricks_object_id(self._login, self.endpoints))

    # --- workspaces

    def workspace(self, arm_id: str) -> dict[str, Any]:
        """GET. Raises NotFound, Denied."""
        at = ResourceId.parse(arm_id)
        return self._get(lambda cls: self._databricks(at).workspaces.get(at.group, at.name, cls=cls))

    def workspaces(self) -> list[dict[str, Any]]:
        """Every workspace of the subscription."""
        return self._list(lambda hook: self._databricks().workspaces.list_by_subscription(raw_response_hook=hook))

    def put_workspace(self, arm_id: str, body: Mapping[str, Any]) -> Put:
        """PUT of the whole workspace, which starts a long-running operation. An address of it that is not of this cloud
        is left out, as the PUT was accepted all the same: the workspace itself says when it has ended."""
        at = ResourceId.parse(arm_id)
        answer = called(
            lambda: (
                self._databricks(at)
                .workspaces.begin_create_or_update(
                    at.group, at.name, json_bytes(body), polling=False, cls=lambda raw, *_: raw
                )
                .result()
            )
        )
        headers = answer.http_response.headers
        url = headers.get("Azure-AsyncOperation") or headers.get("Location") or ""
        return Put(object_of(answer), url if self.endpoints.allowed(url) else "")

    def poll(self, operation_url: str) -> dict[str, Any]:
        """The status of a long-running operation: {"status": "Succeeded" | "Failed" | "Canceled" | another, which means
        that it goes on; "error": {"code", "message"}; "retry_after": seconds}. Raises NotFound when it is forgotten,
        and Refused for a host that is not of this cloud."""
        self.endpoints.check(operation_url)

        def look() -> dict[str, Any]:
            request = load("azure.core.rest").HttpRequest("GET", operation_url)
            answer = called(lambda: self._databricks().send_request(request))
            if answer.status_code >= 300:
                raise error_of(answer.status_code, answer.headers, answer.content)
            if answer.status_code == 204:
                return {"status": "Succeeded"}
            try:
                body = answer.json()
            except ValueError:
                body = None
            if not isinstance(body, dict):
                raise Unknown("the status of the operation cannot be read", status=answer.status_code)
            wait = seconds(answer.headers.get("retry-after-ms"), 1000) or retry_after(answer.headers)
            return {"status": "Succeeded" if answer.status_code == 200 else "Accepted", **body, "retry_after": wait}

        return read_again(look)

    # --- vaults

    def vault(self, arm_id: str) -> dict[str, Any]:
        """GET. Raises NotFound, Denied."""
        at = ResourceId.parse(arm_id)
        return self._get(lambda cls: self._keyvault(at).vaults.get(at.group, at.name, cls=cls))

    def vaults(self) -> list[dict[str, Any]]:
        """Every vault of the subscription."""
        return self._list(lambda hook: self._keyvault().vaults.list_by_subscription(raw_response_hook=hook))

    def vault_key(self, arm_id: str, name: str) -> list[dict[str, Any]]:
        """The key of a vault as Resource Manager shows it, without a right on the vault's content; [] for none."""
        at = ResourceId.parse(arm_id)
        try:
            return [self._get(lambda cls: self._keyvault(at).keys.get(at.group, at.name, name, cls=cls))]
        except NotFound:
            return []

    def vault_key_versions(self, arm_id: str, name: str) -> list[dict[str, Any]]:
        """The versions of a vault's key as Resource Manager shows them, in no particular order. Raises NotFound."""
        at = ResourceId.parse(arm_id)
        return self._list(
            lambda hook: self._keyvault(at).keys.list_versions(at.group, at.name, name, raw_response_hook=hook)
        )

    def vault_key_version(self, arm_id: str, name: str, version: str) -> list[dict[str, Any]]:
        """One version of a vault's key as Resource Manager shows it; [] for none."""
        at = ResourceId.parse(arm_id)
        try:
            return [
                self._get(lambda cls: self._keyvault(at).keys.get_version(at.group, at.name, name, version, cls=cls))
            ]
        except NotFound:
            return []

    def put_vault_key(self, arm_id: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """ONE PUT of a key through Resource Manager, which a vault's firewall does not stop. It makes a key that is not
        there; one that is there stays as it is, and no further version is made."""
        at = ResourceId.parse(arm_id)
        return object_of(
            called(
                lambda: self._keyvault(at).keys.create_if_not_exist(
                    at.group, at.name, name, json_bytes(body), cls=lambda raw, *_: raw
                )
            )
        )

    def deleted_vaults(self) -> list[dict[str, Any]]:
        """The soft-deleted vaults of the subscription; their names are taken until they are purged."""
        return self._list(lambda hook: self._keyvault().vaults.list_deleted(raw_response_hook=hook))

    def vault_name_taken(self, name: str) -> str:
        """Why a vault cannot have this name (the service's words), "" when it can. Reads, though it is a POST."""
        asked = {"name": name, "type": "Microsoft.KeyVault/vaults"}
        said = self._get(lambda cls: self._keyvault().vaults.check_name_availability(json_bytes(asked), cls=cls))
        return "" if said.get("nameAvailable") else str(said.get("message") or said.get("reason") or "it is taken")

    def put_vault(self, arm_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PUT of a vault; the service answers with the vault, which may still be RegisteringDns."""
        at = ResourceId.parse(arm_id)
        return object_of(
            called(
                lambda: (
                    self._keyvault(at)
                    .vaults.begin_create_or_update(
                        at.group, at.name, json_bytes(body), polling=False, cls=lambda raw, *_: raw
                    )
                    .result()
                )
            )
        )

    def patch_vault(self, arm_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PATCH of a vault: what is not named stays as it is."""
        at = ResourceId.parse(arm_id)
        return object_of(
            called(
                lambda: self._keyvault(at).vaults.update(at.group, at.name, json_bytes(body), cls=lambda raw, *_: raw)
            )
        )

    def add_access_policies(self, vault_id: str, policies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Add to the access policies of a vault; the others stay."""
        at = ResourceId.parse(vault_id)
        body = {"properties": {"accessPolicies": list(policies)}}
        return object_of(
            called(
                lambda: self._keyvault(at).vaults.update_access_policy(
                    at.group, at.name, "add", json_bytes(body), cls=lambda raw, *_: raw
                )
            )
        )

    def keys(self, vault_uri: str) -> Vault:
        """The data plane of a vault, or of a managed HSM (then a ManagedHsm)."""
        of = ManagedHsm if self.endpoints.is_hsm(vault_uri) else Vault
        with self._lock:
            return self._vaults.setdefault(vault_uri, of(vault_uri, self._login, self.endpoints))

    def hsm(self, hsm_uri: str) -> ManagedHsm:
        """The data plane of a managed HSM. Raises Refused for a URL that is none of this cloud's."""
        found = self.keys(hsm_uri)
        if not isinstance(found, ManagedHsm):
            raise Refused(f"{hsm_uri!r} is not a managed HSM of this cloud", code="ForeignHost")
        return found

    # --- grants

    def role_assignments(self, scope: str, assigned_to: str = "") -> list[dict[str, Any]]:
        """The role assignments that count at `scope`: its own and those above it. assigned_to: only those of this
        principal (object id), by way of its groups too."""
        # The SDK puts the filter into the URL as it is, so that its spaces are written for a URL here.
        filter = f"atScope()%20and%20assignedTo('{assigned_to}')" if assigned_to else "atScope()"
        return self._list(
            lambda hook: self._authorization().role_assignments.list_for_scope(
                scope.lstrip("/"), filter=filter, raw_response_hook=hook
            )
        )

    def role_definition(self, id: str) -> dict[str, Any]:
        """The definition of a role by its ARM id. Raises NotFound, Denied."""
        return self.read(f"/{id.lstrip('/')}", _ROLES)

    def put_role_assignment(self, scope: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """PUT of a role assignment (`name` is a GUID). Raises AlreadyExists when an equal one has another name."""
        return object_of(
            called(
                lambda: self._authorization().role_assignments.create(
                    scope.lstrip("/"), name, json_bytes(body), cls=lambda raw, *_: raw
                )
            )
        )

    # --- how

    def subscriptions(self) -> list[dict[str, Any]]:
        """Every subscription that the caller sees."""
        return self.listing("/subscriptions", _SUBSCRIPTIONS)

    def resource_groups(self) -> list[dict[str, Any]]:
        """Every resource group of the subscription; `managedBy` names the resource that a managed one belongs to."""
        return self.listing(f"/subscriptions/{self.id}/resourcegroups", _GROUPS)

    def activity(self, provider: str, since: str, until: str) -> list[dict[str, Any]]:
        """The Activity Log of the subscription for one provider (Microsoft.Databricks) between two times (ISO 8601).
        Its filter takes a few forms alone, and this one has both times (REST reference of activity logs)."""
        path = f"/subscriptions/{self.id}/providers/Microsoft.Insights/eventtypes/management/values"
        times = f"eventTimestamp ge '{since}' and eventTimestamp le '{until}'"
        return self.listing(path, _ACTIVITY, f"{times} and resourceProvider eq '{provider}'")

    def _tenant(self) -> str:
        try:
            tenant = str(self.read(f"/subscriptions/{self.id}", _SUBSCRIPTIONS).get("tenantId") or "")
        except (NotFound, Denied):  # rights on a resource alone do not let its subscription be read
            tenant = ""
        tenant = tenant or str(self._login.claims(self.endpoints.arm_scope).get("tid") or "")
        if not tenant:
            raise Denied(f"the tenant of subscription {self.id} is not known: the subscription cannot be read")
        return tenant

    def _once(self, what: str, find: Callable[[], str]) -> str:
        with self._lock:
            if what not in self._known:
                self._known[what] = find()
            return self._known[what]

    def _get(self, call: Callable[[Callable[..., Any]], Any]) -> dict[str, Any]:
        return read_again(lambda: object_of(called(lambda: call(lambda raw, *_: raw))))

    def _list(self, call: Callable[[Callable[[Any], None]], Any]) -> list[dict[str, Any]]:
        def walk() -> list[dict[str, Any]]:
            bodies: list[dict[str, Any]] = []
            links: set[str] = set()

            def page(answer: Any) -> None:
                if answer.http_response.status_code != 200:
                    return  # the SDK raises it
                body = listed(object_of(answer))
                bodies.append(body)
                link = str(body.get("nextLink") or "")
                if link in links:
                    raise Unknown("the pages of a listing go in a circle")
                if link:
                    links.add(link)

            called(lambda: [None for _ in call(page)])
            return each_once([item for body in bodies for item in body["value"]])

        return read_again(walk)

    def _databricks(self, at: ResourceId | None = None) -> Any:
        return self._client("databricks", load("azure.mgmt.databricks").AzureDatabricksManagementClient, at)

    def _keyvault(self, at: ResourceId | None = None) -> Any:
        return self._client("keyvault", load("azure.mgmt.keyvault").KeyVaultManagementClient, at)

    def _authorization(self) -> Any:
        made = load("azure.mgmt.authorization.v2022_04_01").AuthorizationManagementClient
        return self._client("authorization", made, None)

    def _client(self, what: str, make: Any, at: ResourceId | None) -> Any:
        subscription = at.subscription if at else self.id
        with self._lock:
            client = self._clients.get((what, subscription))
            if client is None:
                client = make(self._login, subscription, **management_options(self._login, self.endpoints))
                self._clients[what, subscription] = client
            return client
