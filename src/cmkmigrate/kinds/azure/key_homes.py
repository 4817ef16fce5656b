"""The vault or managed HSM that a key is in: found, judged by the rules, read in the way that is open.

A key of a vault is read through Resource Manager, which asks for no right on its content and passes by its firewall;
where that may not be read, and for managed HSMs, on the data plane.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.errors import Blocked, CallError, Denied, NotFound, Refused
from cmkmigrate.kinds.azure.key_ids import KeyId
from cmkmigrate.kinds.azure.key_rules import (
    HSM,
    VAULT,
    KeyFacts,
    Problem,
    closed_to_operator,
    is_hsm,
    key_problems,
    vault_problems,
    version_problems,
)
from cmkmigrate.model import Body

# Refusals of the vault's network, which no grant and no waiting changes.
WALLS: Final = ("ForbiddenByFirewall", "ForbiddenByConnection")
_LIST: Final = "az keyvault list --query [].id"


def home_at(site: Subscription, arm_id: str) -> Body:
    """The vault or HSM of an ARM id. Raises Blocked where there is none, or it is of another type."""
    if f"/{VAULT}/".lower() not in arm_id.lower() and not is_hsm(arm_id):
        raise Blocked("this is not a key vault", subject=arm_id, why=f"it is neither of {VAULT} nor of {HSM}")
    try:
        return site.home(arm_id)
    except NotFound:
        raise Blocked("there is no such key vault", subject=arm_id, next=_LIST) from None


def home_of(site: Subscription, at: KeyId, arm_id: str = "") -> Body:
    """The vault or HSM of a key: the one at `arm_id` where that is the key's, else looked for in all subscriptions.

    Raises Blocked, naming the key, where it is not found."""
    if arm_id:
        found = home_at(site, arm_id)
        if KeyId.parse(f"{uri_of(found)}keys/{at.name}").host == at.host:
            return found
    try:
        return site.home_of(at.uri)
    except NotFound as error:
        raise Blocked(
            "the vault of the key is not found",
            subject=f"{at.uri}keys/{at.name}",
            why=error.message,
            next="name it with vault_id, its ARM id; a vault of another tenant cannot be used",
        ) from None


def uri_of(home: Body) -> str:
    """The URL of its data plane, with a slash at its end."""
    told = home.get("properties") or {}
    return str(told.get("vaultUri") or told.get("hsmUri") or "").rstrip("/") + "/"


def usable(site: Subscription, home: Body, region: str) -> None:
    """Raises Blocked where the rules say that a vault cannot be used. region: "" where it does not matter."""
    refuse(str(home.get("name") or ""), vault_problems(home, site.tenant_id, region))


def refuse(subject: str, problems: Iterable[Problem]) -> tuple[str, ...]:
    """Raises Blocked for the first problem that is a failure; gives the others as notes."""
    notes = []
    for one in problems:
        if one.severity == "fail":
            raise Blocked(one.what, subject=subject, why=one.why, next=one.fix)
        notes.append(f"{one.what}: {one.why}")
    return tuple(notes)


def read_key(site: Subscription, home: Body, name: str, version: str = "") -> KeyFacts:
    """One version of a key ("": the newest). Raises NotFound, Denied."""
    if not is_hsm(home):
        id = str(home["id"])
        try:
            shown = site.vault_key_version(id, name, version) if version else site.vault_key(id, name)
        except Denied:
            shown = []
        if shown:
            return _held(home, KeyFacts.of_arm(shown[0]))
        if closed_to_operator(home):  # a call could hang there, and says no more than Resource Manager does
            raise NotFound(f"there is no key {name} in {home.get('name')}", status=404)
    return _held(home, KeyFacts.of_bundle(site.keys(uri_of(home)).key(name, version)))


def _held(home: Body, facts: KeyFacts) -> KeyFacts:
    check_host(home, facts.kid)
    return facts


def check_host(home: Body, kid: str) -> None:
    """Raises Refused for a key's id, told by a service, that is not of this vault: kept, it would lead a run astray."""
    where = urlsplit(uri_of(home)).hostname
    told = urlsplit(kid)
    if told.scheme != "https" or told.hostname != where or "@" in told.netloc or told.port not in (None, 443):
        raise Refused(f"{home.get('name')} names a key of another host: {kid[:200]!r}", code="ForeignHost")


def newest_of(site: Subscription, home: Body, name: str) -> str:
    """The newest version of a key, "" where it may not be seen."""
    try:
        return KeyId.parse(read_key(site, home, name).kid).version
    except CallError:
        return ""


def existing(site: Subscription, kid: str, arm_id: str, region: str) -> tuple[Body, KeyFacts, tuple[str, ...]]:
    """(its vault, the key, what is to be noted of it) of a key that is used as it is.

    Raises Blocked where that cannot go well, so that nothing is made beforehand."""
    at = KeyId.parse(kid)
    home = home_of(site, at, arm_id)
    usable(site, home, region)
    command = f"{'--hsm-name' if is_hsm(home) else '--vault-name'} {home.get('name')} --name {at.name}"
    try:
        facts = read_key(site, home, at.name, at.version)
    except NotFound:
        raise Blocked("there is no such key", subject=kid, next=f"az keyvault key list-versions {command}") from None
    except Denied as error:
        raise _unreadable(home, kid, at, error) from None
    notes = refuse(kid, key_problems(facts, site.now(), hsm=is_hsm(home)))
    if at.version:
        notes += refuse(kid, version_problems(at.version, newest_of(site, home, at.name)))
    return home, facts, notes


def _unreadable(home: Body, kid: str, at: KeyId, error: Denied) -> Blocked:
    name, closed = str(home.get("name") or ""), closed_to_operator(home)
    if error.code in WALLS or closed:
        why = f"{closed or 'its network rules'}: you are kept out, not the services; {error.message}"
        next = "run this from a network that it knows"
        if not is_hsm(home):
            next += "; or have Reader on the vault, for Resource Manager to show the key"
        return Blocked("the key cannot be read from here", subject=kid, why=why, next=next)
    if is_hsm(home):
        role, scope = "Managed HSM Crypto Auditor", f"/keys/{at.name}"
        next = f"az keyvault role assignment create --hsm-name {name} --role '{role}' --scope {scope} --assignee YOU"
    else:
        next = f"az role assignment create --role Reader --scope {home.get('id')} --assignee YOU"
    return Blocked("the key may not be read", subject=kid, why=error.message, next=next)
