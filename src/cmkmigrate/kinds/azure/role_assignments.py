"""Who has a role on the workspace itself, as on the old one. What is inherited from above holds for both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.errors import NotFound, NotYet, Refused
from cmkmigrate.kinds.azure.attached import Attached, reads_of, target_of
from cmkmigrate.kinds.azure.key_grants import assignment_name
from cmkmigrate.kinds.base import Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

VERSION: Final = "2022-04-01"
_PATH: Final = "/providers/Microsoft.Authorization/roleAssignments"
_CARRIED: Final = (
    "roleDefinitionId",
    "principalId",
    "principalType",
    "description",
    "condition",
    "conditionVersion",
    "delegatedManagedIdentityResourceId",
)


class RoleAssignments(Attached):
    """Settings: workspace (ARM id of the new one). A role of a principal that the directory does not know any more is
    left out, and said."""

    name = "role_assignments"
    service = "authorization"
    api = VERSION

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        target = target_of(settings)
        found = reads_of(source).listing(f"{source.arm_id}{_PATH}", VERSION, "atScope()")
        for one in _own(found, source.arm_id):
            yield self.asset(one, target)

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        target = target_of(settings)
        if target == KNOWN_AFTER_APPLY:
            return []
        try:
            return [self.asset(one, target) for one in _own(site.role_assignments(target), target)]
        except NotFound:
            return []

    def load(self, site: Subscription, entry: Entry) -> Asset:
        one = site.read(entry.id, VERSION)
        return self.asset(one, str(one["properties"]["scope"]))

    def create(self, site: Subscription, asset: Asset) -> Made:
        properties, at = (asset.body or {})["properties"], str((asset.body or {})["at"])
        role = str(properties["roleDefinitionId"]).rpartition("/")[2]
        return _put(site, at, assignment_name(at, role, str(properties["principalId"])), properties)

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        return _put(site, str((want.body or {})["at"]), have.id.rpartition("/")[2], (want.body or {})["properties"])

    def asset(self, one: Body, at: str) -> Asset:
        given = one["properties"]
        properties = {name: given[name] for name in _CARRIED if given.get(name)}
        principal, role = str(given["principalId"]).lower(), str(given["roleDefinitionId"]).rpartition("/")[2].lower()
        known = given.get("principalType") not in (None, "", "Unknown")
        gone = "" if known else "the directory does not know its principal"
        key = f"{principal} · {role}"
        return Asset(str(one["id"]), key, key, unsupported=gone, body={"at": at, "properties": properties})


def _put(site: Subscription, scope: str, name: str, properties: Body) -> Made:
    try:
        return Made(str(site.put_role_assignment(scope, name, {"properties": properties})["id"]))
    except Refused as error:
        if error.code == "PrincipalNotFound":
            raise NotYet(error.message, status=error.status, code=error.code) from None
        raise


def _own(found: Iterable[Body], arm_id: str) -> Iterable[Body]:
    """Those on the workspace itself."""
    return [one for one in found if str((one.get("properties") or {}).get("scope", "")).lower() == arm_id.lower()]
