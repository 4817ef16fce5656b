"""PF16 in a managed HSM: its local roles, which Resource Manager knows nothing of and only the HSM itself shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cmkmigrate.audit import hsms
from cmkmigrate.errors import CallError
from cmkmigrate.kinds.azure import key_grants
from cmkmigrate.kinds.azure.key_homes import uri_of
from cmkmigrate.preflight import rights
from cmkmigrate.preflight.ground import Ground, Thing, known
from cmkmigrate.preflight.model import Seen, failed, passed, unknown

_ROLE: Final = "crypto_service_encryption_user"
_READER: Final = "Managed HSM Crypto Auditor"
_ADVICE: Final = "get the local role Managed HSM Policy Administrator, or ask whoever has it"
# Local roles that may assign roles (the vendor's page on local RBAC built-in roles).
_GRANTING: Final = frozenset(
    {
        "a290e904-7015-4bba-90c8-60543313cdb4",  # Managed HSM Administrator
        "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",  # Managed HSM Crypto Officer
        "4bd23610-cdcf-4971-bdee-bdc562cc28e4",  # Managed HSM Policy Administrator
    }
)


@dataclass(frozen=True, slots=True)
class User:
    """Who uses the key of a feature. principal: the object id, "" for one that is not there yet; why: why it is not
    known, "" where it is, or comes with the workspace."""

    feature: str
    who: str
    principal: str
    why: str = ""


def grants(ground: Ground, hsm: Thing, users: Iterable[User]) -> Iterator[Seen]:
    """Whether each user may use its key in `hsm`; unknown where its local roles may not be read. What is missing is
    granted by the run, where the operator may grant."""
    if hsm.resource is None or hsms.state_of(hsm.resource):
        yield unknown(f"the local roles of {hsm.name} cannot be read while it is not at work", advice="see PF11")
        return
    given = list(users)
    persons = {rights.asked(ground).lower(), *(one.principal.lower() for one in given)}
    for key, features in _keys(ground, hsm).items():
        for one in given:
            if one.feature in features or "" in features:
                yield _grant(ground, hsm, key, one, persons)


def _keys(ground: Ground, hsm: Thing) -> dict[str, set[str]]:
    """The keys of an HSM that are used or made, with the features of each ("" for all)."""
    found: dict[str, set[str]] = {}
    homes = ground.key_homes()
    for kid, features in ground.kids().items():
        home = homes[kid]
        if home and home.id.lower() == hsm.id.lower():
            found.setdefault(kid.partition("/keys/")[2].partition("/")[0], set()).update(features)
    for one in ground.of("keys"):
        if ground.made(one) and known(one.settings.get("vault")).lower() == hsm.id.lower():
            found.setdefault(known(one.settings.get("name")), set()).add("")
    return found


def _grant(ground: Ground, hsm: Thing, key: str, user: User, persons: set[str]) -> Seen:
    if user.why:
        return unknown(user.why, advice="see PF13")
    assert hsm.resource is not None
    site, uri, me, who = ground.site, uri_of(dict(hsm.resource)), rights.asked(ground), user.who
    try:
        assigned = ground.once(f"local {hsm.id} {key}", partial(_assigned, site, uri, key))
        roles = partial(_definitions, ground, site, uri)
        said = hsms.allows(assigned, key, user.principal, persons, roles) if user.principal else "no"
    except CallError as error:
        fix = f'az keyvault role assignment create --hsm-name {hsm.name} --role "{_READER}" --scope /keys/{key}'
        return unknown(f"the local roles of {hsm.name} could not be read: {error}", f"{fix} --assignee {me}")
    if said == "yes":
        return passed(f"{who} ({user.principal}) may get, wrap and unwrap with {key} in {hsm.name}")
    fix = (
        key_grants.command(dict(hsm.resource), f"{hsm.id}/keys/{key}", _ROLE, user.principal) if user.principal else ""
    )
    if ground.of("key_access") and _may_grant(assigned, me):
        when = "the run grants it on the key" + ("" if user.principal else ", when it has an identity")
        return passed(f"{who} has no such right on {key} in {hsm.name} that is seen: {when}")
    if not ground.of("key_access") and said == "no" and user.principal:  # no step of the playbook grants anything
        return failed(f"{who} ({user.principal}) may not get, wrap and unwrap with {key} in {hsm.name}", fix, _ADVICE)
    # A local role of a group that the operator is in is not told apart from one of somebody else.
    text = f"{who} has no right on {key} in {hsm.name} that is seen, and you have no local role that lets you grant it"
    return unknown(text, fix, _ADVICE)


def _may_grant(assigned: Iterable[Mapping[str, Any]], me: str) -> bool:
    """By a local role of the operator's own, at the key or above it."""
    for one in assigned:
        told = one.get("properties") or {}
        role = str(told.get("roleDefinitionId") or "").lower().rpartition("/")[2]
        if str(told.get("principalId") or "").lower() == me.lower() and role in _GRANTING:
            return True
    return False


def _assigned(site: Any, uri: str, key: str) -> list[dict[str, Any]]:
    return list(site.hsm(uri).role_assignments(key))


def _definitions(ground: Ground, site: Any, uri: str) -> Mapping[str, Mapping[str, Any]]:
    def read() -> dict[str, Mapping[str, Any]]:
        return {str(one.get("name") or "").lower(): one for one in site.hsm(uri).role_definitions()}

    return ground.once(f"local roles {uri}", read)
