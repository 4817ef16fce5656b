"""The storage accounts that workspaces keep their data in, as far as they can be seen; each has a key of its own.

Seen in Resource Manager: access connectors, whose identities hold roles on accounts; nobody need sign in to a workspace
for that. Seen in Unity Catalog, where that was asked for: audit/catalogs.py. The account of the DBFS root is a feature
of its workspace and stands there.

Contracts: Microsoft.Storage/storageAccounts 2023-05-01 (`encryption`: keySource Microsoft.Storage or
Microsoft.Keyvault, keyvaultproperties, identity; without a version the account follows the key by itself: the vendor's
page on customer-managed keys of Azure Storage); Microsoft.Databricks/accessConnectors 2024-05-01.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cmkmigrate.audit import roles
from cmkmigrate.audit.encryption import VAULT_SOURCE, lower, mapping, text
from cmkmigrate.audit.keys import THREADS, Holder
from cmkmigrate.audit.model import Cause, Verdict
from cmkmigrate.errors import CallError

ACCOUNTS: Final = ("Microsoft.Storage/storageAccounts", "2023-05-01")
CONNECTORS: Final = ("Microsoft.Databricks/accessConnectors", "2024-05-01")
ASSIGNMENTS: Final = ("Microsoft.Authorization/roleAssignments", "2022-04-01")
PLATFORM: Final = "microsoft.storage"


@dataclass(frozen=True, slots=True)
class Use:
    """How an account is known to hold data of Databricks. how: access-connector, external-location, metastore or
    catalog. name: of that connector (ARM id), location, metastore or catalog. workspace: its ARM id, "" where the
    connector belongs to none that names it. may: "write" or "read" for what a connector's role lets it do, else ""."""

    how: str
    name: str
    workspace: str = ""
    may: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One storage account. id: "" where it is in no subscription that could be listed. key fields: as in a Row."""

    subscription: str
    id: str
    name: str
    location: str
    verdict: Verdict
    vault_uri: str = ""
    key_name: str = ""
    key_version: str = ""
    causes: tuple[Cause, ...] = ()
    reason: str = ""
    uses: tuple[Use, ...] = ()


@dataclass(slots=True)
class Storage:
    """What ARM shows: accounts by name (small letters), and who may do what with them. gaps: what was not read."""

    accounts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    uses: dict[str, list[Use]] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)

    def use(self, name: str, one: Use) -> None:
        """Note that an account is used."""
        mine = self.uses.setdefault(name.lower(), [])
        if one not in mine:
            mine.append(one)

    def used(self) -> list[Account]:
        """The accounts that are used, by name; one with a key set counts as `cmk` until the key is judged."""
        found = []
        for name, uses in sorted(self.uses.items()):
            resource = self.accounts.get(name)
            if resource is None:
                why = f"the storage account {name} is in no subscription that could be listed"
                unseen = (Cause("account-not-seen", why),)
                found.append(Account("", "", name, "", Verdict.UNKNOWN, causes=unseen, reason=why, uses=tuple(uses)))
            else:
                found.append(replace(judge(resource), uses=tuple(uses)))
        return found

    def root_disagrees(self, resource: Mapping[str, Any], uri: str, key: str) -> str:
        """Why the account of a workspace's DBFS root contradicts the key that the workspace names; "" where it agrees,
        or was not seen."""
        properties = mapping(resource.get("properties"))
        name = text(mapping(mapping(properties.get("parameters")).get("storageAccountName")).get("value"))
        account = self.accounts.get(name.lower()) if name else None
        group = text(properties.get("managedResourceGroupId")).rstrip("/").lower()
        if account is None or not text(account.get("id")).lower().startswith(f"{group}/"):
            return ""
        found = judge(account)
        if found.verdict is Verdict.UNKNOWN:
            return ""
        if found.verdict is Verdict.PLATFORM_KEY:
            return f"the workspace names a key, its storage account {name} is under a key of Microsoft"
        same = (_place(uri), key.lower()) == (_place(found.vault_uri), found.key_name.lower())
        return "" if same else f"its storage account {name} is under another key: {found.vault_uri}{found.key_name}"


def look(cloud: Any, subscriptions: Iterable[str], workspaces: Iterable[Mapping[str, Any]]) -> Storage:
    """Read what ARM shows of these subscriptions: two listings for each, and one of role assignments where there is a
    connector. What cannot be read is in `gaps`; raises nothing of a CallError."""
    found, ids = Storage(), list(dict.fromkeys(subscriptions))
    with ThreadPoolExecutor(THREADS) as pool:
        accounts = list(pool.map(lambda id: _listed(cloud, id, *ACCOUNTS), ids))
        connectors = list(pool.map(lambda id: _listed(cloud, id, *CONNECTORS), ids))
        for listed, what in ((accounts, "storage accounts"), (connectors, "access connectors")):
            found.gaps += [f"the {what} of subscription {id} could not be listed: {why}"
                           for id, (_, why) in zip(ids, listed, strict=True) if why]  # fmt: skip
        for resources, _ in accounts:
            found.accounts |= {text(one.get("name")).lower(): one for one in resources}
        holders = _holders([one for resources, _ in connectors for one in resources], workspaces)
        wanted = [id for id, (resources, _) in zip(ids, accounts, strict=True) if resources and holders]
        definition = _definitions(cloud)
        for id, (assigned, why) in zip(
            wanted, pool.map(lambda id: _listed(cloud, id, *ASSIGNMENTS), wanted), strict=True
        ):
            if why:
                found.gaps.append(f"the role assignments of subscription {id} could not be listed: {why}")
            _note(found, assigned, holders, definition)
    return found


def _note(
    found: Storage,
    assigned: Iterable[Mapping[str, Any]],
    holders: Mapping[str, list[Use]],
    definition: roles.Definition,
) -> None:
    """What the roles of connectors say of accounts."""
    for one in assigned:
        properties = mapping(one.get("properties"))
        connectors = holders.get(text(properties.get("principalId")).lower())
        if not connectors:
            continue
        try:
            may = roles.on_blobs(text(properties.get("roleDefinitionId")), definition)
        except CallError as error:
            found.gaps.append(f"a role of {connectors[0].name} could not be read: {error}")
            continue
        scope = text(properties.get("scope")).rstrip("/").lower() + "/"
        for name, account in found.accounts.items() if may else ():
            id = text(account.get("id")).lower() + "/"
            if id.startswith(scope) or scope.startswith(id):  # on a container of it, too
                for use in connectors:
                    found.use(name, replace(use, may=may))


def _holders(connectors: Iterable[Mapping[str, Any]], workspaces: Iterable[Mapping[str, Any]]) -> dict[str, list[Use]]:
    """The object ids of connectors' identities, with the workspaces that name a connector or hold it."""
    named: dict[str, list[str]] = {}
    managed: dict[str, str] = {}
    for one in workspaces:
        properties, id = mapping(one.get("properties")), text(one.get("id"))
        named.setdefault(text(mapping(properties.get("accessConnector")).get("id")).lower(), []).append(id)
        managed[text(properties.get("managedResourceGroupId")).rstrip("/").lower()] = id
    found: dict[str, list[Use]] = {}
    for one in connectors:
        id, identity = text(one.get("id")), mapping(one.get("identity"))
        own = managed.get(id.lower().partition("/providers/")[0])
        users = named.get(id.lower()) or ([own] if own else [""])
        several = mapping(identity.get("userAssignedIdentities")).values()
        for principal in (identity.get("principalId"), *(mapping(one).get("principalId") for one in several)):
            if text(principal):
                found.setdefault(text(principal).lower(), []).extend(
                    Use("access-connector", id, user) for user in users
                )
    return found


