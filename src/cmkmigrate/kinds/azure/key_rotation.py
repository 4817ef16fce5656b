"""How a key is rotated: an expiry for its new versions and a rotation some time before it, by the vault itself.

With the expiry that the key was made with this is what CIS asks of keys (an expiration date is set, rotation is
automatic). Only disks follow a rotated key, where they are told to; managed services and the DBFS root keep the version
that they were given until the workspace is given the new one.

Contract: PUT keys/NAME/rotationpolicy (Key Vault keys 7.5); least periods: `key_rules.profile_problems`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.errors import Blocked, Denied, NotFound
from cmkmigrate.kinds.azure import key_homes
from cmkmigrate.kinds.azure.key_ids import KeyId
from cmkmigrate.kinds.azure.key_rules import HSM, VAULT, profile_problems
from cmkmigrate.kinds.azure.operations import wait_for_key
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made


class KeyRotation(Kind):
    """The rotation policy of one key. Settings: key (its id), expiry and rotate_before (periods: P2Y, P30D; "" for
    none: then nothing is done)."""

    name = "key_rotation"
    service = "key_vault_rotation"
    at = "arm"
    partial = True
    server_owned = frozenset({"id", "attributes.created", "attributes.updated"})
    unverified = ("that the least periods of a rotation policy are those of the vendor's pages (no selftest shows it)",)
    settings: ClassVar[dict[str, type]] = {"key": str, "expiry": str, "rotate_before": str}

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        expiry, before = (str(settings.get(name) or "").upper() for name in ("expiry", "rotate_before"))
        if not expiry and not before:
            return []
        kid = str(settings.get("key") or "")
        if not kid:
            raise Blocked(
                "an expiry and a rotation are for a key that is made",
                subject="key_expiry, key_rotation",
                why="keys that exist were named, and they are used as they are",
                next="leave both out; az keyvault key rotation-policy update sets them on a key that exists",
            )
        hsm = kid != KNOWN_AFTER_APPLY and ".managedhsm." in KeyId.parse(kid).host
        key_homes.refuse("key_rotation", profile_problems(expiry, before, HSM if hsm else VAULT))
        if not before:  # an expiry alone is on the key itself
            return []
        rotate = {"trigger": {"timeBeforeExpiry": before}, "action": {"type": "Rotate"}}
        body: Body = {"rotations": [rotate], "attributes": {"expiryTime": expiry}}
        return [Asset(kid, "rotation", "rotation policy", body=body)]

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        kid = str(settings.get("key") or "")
        if not settings.get("rotate_before") or kid in ("", KNOWN_AFTER_APPLY):
            return []
        try:
            found = _read(site, kid)
        except (NotFound, Denied):  # the right to see it may not have taken effect, and a PUT says the same again
            return []
        return [found] if (found.body or {})["rotations"] else []

    def load(self, site: Subscription, entry: Entry) -> Asset:
        return _read(site, entry.id)

    def create(self, site: Subscription, asset: Asset) -> Made:
        return self._put(site, asset.id, asset.body or {})

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        return self._put(site, have.id, want.body or {})

    def _put(self, site: Subscription, kid: str, body: Body) -> Made:
        at = KeyId.parse(kid)
        policy = {"lifetimeActions": body["rotations"], "attributes": body["attributes"]}
        try:
            site.keys(at.uri).put_rotation_policy(at.name, policy)
        except Denied as error:
            if error.code in key_homes.WALLS:
                raise
            raise wait_for_key(error) from None
        return Made(kid)


def _read(site: Subscription, kid: str) -> Asset:
    at = KeyId.parse(kid)
    policy = site.keys(at.uri).rotation_policy(at.name)
    actions: list[dict[str, Any]] = policy.get("lifetimeActions") or []
    body: Body = {
        "id": kid,
        "rotations": [_said(one) for one in actions if str(one["action"]["type"]).lower() == "rotate"],
        "attributes": policy.get("attributes") or {},
    }
    return Asset(kid, "rotation", "rotation policy", body=body)


def _said(action: dict[str, Any]) -> dict[str, Any]:
    """A lifetime action without what it leaves open (null in some answers)."""
    trigger = {name: value for name, value in (action.get("trigger") or {}).items() if value}
    return {"trigger": trigger, "action": {"type": "Rotate"}}
