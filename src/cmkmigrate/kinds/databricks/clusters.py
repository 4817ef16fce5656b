"""All-purpose clusters. They arrive stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from typing import Any

from cmkmigrate.errors import NotYet
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.compute import compute_refs
from cmkmigrate.kinds.databricks.defaults import as_filled
from cmkmigrate.kinds.databricks.paging import pages
from cmkmigrate.model import Asset, Body, Entry, Made

CLUSTERS = "/api/2.1/clusters"
TAG = "cmkmigrate-src"
WAIT_S = 600.0  # for a cluster to stop; a machine that is just being started cannot be stopped faster
_STOPPED = frozenset({"TERMINATED", "ERROR"})
_FILLED = ("cluster_name", "autotermination_minutes", "azure_attributes", "driver_node_type_id", "enable_elastic_disk")
_ON_A_POOL = ("node_type_id", "driver_node_type_id", "enable_elastic_disk", "azure_attributes")


class Clusters(Kind):
    """Names are not unique, so the source's id is kept as the custom tag `cmkmigrate-src`. Only clusters made by people
    or by the API are listed; those of jobs, pipelines, warehouses and models are made by what they belong to.

    `pinned` in the body is true where the cluster is pinned (the API says only by whom); it is set after the creation.
    Creating starts machines, so `settle` stops the cluster. The creator is whoever runs the migration.
    """

    name = "clusters"
    service = "clusters"
    permission_type = "clusters"
    marker_path = f"custom_tags.{TAG}"
    deferred = ("pinned",)
    one_write = False  # what it is, and whether it is pinned
    refs = tuple(compute_refs(""))
    server_owned = frozenset(
        {
            "cluster_cores", "cluster_id", "cluster_log_status", "cluster_memory_mb", "cluster_source",
            "creator_user_name", "default_tags", "driver", "executors", "jdbc_port", "last_activity_time",
            "last_restarted_time", "last_state_loss_time", "pinned_by_user_name", "spark_context_id", "spec",
            "start_time", "state", "state_message", "terminated_time", "termination_reason",
        }
    )  # fmt: skip

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        query = {"page_size": 100, "filter_by.cluster_sources": ["UI", "API"]}
        seen: set[str] = set()
        for found in pages(site, f"{CLUSTERS}/list", query, "clusters"):
            if found["cluster_id"] not in seen:
                seen.add(found["cluster_id"])
                yield Entry(
                    str(found["cluster_id"]),
                    name=str(found.get("cluster_name", "")),
                    marker=str((found.get("custom_tags") or {}).get(TAG, "")),
                )

    def load(self, site: Site, entry: Entry) -> Asset:
        body = portable_compute(site.read(f"{CLUSTERS}/get", {"cluster_id": entry.id}))
        if body.get("pinned_by_user_name"):
            body["pinned"] = True
        return Asset(entry.id, entry.key, str(body.get("cluster_name", "")), entry.marker, body=body)

    def create(self, site: Site, asset: Asset) -> Made:
        """The idempotency token (64 characters at most) lets the service itself refuse a twin while the cluster
        runs; it is not in the SDK, only on the wire."""
        assert asset.body is not None
        said = {name: value for name, value in asset.body.items() if name != "pinned"}
        marker = str((said.get("custom_tags") or {}).get(TAG) or asset.id)
        said["idempotency_token"] = hashlib.sha256(f"clusters:{marker}".encode()).hexdigest()[:32]
        return Made(str(site.write("POST", f"{CLUSTERS}/create", said)["cluster_id"]))

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        """Pins or unpins, and edits what else differs; both can be repeated. Edit wants the whole cluster, and one
        that is running or stopped."""
        assert want.body is not None and have.body is not None
        wanted = {name: value for name, value in want.body.items() if name != "pinned"}
        had = {name: value for name, value in have.body.items() if name not in self.server_owned | {"pinned"}}
        if wanted != had:
            site.write("POST", f"{CLUSTERS}/edit", wanted | {"cluster_id": have.id})
        if bool(want.body.get("pinned")) != bool(have.body.get("pinned")):
            verb = "pin" if want.body.get("pinned") else "unpin"
            site.write("POST", f"{CLUSTERS}/{verb}", {"cluster_id": have.id})
        return Made(have.id)

    def settle(self, site: Site, asset: Asset, made: Made) -> None:
        """Stop it and wait until it is stopped. Raises NotYet when it is not after ten minutes."""
        end, pause, asked = time.monotonic() + WAIT_S, 0.2, False
        while (state := str(site.read(f"{CLUSTERS}/get", {"cluster_id": made.id}).get("state"))) not in _STOPPED:
            if state != "TERMINATING" and not asked:
                site.write("POST", f"{CLUSTERS}/delete", {"cluster_id": made.id})
                asked = True
                continue
            if time.monotonic() > end:
                raise NotYet(f"cluster {made.id} is {state} and does not stop")
            time.sleep(pause)
            pause = min(pause * 2, 10.0)

    def fit(self, want: Body, have: Body) -> Body:
        return as_filled(want, have, _FILLED)

    def delete(self, site: Site, entry: Entry) -> None:
        site.write("POST", f"{CLUSTERS}/permanent-delete", {"cluster_id": entry.id})

    def forecast(self, site: Site, bodies: Iterable[Body]) -> str:
        """Cores that creating these starts before they are stopped: driver and least workers of each."""
        types = site.read(f"{CLUSTERS}/list-node-types").get("node_types") or ()
        cores = {str(one["node_type_id"]): float(one.get("num_cores") or 0) for one in types}
        total, count, pooled, strange = 0.0, 0, 0, set()
        for body in bodies:
            count += 1
            if body.get("instance_pool_id"):
                pooled += 1
                continue
            worker = str(body.get("node_type_id", ""))
            driver = str(body.get("driver_node_type_id") or worker)
            strange |= {one for one in (worker, driver) if one not in cores}
            total += cores.get(driver, 0) + cores.get(worker, 0) * _workers(body)
        if not count:
            return ""
        said = f"creating {count} clusters starts {total:g} cores for a moment"
        if pooled:
            said += f"; {pooled} of them take machines from pools, which are not counted"
        if strange:
            said += f"; without a known number of cores: {', '.join(sorted(strange))}"
        return said


def portable_compute(cluster: Body) -> Body:
    """A cluster without what the service fills in from its pool, and which it refuses beside one
    (terraform-provider-databricks, clusters)."""
    body = dict(cluster)
    if body.get("instance_pool_id"):
        for name in _ON_A_POOL:
            body.pop(name, None)
    else:
        body.pop("driver_instance_pool_id", None)
    return body


def _workers(body: Body) -> int:
    scale: dict[str, Any] = body.get("autoscale") or {}
    return int(scale.get("min_workers") or 0) if scale else int(body.get("num_workers") or 0)
