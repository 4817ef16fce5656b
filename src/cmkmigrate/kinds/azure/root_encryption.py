"""The key of the DBFS root: a second PUT, once the storage's identity exists and may use the key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.errors import Mistake, NotFound
from cmkmigrate.kinds.azure import in_place
from cmkmigrate.kinds.azure.features import key_properties, wanted
from cmkmigrate.kinds.azure.operations import FAILED, busy, covers, finish, idle, state_of
from cmkmigrate.kinds.azure.workspaces import key_of, loaded, merged, put, sendable
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made


class RootEncryption(Kind):
    """The root encryption of one workspace, a part of it. Settings: workspace (ARM id), key_uri, key_name, key_version,
    features (nothing is done where it is given and has no dbfs_root), replace_key (in place: whether another key may
    be replaced)."""

    name = "root_encryption"
    service = "arm_databricks"
    at = "arm"
    parents = ("workspaces",)
    owns = ("properties.parameters.encryption",)
    partial = True
    keeps = True
    unverified = (
        "that what is in the DBFS root already is covered without being written anew (no selftest can show it)",
        "that the words of users' error reports tell a key that the storage may not use yet (selftest: "
        "root-without-version)",
    )
    settings: ClassVar[dict[str, type]] = {
        "workspace": str,
        "key_uri": str,
        "key_name": str,
        "key_version": str,
        "features": list,
        "replace_key": bool,
    }

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        if "dbfs_root" not in wanted(settings):
            return []
        arm_id = str(settings.get("workspace") or "")
        if not arm_id:
            raise Mistake("root encryption of which workspace?", next="set `workspace` to its ARM id")
        key = key_properties(settings)
        if arm_id != KNOWN_AFTER_APPLY and in_place.is_source(source, arm_id):
            in_place.same_key(source, in_place.root_key(source), key, settings, "the DBFS root's data")
        # The names of these fields are irregular, and they are the service's.
        value = {
            "keySource": "Microsoft.Keyvault",
            "KeyName": key["key_name"],
            "keyversion": key["key_version"],
            "keyvaulturi": key["key_uri"],
        }
        body: Body = {"properties": {"parameters": {"encryption": {"value": value}}}}
        if arm_id == KNOWN_AFTER_APPLY:
            of = next((("workspaces", one.key) for one in listed("workspaces")), None)
            return [Asset(arm_id, of[1] if of else arm_id, "root encryption", of=of, body=body)]
        at = ResourceId.parse(arm_id)
        return [Asset(arm_id, key_of(at), at.name, of=("workspaces", key_of(at)), body=body)]

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        arm_id = str(settings.get("workspace") or "")
        if not arm_id or arm_id == KNOWN_AFTER_APPLY:
            return []
        try:
            return [_part(site.workspace(arm_id))]
        except NotFound:
            return []

    def load(self, site: Subscription, entry: Entry) -> Asset:
        return _part(site.workspace(entry.id))

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        encryption = (want.body or {})["properties"]["parameters"]["encryption"]
        change = {"properties": {"parameters": {"prepareEncryption": {"value": True}, "encryption": encryption}}}
        return put_part(site, want, have, change, _part)

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        finish(site, made.id or asset.id, made, asset.body)


def put_part(site: Subscription, want: Asset, have: Asset, change: Body, part: Callable[[Body], Asset]) -> Made:
    """ONE PUT of the workspace as it is, with `change`; none where what was going on made it so. part: what of a GET
    body is the thing. Raises NotYet, Refused, Stopped."""
    body = have.body or {}
    if busy(body):  # never a PUT while another one is going on
        body = part(idle(site, have.id)).body or {}
        if covers(want.body, body):
            return Made(have.id)
    return put(site, have.id, merged(sendable(body), change))


def _part(resource: Body) -> Asset:
    """The workspace as the thing that this is a part of. What a failed operation left behind is not in effect, though
    the service may show it."""
    whole = loaded(resource)
    body = whole.body or {}
    if state_of(body) in FAILED:
        properties = dict(body.get("properties") or {})
        properties["parameters"] = {
            name: one for name, one in (properties.get("parameters") or {}).items() if name != "encryption"
        }
        body = {**body, "properties": properties}
    return Asset(whole.id, whole.key, whole.name, of=("workspaces", whole.key), body=body)
