"""The locks on a workspace itself, made last. One that is ReadOnly stays with the old workspace: the next pass, a new
version of the key and every other change of the new one would be refused under it, so putting it on is left to people.

Locks on its resource group or subscription hold for the new workspace too, as it is made in the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.kinds.azure.attached import Attached, reads_of, target_of, there
from cmkmigrate.kinds.base import Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry

VERSION: Final = "2020-05-01"
_PATH: Final = "/providers/Microsoft.Authorization/locks"


READ_ONLY: Final = (
    "under a ReadOnly lock the new workspace could not be changed any more (a next pass, a new version of the key): "
    "put it on when all is done (az lock create --lock-type ReadOnly)"
)


class Locks(Attached):
    """Settings: workspace (ARM id of the new one)."""

    name = "locks"
    service = "authorization"
    api = VERSION

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        target = target_of(settings)
        found = reads_of(source).listing(f"{source.arm_id}{_PATH}", VERSION, "atScope()")
        for one in _own(found, source.arm_id):
            asset = self.asset(one, f"{target}{_PATH}/{one['name']}")
            if str((one.get("properties") or {}).get("level")) == "ReadOnly":
                asset.excluded = READ_ONLY
            yield asset

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        target = target_of(settings)
        if target == KNOWN_AFTER_APPLY:
            return []
        found = there(lambda: site.listing(f"{target}{_PATH}", VERSION, "atScope()"))
        return [self.asset(one, str(one["id"])) for one in _own(found, target)]

    def asset(self, one: Body, at: str) -> Asset:
        name, given = str(one["name"]), one.get("properties") or {}
        properties = {key: given[key] for key in ("level", "notes", "owners") if given.get(key)}
        return Asset(str(one["id"]), name.lower(), name, body={"at": at, "properties": properties})


def _own(found: Iterable[Body], arm_id: str) -> Iterable[Body]:
    """Those on the workspace itself, not those above it."""
    return [one for one in found if str(one["id"]).lower().rpartition(_PATH.lower())[0] == arm_id.lower()]
