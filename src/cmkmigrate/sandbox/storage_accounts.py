"""Microsoft.Storage/storageAccounts and Microsoft.Databricks/accessConnectors, as far as one reads them.

Contract: storage accounts 2023-05-01 (the REST reference: `encryption` with keySource, keyvaultproperties and identity,
whose fields are in small letters); access connectors 2024-05-01 (specification and recorded traffic). An account of a
DBFS root is derived from its workspace, in the managed group, which its deny assignment lets one read. Accounts and
connectors of an estate come from its `arm.json`.

Assumption: that the root's account shows the workspace's key as any account shows its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cmkmigrate.sandbox.arm import RESOURCE, not_found, page
from cmkmigrate.sandbox.arm_encryption import is_customer_key
from cmkmigrate.sandbox.cloud import Body, Cloud, guid, iso, resource_id
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

ACCOUNTS: Final = "Microsoft.Storage/storageAccounts"
CONNECTORS: Final = "Microsoft.Databricks/accessConnectors"
PLATFORM: Final[Body] = {"keySource": "Microsoft.Storage"}


def load(cloud: Cloud, extra: Body, location: str, subscription: Callable[[Body], str],
         grant: Callable[[str, str, str], None]) -> None:  # fmt: skip
    """The accounts and connectors of an `arm.json`. `identity` is SystemAssigned or UserAssigned, `grants` are the
    roles of that identity. subscription, grant: as the loader has them."""
    for kind, key in ((ACCOUNTS, "storage_accounts"), (CONNECTORS, "access_connectors")):
        for one in extra.get(key) or ():
            group, at = one.get("resource_group", "rg-data"), subscription(one)
            cloud.group(group, location, subscription=at)
            id = one.get("id") or resource_id(at, group, kind, one["name"])
            found = _connector(cloud, id, one) if kind == CONNECTORS else _account(cloud, id, one)
            cloud.data_resources[id.lower()] = {**found, "location": one.get("location", location)}
            for given in one.get("grants") or ():
                grant(given["scope"], given["role"], cloud.identity(kind, id))


def _identity(cloud: Cloud, kind: str, id: str, sort: str) -> Body:
    principal = cloud.identity(kind, id)
    if sort == "UserAssigned":
        group = id.rpartition("/providers/")[0]
        name = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{id.rpartition('/')[2]}"
        one = {"principalId": principal, "clientId": guid("client", id)}
        return {"type": sort, "userAssignedIdentities": {name: one}}
    return {"type": sort, "principalId": principal, "tenantId": cloud.tenant_id}


def _connector(cloud: Cloud, id: str, one: Body) -> Body:
    identity = _identity(cloud, CONNECTORS, id, str(one.get("identity") or "SystemAssigned"))
    return {"id": id, "name": one["name"], "type": CONNECTORS, "identity": identity,
            "properties": {"provisioningState": "Succeeded"}}  # fmt: skip


def _account(cloud: Cloud, id: str, one: Body) -> Body:
    encryption, identity = dict(one.get("encryption") or PLATFORM), {}
    if one.get("identity"):
        identity = {"identity": _identity(cloud, ACCOUNTS, id, str(one["identity"]))}
        if one["identity"] == "UserAssigned":
            (name,) = identity["identity"]["userAssignedIdentities"]
            encryption["identity"] = {"userAssignedIdentity": name}
    return {**_bare(id, one["name"], encryption, cloud.clock.now()), **identity}


def _bare(id: str, name: str, encryption: Body, created: float) -> Body:
    services = {one: {"keyType": "Account", "enabled": True} for one in ("file", "blob")}
    return {
        "sku": {"name": "Standard_GRS", "tier": "Standard"},
        "kind": "StorageV2",
        "id": id,
        "name": name,
        "type": ACCOUNTS,
        "tags": {},
        "properties": {
            "isHnsEnabled": True,
            "provisioningState": "Succeeded",
            "creationTime": iso(created),
            "encryption": {**encryption, "services": services},
        },
    }


def _all(cloud: Cloud, kind: str) -> dict[str, Body]:
    """By lower-case id. What an estate says of an account stands above what is derived."""
    found: dict[str, Body] = {}
    for one in cloud.workspaces.values() if kind == ACCOUNTS else ():
        name = one.parameters.get("storageAccountName")
        if not one.settled or one.compute_mode == "Serverless" or not name:
            continue
        key, encryption = one.parameters.get("encryption") or {}, dict(PLATFORM)
        if is_customer_key(key.get("keySource")):
            lower = {name.lower(): value for name, value in key.items()}
            fields = ("keyname", "keyversion", "keyvaulturi")
            encryption = {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {at: lower.get(at) for at in fields}}
        id = f"{one.managed_group.rstrip('/')}/providers/{ACCOUNTS}/{name}"
        found[id.lower()] = {**_bare(id, name, encryption, one.created), "location": one.location}
    return found | {id: one for id, one in cloud.data_resources.items() if one["type"] == kind}


def _listed(cloud: Cloud, request: Request, kind: str) -> Response:
    inside = f"/subscriptions/{request.params['subscription']}/".lower()
    return page(cloud, request, [one for id, one in _all(cloud, kind).items() if id.startswith(inside)])


def _one(cloud: Cloud, request: Request, kind: str) -> Response:
    at = request.params
    found: Any = _all(cloud, kind).get(resource_id(at["subscription"], at["group"], kind, at["name"]).lower())
    return json_response(found) if found else not_found(kind, at["name"], at["group"])


@route("GET", "/subscriptions/{subscription}/providers/Microsoft.Storage/storageAccounts")
def list_accounts(cloud: Cloud, request: Request) -> Response:
    return _listed(cloud, request, ACCOUNTS)


@route("GET", RESOURCE + "Microsoft.Storage/storageAccounts/{name}")
def get_account(cloud: Cloud, request: Request) -> Response:
    return _one(cloud, request, ACCOUNTS)


@route("GET", "/subscriptions/{subscription}/providers/Microsoft.Databricks/accessConnectors")
def list_connectors(cloud: Cloud, request: Request) -> Response:
    return _listed(cloud, request, CONNECTORS)


@route("GET", RESOURCE + "Microsoft.Databricks/accessConnectors/{name}")
def get_connector(cloud: Cloud, request: Request) -> Response:
    return _one(cloud, request, CONNECTORS)
