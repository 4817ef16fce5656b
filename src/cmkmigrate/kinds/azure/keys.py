"""The key: RSA, for wrapping only; or a version of a key that exists.

Creating a name again makes a new VERSION of the key, so that a lost answer is settled by looking, never by sending
again. Looking goes through the vault; where it may not be read yet (the grant takes minutes), through Resource Manager,
which shows the same keys to whoever may read the vault as a resource.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.errors import Blocked, Denied, Mistake, NotFound
from cmkmigrate.kinds.azure.operations import wait_for_key
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

OPERATIONS = ("wrapKey", "unwrapKey")
TYPES: Final = ("RSA", "RSA-HSM")
SIZES: Final = (2048, 3072, 4096)
_NAME: Final = re.compile(r"[0-9A-Za-z-]{1,127}")  # the service's rule for names of keys


@dataclass(frozen=True, slots=True)
class KeyId:
    """The parts of a key's URL (its kid); version "" for the newest."""

    uri: str
    name: str
    version: str

    @classmethod
    def parse(cls, kid: str) -> KeyId:
        """Raises Mistake when `kid` is no key's URL."""
        parts = urlsplit(kid)
        words = parts.path.strip("/").split("/")
        if parts.scheme != "https" or len(words) not in (2, 3) or words[0] != "keys":
            raise Mistake(
                f"{kid!r} is not the id of a key", next="it looks like https://VAULT.vault.azure.net/keys/NAME/VERSION"
            )
        return cls(f"https://{parts.netloc}/", words[1], words[2] if len(words) == 3 else "")


class Keys(Kind):
    """One key. Settings: vault (ARM id), name, type (RSA, RSA-HSM), size (2048, 3072, 4096), existing (kid)."""

    name = "keys"
    service = "key_vault_keys"
    at = "arm"
    partial = True
    immutable = ("type", "size")
    server_owned = frozenset({"id", "uri", "name", "version", "key", "attributes"})
    unverified = (
        "that a wall is told as ForbiddenByFirewall or ForbiddenByConnection, and that every other 403 passes once a "
        "grant takes effect (selftest: walled-vault, no-right-on-keys)",
    )
    outputs: ClassVar[dict[str, str]] = {"id": "id", "uri": "uri", "name": "name", "version": "version"}
    settings: ClassVar[dict[str, type]] = {"vault": str, "name": str, "type": str, "size": int, "existing": str}

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        existing = str(settings.get("existing") or "")
        if existing:
            at = KeyId.parse(existing)
            return [Asset(existing, at.name.lower(), at.name, body={"enabled": True, "in_time": True, "wraps": True})]
        name, kty, size = str(settings.get("name") or ""), settings.get("type") or "RSA", settings.get("size") or 3072
        if not name:
            raise Mistake("the key has no name", next="set `name`, or `existing` to the id of one that exists")
        if not _NAME.fullmatch(name):
            raise Mistake(f"a key cannot be called {name!r}", why="letters, digits and hyphens, at most 127 of them")
        if kty not in TYPES or size not in SIZES:
            raise Mistake(f"a key cannot be {kty} of {size} bits", why="disks take RSA and RSA-HSM, 2048, 3072 or 4096")
        body: Body = {"type": kty, "size": size, "enabled": True, "in_time": True, "wraps": True}
        return [Asset(f"{settings.get('vault')}/keys/{name}", name.lower(), name, body=body)]

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        existing = str(settings.get("existing") or "")
        if existing:
            return [_existing(site, existing, str(settings.get("vault") or ""))]
        vault, name = str(settings.get("vault") or ""), str(settings.get("name") or "")
        if vault == KNOWN_AFTER_APPLY:
            return []
        uri = site.vault_uri(vault)  # kept: a create needs it, and reads nothing
        try:
            return [_asset(site.keys(uri).key(name))]
        except NotFound:
            return []
        except Denied:
            return [_of_arm(body) for body in site.vault_key(vault, name)]

    def load(self, site: Subscription, entry: Entry) -> Asset:
        at = KeyId.parse(entry.id)
        return _asset(site.keys(at.uri).key(at.name, at.version))

    def create(self, site: Subscription, asset: Asset) -> Made:
        vault, _, name = asset.id.rpartition("/keys/")
        body = asset.body or {}
        try:
            made = site.keys(site.vault_uri(vault)).create(name, body["type"], body["size"], OPERATIONS)
        except Denied as error:
            if error.code in _WALLS:  # no grant opens these
                raise
            raise wait_for_key(error) from None
        return Made(str(made["key"]["kid"]))

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        """Nothing goes on after a key was made; whether it is usable shows in what uses it."""


