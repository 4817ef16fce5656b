"""The keys that workspaces name: found, read once each, and judged. Reads Resource Manager, the directory, and HSMs.

A vault's content is not opened: ARM shows a key's versions, their times and states to a Reader (vaults/keys,
2023-07-01 and later), and its requests are not subject to the vault's firewall. What ARM does not show: soft-deleted
keys (a key that is gone counts as missing), and everything inside a Managed HSM, whose data plane is read (hsms.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from cmkmigrate.audit import health, hsms, roles
from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.model import Cause, Feature, Row, Verdict
from cmkmigrate.errors import CallError, Denied, NotFound, OperatorError

THREADS: Final = 8  # far below 25 reads a second, which ARM refills for each subscription and caller
HSM: Final = ".managedhsm."
PRINCIPALS: Final = {
    Feature.MANAGED_SERVICES: "AzureDatabricks",
    Feature.MANAGED_DISKS: "the disk encryption set",
    Feature.DBFS_ROOT: "the workspace's storage account",
}


class Named(Protocol):
    """What may name a key: a feature of a workspace, a storage account."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def vault_uri(self) -> str: ...
    @property
    def key_name(self) -> str: ...
    @property
    def key_version(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Holder:
    """Who must get, wrap and unwrap with a key: in words, and its object id; why: the reason where it is not known."""

    who: str
    principal: str
    why: str = "ARM does not name it"


@dataclass(slots=True)
class Key:
    """One key of one vault, as far as it could be read. problems: why not."""

    uri: str
    name: str
    vault: Mapping[str, Any] = field(default_factory=dict)
    newest: Mapping[str, Any] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] | None = None
    hsm: hsms.Found | None = None  # what else was found of a key in a Managed HSM
    pinned: set[str] = field(default_factory=set)  # versions that are named
    problems: list[Cause] = field(default_factory=list)
    users: int = 0  # features of workspaces and storage accounts that name it

    @property
    def created(self) -> float:
        """When its first version was made, in Unix seconds; 0.0 where that is not known."""
        return health.oldest(self.versions)


