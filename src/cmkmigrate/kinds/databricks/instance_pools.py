"""Instance pools: idle machines that clusters start on."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.defaults import as_filled
from cmkmigrate.model import Asset, Body, Entry, Made

POOLS = "/api/2.0/instance-pools"
_FILLED = ("azure_attributes", "enable_elastic_disk", "idle_instance_autotermination_minutes")


class InstancePools(Kind):
    """Known by name. A pool arrives with no idle machines: they would cost money from the first minute. The password
    of a preloaded Docker image comes back redacted and has to be set by hand."""

    name = "instance_pools"
    service = "instance_pools"
    permission_type = "instance-pools"
    arriving = {"min_idle_instances": 0}
    server_owned = frozenset({"instance_pool_id", "default_tags", "state", "stats", "status"})
    # `edit` takes none of these, or keeps the old value (vendor SDK: parameters of edit and create).
    immutable = (
        "node_type_id",
        "azure_attributes",
        "disk_spec",
        "enable_elastic_disk",
        "node_type_flexibility",
        "preloaded_docker_images",
        "preloaded_spark_versions",
    )

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for found in site.read(f"{POOLS}/list").get("instance_pools") or ():
            name = str(found["instance_pool_name"])
            yield Asset(str(found["instance_pool_id"]), name, name, body=found)

    def create(self, site: Site, asset: Asset) -> Made:
        return Made(str(site.write("POST", f"{POOLS}/create", asset.body)["instance_pool_id"]))

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        assert want.body is not None
        kept = set(self.immutable) - {"node_type_id"}  # which edit demands
        said = {name: value for name, value in want.body.items() if name not in kept}
        site.write("POST", f"{POOLS}/edit", said | {"instance_pool_id": have.id})
        return Made(have.id)

    def fit(self, want: Body, have: Body) -> Body:
        return as_filled(want, have, _FILLED)

    def delete(self, site: Site, entry: Entry) -> None:
        site.write("POST", f"{POOLS}/delete", {"instance_pool_id": entry.id})
