"""The key: RSA, for wrapping only; or a version of a key that exists, in a vault or managed HSM of any subscription.

Creating a name again makes a new VERSION of the key, so that a lost answer is settled by looking, never by sending
again. Where the vault keeps the operator out, the key is made through Resource Manager, which makes no second version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import refuse_ids
from cmkmigrate.errors import Blocked, Denied, Mistake, NotFound, Refused, Unknown
from cmkmigrate.kinds.azure import key_homes, key_use
from cmkmigrate.kinds.azure.features import key_is_wanted
from cmkmigrate.kinds.azure.key_homes import WALLS
from cmkmigrate.kinds.azure.key_ids import KeyId
from cmkmigrate.kinds.azure.key_rules import (
    HSM,
    OPERATIONS,
    SIZES,
    TYPES,
    VAULT,
    KeyFacts,
    closed_to_operator,
    is_hsm,
    profile_problems,
)
from cmkmigrate.kinds.azure.operations import wait_for_key
from cmkmigrate.kinds.azure.periods import Period
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

_NAME: Final = re.compile(r"[0-9A-Za-z-]{1,127}")  # the service's rules for names of keys, and their versions
_VERSION: Final = re.compile(r"([0-9a-fA-F]{32})?")


class Keys(Kind):
    """One key. To make one: vault (ARM id of a vault or managed HSM), name, type (RSA, RSA-HSM; default RSA-HSM in an
    HSM, else RSA), size (2048, 3072, 4096), expiry (a period after which its versions end, "" for never).

    To use one: existing (kid; its version is the newest where it names none), and where it is (vault, where known).
    For one feature: feature, features (those that are wanted at all), first_of (kids: the first that is given is used
    where `existing` is empty), location (where the key of disks has to be)."""

    name = "keys"
    service = "key_vault_keys"
    at = "arm"
    partial = True
    immutable = ("type", "size")
    server_owned = frozenset({"id", "uri", "name", "version", "scope", "attributes"})
    unverified = (
        "that a wall is told as ForbiddenByFirewall or ForbiddenByConnection, and that every other 403 passes once a "
        "grant takes effect (selftest: walled-vault, no-right-on-keys)",
    )
    outputs: ClassVar[dict[str, str]] = {
        "id": "id",
        "uri": "uri",
        "name": "name",
        "version": "version",
        "scope": "scope",
    }
    settings: ClassVar[dict[str, type]] = {
        "vault": str,
        "name": str,
        "type": str,
        "size": int,
        "expiry": str,
        "existing": str,
        "first_of": list,
        "feature": str,
        "features": list,
        "location": str,
    }

    def check(self, settings: Settings) -> None:
        refuse_ids(settings, "vault")
        for one in map(str, (settings.get("existing"), *(settings.get("first_of") or ()))):
            if one not in ("", "None") and KNOWN_AFTER_APPLY not in one:
                at = KeyId.parse(one)
                if not _NAME.fullmatch(at.name) or not _VERSION.fullmatch(at.version):
                    raise Mistake(
                        f"{one!r} is not the id of a key",
                        why="NAME is letters, digits and hyphens, VERSION 32 hex digits",
                    )
        name = str(settings.get("name") or "")
        if name and not settings.get("existing") and KNOWN_AFTER_APPLY not in name:
            _called(name)

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        if not key_is_wanted(settings):
            return []
        existing = _existing(settings)
        if existing == KNOWN_AFTER_APPLY:  # the key of another step, which is yet to be made
            return []
        if existing:
            at = KeyId.parse(existing)
            return [Asset(existing, at.name.lower(), at.name, body={"enabled": True, "in_time": True, "wraps": True})]
        vault = str(settings.get("vault") or "")
        name, size = str(settings.get("name") or ""), settings.get("size") or 3072
        kty = settings.get("type") or ("RSA-HSM" if is_hsm(vault) else "RSA")
        if not name:
            raise _nameless(settings)
        _called(name)
        if kty not in TYPES or size not in SIZES:
            raise Mistake(f"a key cannot be {kty} of {size} bits", why="disks take RSA and RSA-HSM, 2048, 3072 or 4096")
        if kty == "RSA" and is_hsm(vault):
            raise Mistake("a managed HSM holds no keys of the type RSA", next="type: RSA-HSM, or leave it out")
        body: Body = {"type": kty, "size": size, "enabled": True, "in_time": True, "wraps": True}
        expiry = str(settings.get("expiry") or "")
        if expiry:
            key_homes.refuse(name, profile_problems(expiry, "", HSM if is_hsm(vault) else VAULT))
            body |= {"expires": True, "expiry": expiry.upper()}
        return [Asset(f"{vault}/keys/{name}", name.lower(), name, body=body)]

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        if not key_is_wanted(settings):
            return []
        existing, vault = _existing(settings), str(settings.get("vault") or "")
        if existing == KNOWN_AFTER_APPLY:
            return []
        if existing:
            region = str(settings.get("location") or "") if settings.get("feature") == "managed_disks" else ""
            home, facts, notes = key_homes.existing(site, existing, vault if vault != KNOWN_AFTER_APPLY else "", region)
            return [_asset(facts, site.now(), home, notes)]
        if vault == KNOWN_AFTER_APPLY:
            return []
        home = key_homes.home_at(site, vault)  # kept: a create needs it, and reads nothing
        try:
            return [_asset(key_homes.read_key(site, home, str(settings.get("name") or "")), site.now(), home)]
        except (NotFound, Denied):
            return []

    def load(self, site: Subscription, entry: Entry) -> Asset:
        at = KeyId.parse(entry.id)
        try:
            home = site.home_of(at.uri)
        except NotFound:  # a vault that may be used, and not be listed
            return _asset(KeyFacts.of_bundle(site.keys(at.uri).key(at.name, at.version)), site.now(), {})
        return _asset(key_homes.read_key(site, home, at.name, at.version), site.now(), home)

    def create(self, site: Subscription, asset: Asset) -> Made:
        vault, _, name = asset.id.rpartition("/keys/")
        body = asset.body or {}
        expires = Period.parse(str(body["expiry"])).after(site.now()) if body.get("expiry") else 0
        home = site.home(vault)
        if closed_to_operator(home) and not is_hsm(home):
            return _at_home(home, _by_arm(site, vault, name, body, expires))
        try:
            made = site.keys(key_homes.uri_of(home)).create(name, body["type"], body["size"], OPERATIONS, None, expires)
        except Denied as error:
            if error.code in WALLS:  # no grant opens these
                raise
            raise wait_for_key(error) from None
        return _at_home(home, Made(str(made["key"]["kid"])))

    def fit(self, want: Body, have: Body) -> Body:
        """After which period it ends is said where it is made; what there is to compare is that it does end."""
        return {name: value for name, value in want.items() if name != "expiry"} if have.get("expires") else want

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        """Set when it ends; nothing else of a key is changed."""
        at, body = KeyId.parse(have.id), want.body or {}
        if not body.get("expiry") or (have.body or {}).get("expires"):
            raise Blocked(
                "the key is not as it was made", subject=have.id, why="it is disabled, has ended or is not for wrapping"
            )
        site.keys(at.uri).patch_expiry(at.name, at.version, Period.parse(str(body["expiry"])).after(site.now()))
        return Made(have.id)

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        """Nothing goes on after a key was made; whether it is usable shows in what uses it."""

    def still(self, site: Subscription, outputs: Mapping[str, Any]) -> str:
        kid = str(outputs.get("id") or "")
        return key_use.still(site, kid) if kid and kid != KNOWN_AFTER_APPLY else ""


def _at_home(home: Body, made: Made) -> Made:
    """What was made, where its id is of this vault. Raises Unknown elsewhere: it was made, and is looked for."""
    try:
        key_homes.check_host(home, made.id)
    except Refused as error:
        raise Unknown(error.message, code=error.code) from None
    return made


def _existing(settings: Settings) -> str:
    """The kid of the key that is used as it is, "" where one is made."""
    given = [settings.get("existing"), *(settings.get("first_of") or ())]
    return next((str(one) for one in given if one), "")


def _called(name: str) -> None:
    """Raises Mistake for a name that the service does not take."""
    if not _NAME.fullmatch(name):
        raise Mistake(
            f"a key cannot be called {name!r}",
            why="letters, digits and hyphens, at most 127 of them",
            next="choose another key_name",
        )


def _nameless(settings: Settings) -> Exception:
    feature = str(settings.get("feature") or "")
    if not feature:
        return Mistake("the key has no name", next="set `name`, or `existing` to the id of one that exists")
    return Blocked(
        f"there is no key for {feature}",
        subject=feature,
        why="keys that exist are named for other features, and then none is made",
        next="name its key too, or key_id for all features that have none of their own",
    )


def _by_arm(site: Subscription, vault: str, name: str, body: Body, expires: int) -> Made:
    attributes = {"enabled": True, **({"exp": expires} if expires else {})}
    properties = {"kty": body["type"], "keySize": body["size"], "keyOps": [*OPERATIONS], "attributes": attributes}
    try:
        made = site.put_vault_key(vault, name, {"properties": properties})
    except Denied as error:
        text = f"{error.message} The vault is closed to you here. Make the key from a network that it knows, "
        text += f"or az role assignment create --role 'Key Vault Contributor' --scope {vault} --assignee YOU"
        raise Denied(text, status=error.status, code=error.code, request_id=error.request_id) from None
    kid = str((made.get("properties") or {}).get("keyUriWithVersion") or "")
    if not kid:
        raise Unknown("the answer names no version of the key")
    return Made(kid)


def _asset(facts: KeyFacts, now: float, home: Body, notes: tuple[str, ...] = ()) -> Asset:
    at = KeyId.parse(facts.kid)
    body: Body = {
        "id": f"{at.uri}keys/{at.name}/{at.version}",
        "uri": at.uri,
        "name": at.name,
        "version": at.version,
        "scope": f"{home['id']}/keys/{at.name}" if home else "",
        "type": facts.type,
        "size": facts.size,
        "enabled": facts.attributes.get("enabled", True),
        "in_time": facts.in_time(now),
        "wraps": {one.lower() for one in OPERATIONS} <= {one.lower() for one in facts.operations},
        "expires": bool(facts.attributes.get("exp")),
        "attributes": dict(facts.attributes),
    }
    return Asset(body["id"], at.name.lower(), at.name, body=body, notes=notes)
