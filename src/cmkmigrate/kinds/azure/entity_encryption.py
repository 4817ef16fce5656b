"""One feature of a workspace that exists: put under a key in place, by a PUT of the whole with the least difference.

Evidence: recordings `update_v1#12-16` (disks), `update_v2#19-23` (managed services), `test_databricks#24-30` (storage
prepared). What was written before stays as it was for the managed services; a key on them, or on disks, cannot be taken
away again (400 `DiskEncryptionPropertiesRequired` for the disks; the vendor's Terraform provider replaces the workspace
for the services).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.errors import Blocked, Mistake, NotFound
from cmkmigrate.kinds.azure import in_place
from cmkmigrate.kinds.azure.features import ENTITIES, FEATURES, entity, key_properties, wanted
from cmkmigrate.kinds.azure.operations import UNVERIFIED, covers, finish
from cmkmigrate.kinds.azure.root_encryption import put_part
from cmkmigrate.kinds.azure.workspaces import key_of, loaded
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import Asset, Body, Entry, Made

_STOPPED: Final = frozenset({"TERMINATED", "ERROR", "STOPPED", "DELETED"})


class EntityEncryption(Kind):
    """One feature. Settings: workspace (ARM id), feature (managed_services, managed_disks, or dbfs_root: then only the
    storage is prepared, so that it has an identity that can be given the key), features (those that are wanted at all),
    key_uri, key_name, key_version, disks_follow_key (whether disks take up new versions of their key by themselves),
    and what `in_place.py` wants to know: iac (who owns the workspace), replace_key (whether another key may be
    replaced), rewrite and probe (what is to follow).

    Assumption: nothing of classic compute may run while the disks get their key; the vendor's pages do not say so
    clearly, so what runs is named and the step refused.
    """

    name = "entity_encryption"
    service = "arm_databricks"
    at = "arm"
    parents = ("workspaces",)
    owns = (
        "properties.encryption.entities.managedServices",
        "properties.encryption.entities.managedDisk",
        "properties.parameters.prepareEncryption",
    )
    partial = True
    keeps = True
    unverified = (
        *UNVERIFIED,
        "that compute has to be stopped before the disks get their key (no selftest can show it)",
    )
    outputs: ClassVar[dict[str, str]] = {"disk_identity": "disk_identity", "storage_identity": "storage_identity"}
    settings: ClassVar[dict[str, type]] = {
        "workspace": str,
        "feature": str,
        "features": list,
        "key_uri": str,
        "key_name": str,
        "key_version": str,
        "disks_follow_key": bool,
        "iac": str,
        "replace_key": bool,
        "rewrite": bool,
        "probe": bool,
    }

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        feature = str(settings.get("feature") or "")
        if feature not in FEATURES:
            raise Mistake(f"there is no feature {feature!r}", why=f"there are: {', '.join(FEATURES)}")
        arm_id = str(settings.get("workspace") or "")
        here = in_place.is_source(source, arm_id)
        if here:
            in_place.owned(source, settings)
            in_place.covered(source, settings)
        features = wanted(settings)
        if here and not features:
            raise Mistake("no feature is to be put under a key", why=f"there are: {', '.join(FEATURES)}")
        if feature not in features:
            return []
        if not arm_id:
            raise Mistake("which workspace?", next="set `workspace` to its ARM id")
        if feature == "dbfs_root":
            body: Body = {"properties": {"parameters": {"prepareEncryption": {"value": True}}}}
        else:
            if here:
                now = in_place.entity_key(source, ENTITIES[feature])
                key = key_properties(settings, "disks_" if feature == "managed_disks" else "")
                in_place.same_key(source, now, key, settings, feature.replace("_", " "))
            body = {"properties": {"encryption": {"entities": {ENTITIES[feature]: entity(settings, feature)}}}}
        if here and not covers(body, source.resource):
            _check(source, feature)
        at = ResourceId.parse(arm_id)
        return [Asset(arm_id, key_of(at), f"{feature} of {at.name}", of=("workspaces", key_of(at)), body=body)]

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        arm_id = str(settings.get("workspace") or "")
        try:
            return [_part(site.workspace(arm_id))] if arm_id else []
        except NotFound:
            return []

    def load(self, site: Subscription, entry: Entry) -> Asset:
        return _part(site.workspace(entry.id))

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        return put_part(site, want, have, want.body or {}, _part)

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        finish(site, made.id or asset.id, made, asset.body)


def _part(resource: Body) -> Asset:
    whole = loaded(resource)
    return Asset(whole.id, whole.key, whole.name, of=("workspaces", whole.key), body=whole.body)


def _check(source: Site, feature: str) -> None:
    """Raises Blocked where the feature cannot be switched on now. Reads only."""
    sku = str((source.resource.get("sku") or {}).get("name", "")).lower()
    if sku != "premium":
        raise Blocked(
            "the workspace is not Premium",
            subject=source.name,
            why=f"it is {sku or 'of no known tier'}; customer-managed keys are for Premium alone",
            next=f"az databricks workspace update --ids {source.arm_id} --sku premium",
        )
    if feature == "managed_disks" and (running := sorted(_running(source))):
        named = ", ".join(running[:5]) + (f" and {len(running) - 5} more" if len(running) > 5 else "")
        raise Blocked(
            "compute is running, which keeps disks without the key",
            subject=source.name,
            why=named,
            next="stop it, then the same command again",
        )


def _running(source: Site) -> Iterator[str]:
    """What of classic compute is not stopped: clusters, pools with machines, warehouses that are not serverless."""
    page: dict[str, Any] = {"page_size": 100}
    while page:
        found = source.read("/api/2.1/clusters/list", page)
        for one in found.get("clusters") or ():
            if str(one.get("state", "")) not in _STOPPED:
                yield f"cluster {one.get('cluster_name') or one['cluster_id']!r}"
        token = found.get("next_page_token")
        page = {"page_size": 100, "page_token": token} if token and token != page.get("page_token") else {}
    for one in source.read("/api/2.0/instance-pools/list").get("instance_pools") or ():
        stats = one.get("stats") or {}
        if any(int(stats.get(name) or 0) for name in ("idle_count", "used_count", "pending_idle_count")):
            yield f"pool {one.get('instance_pool_name')!r}"
    for one in source.read("/api/2.0/sql/warehouses").get("warehouses") or ():
        if str(one.get("state", "")) not in _STOPPED and not one.get("enable_serverless_compute"):
            yield f"warehouse {one.get('name')!r}"