class Keys:
    """The keys of an audit. now: Unix seconds. databricks: object id of AzureDatabricks, "" to ask the directory."""

    def __init__(self, cloud: Any, now: float, horizon_days: float, databricks: str = "") -> None:
        self._cloud, self._now, self._horizon, self._databricks = cloud, now, horizon_days, databricks
        self._found: dict[tuple[str, str], Key] = {}
        self._vaults: dict[str, Mapping[str, Any]] = {}
        self._deleted: dict[str, str] = {}
        self._definitions: dict[str, Mapping[str, Any]] = {}
        self._no_databricks = ""
        self._hsms, self._known = hsms.Hsms(None), set[str]()
        self.unlisted: list[str] = []  # subscriptions whose vaults could not be listed

    def read(self, named: Sequence[Named], subscriptions: Iterable[str], known: Iterable[str] = ()) -> None:
        """Read all keys that are named. subscriptions: where vaults are looked for first. known: object ids that are
        no groups, which the local roles of an HSM do not say."""
        for one in named:
            if one.verdict is Verdict.CMK:
                known = (_host(one.vault_uri), one.key_name.lower())
                key = self._found.setdefault(known, Key(one.vault_uri, one.key_name))
                key.users += 1
                key.pinned.add(one.key_version)
        if not self._found:
            return
        places = list(subscriptions)
        self._hsms = hsms.Hsms(self._cloud.subscription(places[0] if places else ""))
        self._known = {one.lower() for one in known}
        self._find_vaults(places)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._look, self._found.values()))
        rows = [one for one in named if isinstance(one, Row)]
        services = any(row.feature is Feature.MANAGED_SERVICES for row in rows if row.verdict is Verdict.CMK)
        if services and not self._databricks:
            self._ask_directory()

    def all(self) -> list[Key]:
        """Every key, in the order of vault and name."""
        return [key for _, key in sorted(self._found.items())]

    def of(self, one: Named) -> Key:
        """The key of what names one."""
        return self._found[_host(one.vault_uri), one.key_name.lower()]

    def holder(self, row: Row, resource: Mapping[str, Any]) -> Holder:
        """Who uses the key of a feature."""
        who = PRINCIPALS[row.feature]
        if row.feature is Feature.MANAGED_SERVICES:
            return Holder(who, self._databricks, self._no_databricks)
        name = "managedDiskIdentity" if row.feature is Feature.MANAGED_DISKS else "storageAccountIdentity"
        return Holder(who, text(mapping(mapping(resource.get("properties")).get(name)).get("principalId")))

    def causes(self, one: Named, holder: Holder, follows: bool) -> list[Cause]:
        """What is wrong with the key that is named, and what nobody can tell of it; [] where all is well."""
        key = self.of(one)
        found = list(key.problems)
        if key.vault:
            found += health.of_vault(key.vault)
        if key.newest:
            found += health.of_key(key.newest, key.versions, one.key_version, follows, self._now, self._horizon)
        if key.vault if key.hsm is None else not key.hsm.closed:
            found += self._grant(holder, key)
        return found

    # --- vaults

    def _find_vaults(self, subscriptions: list[str]) -> None:
        wanted = {host for host, _ in self._found if HSM not in host}
        looked: set[str] = set()
        self._list(subscriptions, looked)
        if wanted - self._vaults.keys():  # a vault may be in any subscription of the tenant
            try:
                others = [str(one.get("subscriptionId") or "") for one in self._cloud.subscriptions()]
            except CallError:
                others = []
            self._list([one for one in others if one], looked)
        if wanted - self._vaults.keys():
            self._list_deleted(sorted(looked))

    def _list(self, subscriptions: list[str], looked: set[str]) -> None:
        todo = [one for one in dict.fromkeys(subscriptions) if one.lower() not in looked]
        looked.update(one.lower() for one in todo)
        with ThreadPoolExecutor(THREADS) as pool:
            for id, vaults in zip(todo, pool.map(self._vaults_of, todo), strict=True):
                if vaults is None:
                    self.unlisted.append(id)
                for vault in vaults or ():
                    self._vaults[_host(text(mapping(vault.get("properties")).get("vaultUri")))] = vault

    def _vaults_of(self, subscription: str) -> list[dict[str, Any]] | None:
        try:
            found: list[dict[str, Any]] = self._cloud.subscription(subscription).vaults()
        except CallError:
            return None
        return found

    def _list_deleted(self, subscriptions: list[str]) -> None:
        for id in subscriptions:
            try:
                for one in self._cloud.subscription(id).deleted_vaults():
                    when = text(mapping(one.get("properties")).get("scheduledPurgeDate"))[:10]
                    self._deleted[text(one.get("name")).lower()] = when
            except CallError:
                continue

    # --- one key

    def _look(self, key: Key) -> None:
        host = _host(key.uri)
        if HSM in host:
            key.hsm = seen = self._hsms.look(host, key.uri, key.name, key.pinned)
            key.vault, key.newest, key.versions, key.assignments = (
                seen.home, seen.newest, seen.versions, seen.assignments
            )  # fmt: skip
            key.problems += seen.problems
            return
        vault = self._vaults.get(host)
        if vault is None:
            label = host.partition(".")[0]
            if label in self._deleted:
                text = f"the vault {label} is soft-deleted, to be purged on {self._deleted[label] or 'a day not told'}"
                key.problems.append(Cause("vault-deleted", text))
            else:
                among = (
                    f"; of {len(self.unlisted)} subscriptions the vaults could not be listed" if self.unlisted else ""
                )
                key.problems.append(
                    Cause("vault-not-seen", f"the vault {host} is in no subscription that you see{among}")
                )
            return
        key.vault = vault
        id = str(vault.get("id") or "")
        site = self._cloud.subscription(id.split("/")[2])
        try:
            newest = site.vault_key(id, key.name)
            key.versions = site.vault_key_versions(id, key.name) if newest else []
        except CallError as error:
            key.problems.append(Cause("key-unreadable", f"the key {key.name} could not be read: {error}"))
        else:
            if newest:
                key.newest = newest[0]
            else:
                gone = f"the vault does not hold the key {key.name}: soft-deleted or purged (its data plane tells)"
                key.problems.append(Cause("key-missing", gone))
        if health.uses_roles(vault):
            try:
                key.assignments = site.role_assignments(f"{id}/keys/{key.name}")
            except NotFound:
                key.assignments = []
            except CallError:
                key.assignments = None

    # --- grants

    def _grant(self, holder: Holder, key: Key) -> list[Cause]:
        who, principal = holder.who, holder.principal
        if not principal:
            return [Cause("principal-unknown", f"the object id of {who} is not known: {holder.why}")]
        refused = Cause("no-grant", f"{who} ({principal}) may not get, wrap and unwrap with the key")
        if key.hsm is not None:
            return self._local_grant(holder, key, key.hsm, refused)
        if not health.uses_roles(key.vault):
            return [] if health.policy_allows(key.vault, principal) else [refused]
        if key.assignments is None:
            return [Cause("grants-unreadable", "the role assignments of the vault may not be read")]
        try:
            said = roles.allows(key.assignments, principal, self._definition)
        except CallError as error:
            return [Cause("grants-unreadable", f"a role cannot be judged: {error}")]
        if said == "yes":
            return []
        return [refused if said == "no" else Cause("grants-unreadable", f"{who} has no grant of its own; {said}")]

    def _local_grant(self, holder: Holder, key: Key, hsm: hsms.Found, refused: Cause) -> list[Cause]:
        if key.assignments is None:
            return [Cause("hsm", f"the local roles of {_host(key.uri)} could not be read: {hsm.why}")]
        known = self._known | {self._databricks.lower()}
        try:
            said = hsms.allows(
                key.assignments, key.name, holder.principal, known, lambda: self._hsms.definitions(key.uri)
            )
        except CallError as error:
            return [Cause("hsm", f"a local role of {_host(key.uri)} cannot be judged: {error}")]
        if said == "yes":
            return []
        return [
            refused if said == "no" else Cause("grants-unreadable", f"{holder.who} has no grant of its own; {said}")
        ]

    def _ask_directory(self) -> None:
        any_vault = next((text(one.get("id")) for one in self._vaults.values()), "")
        try:
            site = self._cloud.subscription(any_vault.split("/")[2] if any_vault else "")
            self._databricks = str(site.azure_databricks_object_id())
        except Denied:
            self._no_databricks = "the directory may not be read; --databricks-object-id gives it"
        except (CallError, OperatorError) as error:
            self._no_databricks = str(error)

    def _definition(self, role: str) -> Mapping[str, Any]:
        if role not in self._definitions:
            subscription = role.split("/")[2] if role.lower().startswith("/subscriptions/") else ""
            self._definitions[role] = self._cloud.subscription(subscription).role_definition(role)
        return self._definitions[role]


def _host(uri: str) -> str:
    return (urlsplit(uri).hostname or uri).lower()