def judge(resource: Mapping[str, Any]) -> Account:
    """The verdict on an account, from ARM's JSON of it; a key that is set counts as `cmk`. Never raises."""
    id = text(resource.get("id"))
    parts = id.split("/")
    made = Account(parts[2] if len(parts) > 2 else "", id, text(resource.get("name")), text(resource.get("location")),
                   Verdict.UNKNOWN)  # fmt: skip
    encryption = lower(mapping(resource.get("properties")).get("encryption"))
    source = text(encryption.get("keysource")).lower()
    key = lower(encryption.get("keyvaultproperties"))
    if source == PLATFORM:
        cause = Cause("no-key", "the storage account is under a key of Microsoft")
        return replace(made, verdict=Verdict.PLATFORM_KEY, causes=(cause,), reason=cause.text)
    uri, name, version = (text(key.get(one)) for one in ("keyvaulturi", "keyname", "keyversion"))
    if source == VAULT_SOURCE and uri and name:
        return replace(made, verdict=Verdict.CMK, vault_uri=uri, key_name=name, key_version=version)
    cause = Cause("form", f"the key source of the storage account is {encryption.get('keysource')!r}, or names no key")
    return replace(made, causes=(cause,), reason=cause.text)


def holder(resource: Mapping[str, Any]) -> Holder:
    """Which identity of an account uses its key: the one that `encryption` names, else its own."""
    identity = mapping(resource.get("identity"))
    encryption = lower(mapping(resource.get("properties")).get("encryption"))
    named = text(lower(encryption.get("identity")).get("userassignedidentity")).lower()
    principal = identity.get("principalId")
    if named:
        several = lower(identity.get("userAssignedIdentities"))
        principal = mapping(several.get(named)).get("principalId")
    return Holder(f"the storage account {text(resource.get('name'))}", text(principal))


def _listed(cloud: Any, subscription: str, kind: str, version: str) -> tuple[list[dict[str, Any]], str]:
    """The resources of a kind, and why they could not be listed."""
    try:
        found = cloud.subscription(subscription).listing(f"/subscriptions/{subscription}/providers/{kind}", version)
    except CallError as error:
        return [], str(error)
    return list(found), ""


def _definitions(cloud: Any) -> Callable[[str], Mapping[str, Any]]:
    known: dict[str, Mapping[str, Any]] = {}

    def definition(role: str) -> Mapping[str, Any]:
        if role not in known:
            at = role.split("/")[2] if role.lower().startswith("/subscriptions/") else ""
            known[role] = cloud.subscription(at).role_definition(role)
        return known[role]

    return definition


def _place(uri: str) -> str:
    return uri.rstrip("/").lower()
