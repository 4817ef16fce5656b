"""The keys of Managed HSMs, and who may use them: what Resource Manager does not show, read on their data plane.

Resource Manager shows the HSM itself (state, activation, purge protection, network rules); its keys and local roles are
on its data plane alone, and a local role such as Managed HSM Crypto Auditor lets them be read. Nothing is written.

Contracts: managedHSMs 2023-07-01, keys.json and rbac.json 7.5 of the vendor's specification; the pages on local RBAC
built-in roles and on role management of Managed HSM (scopes `/`, `/keys`, `/keys/NAME`).
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.model import Cause
from cmkmigrate.audit.roles import covers
from cmkmigrate.clients.managed_hsm import OTHER_ROLES, WRAPPING_ROLES
from cmkmigrate.errors import CallError, NotFound, Unknown

NEEDED: Final = frozenset(f"Microsoft.KeyVault/managedHsm/keys/{one}/action" for one in ("read", "wrap", "unwrap"))
Definitions = Callable[[], Mapping[str, Mapping[str, Any]]]

ATTEMPTS: Final = 3  # of a read that is not answered: most HSMs let in few networks


@dataclass(slots=True)
class Found:
    """One key, in the form in which Resource Manager shows those of vaults. home: the HSM, {} where it is not seen.
    assignments: the local roles that count for it, None where they may not be read; why: the reason. closed: its data
    plane was not asked, as nothing can be there."""

    home: Mapping[str, Any] = field(default_factory=dict)
    newest: Mapping[str, Any] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] | None = None
    why: str = ""
    closed: bool = False
    problems: list[Cause] = field(default_factory=list)


class Hsms:
    """The HSMs of an audit. site: a Subscription, for what is found by URL. Safe to use from many threads."""

    def __init__(self, site: Any) -> None:
        self._site, self._lock = site, threading.Lock()
        self._homes: dict[str, Mapping[str, Any] | Cause] = {}
        self._roles: dict[str, Mapping[str, Mapping[str, Any]]] = {}

    def look(self, host: str, uri: str, name: str, pinned: Iterable[str]) -> Found:
        """The key `name` of the HSM at `uri`, and each version of it that is pinned. Raises nothing."""
        home, found = self._home(host, uri), Found()
        if isinstance(home, Cause):
            found.problems.append(home)
        else:
            found.home = home
            found.problems += state_of(home)
        if any(one.code == "hsm-inactive" for one in found.problems):
            found.closed = True
            return found
        try:
            vault = self._site.hsm(uri)
            vault.attempts = ATTEMPTS
        except CallError as error:
            found.problems.append(Cause("hsm", f"{host} could not be asked: {error}"))
            found.closed = True
            return found
        try:
            bundle = vault.key(name)
            found.newest = shown(bundle)
            wanted = {one.lower() for one in pinned if one}
            found.versions = [self._version(vault, name, one, bundle, wanted) for one in vault.versions(name)]
        except NotFound:
            gone = f"the managed HSM does not hold the key {name}: soft-deleted or purged"
            found.problems.append(Cause("key-missing", gone))
        except CallError as error:
            found.newest, found.versions = {}, []
            found.problems.append(Cause("hsm", f"the key {name} of {host} could not be read: {error}"))
            if isinstance(error, Unknown):  # nobody answers, so that nobody is asked for more
                found.closed = True
                return found
        try:
            found.assignments = vault.role_assignments(name)
        except CallError as error:
            found.why = str(error)
        return found

    def definitions(self, uri: str) -> Mapping[str, Mapping[str, Any]]:
        """The roles of an HSM by id, read once. Raises CallError."""
        with self._lock:
            if uri not in self._roles:
                told = self._site.hsm(uri).role_definitions()
                self._roles[uri] = {text(one.get("name")).lower(): one for one in told}
            return self._roles[uri]

    def _home(self, host: str, uri: str) -> Mapping[str, Any] | Cause:
        with self._lock:  # one search, as it may go through every subscription
            if host not in self._homes:
                try:
                    self._homes[host] = self._site.home_of(uri)
                except CallError as error:
                    self._homes[host] = Cause("vault-not-seen", f"the managed HSM {host} is not seen: {error}")
            return self._homes[host]

    @staticmethod
    def _version(
        vault: Any, name: str, listed: Mapping[str, Any], newest: Mapping[str, Any], wanted: Set[str]
    ) -> dict[str, Any]:
        """A listing tells of times and state alone, so that a version in use is read as well."""
        id = _last(listed.get("kid"))
        if id.lower() in wanted:
            same = id.lower() == _last(mapping(newest.get("key")).get("kid")).lower()
            return shown(newest if same else vault.key(name, id))
        return shown({"key": {"kid": listed.get("kid")}, "attributes": listed.get("attributes")})


def shown(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """A KeyBundle of the data plane in the form of Microsoft.KeyVault/vaults/keys. A size is that of its modulus."""
    key = mapping(bundle.get("key"))
    kid, modulus = text(key.get("kid")), text(key.get("n"))
    properties: dict[str, Any] = {"keyUriWithVersion": kid, "attributes": mapping(bundle.get("attributes"))}
    properties |= {"kty": key["kty"]} if key.get("kty") else {}
    properties |= {"keyOps": key["key_ops"]} if key.get("key_ops") is not None else {}
    if modulus:
        properties["keySize"] = len(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))) * 8
    return {"name": _last(kid), "properties": properties}


def state_of(home: Mapping[str, Any]) -> list[Cause]:
    """Whether an HSM lacks its security domain, or is not there yet or any more; nothing where it is at work.

    ManagedHsmProperties: the status of its domain is not in all answers; then its state tells (Assumption: one that is
    `Succeeded` is active then; its data plane would refuse otherwise)."""
    told = mapping(home.get("properties"))
    status = text(mapping(told.get("securityDomainProperties")).get("activationStatus"))
    state = text(told.get("provisioningState"))
    said = f"its security domain is {status or 'not told of'}, its state {state or 'not told'}"
    name = text(home.get("name"))
    if status in ("NotActivated", "Failed") or state == "Deleting" or (not status and state in _NOT_YET):
        return [Cause("hsm-inactive", f"the managed HSM {name} is not at work: {said}")]
    if status == "Active" or (not status and state in ("Succeeded", "Activated", "Updating", "")):
        return []
    return [Cause("hsm", f"whether the managed HSM {name} is at work is not told: {said}")]


def allows(
    assignments: Iterable[Mapping[str, Any]], key: str, principal: str, known: Set[str], definitions: Definitions
) -> str:
    """ "yes", "no", or why nobody can tell. known: object ids (small letters) that are no groups.

    A local role assignment does not say what its principal is, so that one of a principal that is not known may be one
    of a group which holds `principal`. definitions: the roles of the HSM by id; what it raises passes through, where
    the principal's own roles cannot be judged without it."""
    granted: set[str] = set()
    doubt = ""
    for one in assignments:
        properties = mapping(one.get("properties"))
        who, role = text(properties.get("principalId")).lower(), text(properties.get("roleDefinitionId"))
        if not _counts(text(properties.get("scope")), key):
            continue
        if who == principal.lower():
            granted |= _gives(role, definitions)
        elif who not in known and not doubt:
            try:
                held = bool(_gives(role, definitions) - _READS)
            except CallError:
                held = True
            doubt = f"{who} has the right, and the HSM does not say whether that is a group" if held else ""
    return "yes" if granted >= NEEDED else doubt or "no"


def _counts(scope: str, key: str) -> bool:
    """Whether a scope is that of the key, or above it; one that is not told was asked for as such."""
    return scope.lower().rstrip("/") in ("", "/keys", f"/keys/{key}".lower())


def _gives(role: str, definitions: Definitions) -> frozenset[str]:
    id = role.rpartition("/")[2].lower()
    if id in WRAPPING_ROLES:
        return NEEDED
    if id in OTHER_ROLES:
        return frozenset()
    return frozenset(one for one in NEEDED if covers(definitions().get(id) or {}, one, data=True))


def _last(kid: Any) -> str:
    return text(kid).rstrip("/").rpartition("/")[2]


_NOT_YET: Final = ("Provisioning", "SecurityDomainRestore")
_READS: Final = frozenset({"Microsoft.KeyVault/managedHsm/keys/read/action"})