# Refusals of the vault's network, which no grant and no waiting changes.
_WALLS: Final = ("ForbiddenByFirewall", "ForbiddenByConnection")


def _existing(site: Subscription, kid: str, vault: str) -> Asset:
    """A key that is used as it is. Raises Blocked where that cannot go well, so that nothing is made beforehand."""
    at = KeyId.parse(kid)
    if vault == KNOWN_AFTER_APPLY or (vault and not _same_host(site.vault_uri(vault), at.uri)):
        raise Blocked(
            "the key is in another vault than the one that is used",
            subject=kid,
            why="the grants are given on the key in that vault",
            next="name the vault of the key too: vault_id, the ARM id of it",
        )
    try:
        found = _asset(site.keys(at.uri).key(at.name, at.version))
    except NotFound:
        next = f"az keyvault key list-versions --id {at.uri}keys/{at.name}"
        raise Blocked("there is no such key", subject=kid, next=next) from None
    except Denied:
        shown = [_of_arm(body) for body in site.vault_key(vault, at.name)] if vault else []
        if not shown or (at.version and shown[0].body and shown[0].body["version"] != at.version):
            raise  # Resource Manager shows the newest version alone
        found = shown[0]
    why = _unfit(found.body or {})
    if why:
        raise Blocked("the key cannot be used", subject=kid, why=why, next="name another one, or let one be made")
    return found


def _unfit(body: Body) -> str:
    """Why storage and disks take no such key; "" where they do."""
    if body["type"] not in TYPES:
        return f"it is of the type {body['type']}; disks and storage take {' and '.join(TYPES)}"
    if body["size"] not in SIZES:
        return f"it has {body['size']} bits; disks take {', '.join(str(one) for one in SIZES)}"
    if not body["enabled"]:
        return "it is disabled"
    if not body["in_time"]:
        return "it has expired, or is not valid yet"
    return "" if body["wraps"] else f"it is not for {' and '.join(OPERATIONS)}"


def _in_time(attributes: Body) -> bool:
    """Whether now is between `nbf` and `exp` (Unix seconds; one that is not set is no limit)."""
    now = time.time()
    return float(attributes.get("nbf") or 0) <= now < float(attributes.get("exp") or "inf")


def _same_host(one: str, other: str) -> bool:
    return urlsplit(one).netloc.lower() == urlsplit(other).netloc.lower()


def _asset(bundle: Body) -> Asset:
    key, attributes = bundle["key"], bundle.get("attributes") or {}
    at = KeyId.parse(str(key["kid"]))
    modulus = str(key.get("n") or "")
    body: Body = {
        "id": key["kid"],
        "uri": at.uri,
        "name": at.name,
        "version": at.version,
        "type": key.get("kty"),
        "size": len(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))) * 8,
        "enabled": attributes.get("enabled", True),
        "in_time": _in_time(attributes),
        "wraps": set(OPERATIONS) <= set(key.get("key_ops") or ()),
        "attributes": attributes,
    }
    return Asset(str(key["kid"]), at.name.lower(), at.name, body=body)


def _of_arm(resource: dict[str, Any]) -> Asset:
    """The same from what Resource Manager says of a key."""
    properties = resource.get("properties") or {}
    at = KeyId.parse(str(properties["keyUriWithVersion"]))
    attributes = properties.get("attributes") or {}
    body: Body = {
        "id": properties["keyUriWithVersion"],
        "uri": at.uri,
        "name": at.name,
        "version": at.version,
        "type": properties.get("kty"),
        "size": properties.get("keySize"),
        "enabled": attributes.get("enabled", True),
        "in_time": _in_time(attributes),
        "wraps": set(OPERATIONS) <= set(properties.get("keyOps") or ()),
        "attributes": attributes,
    }
    return Asset(body["id"], at.name.lower(), at.name, body=body)
