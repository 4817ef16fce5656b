"""A cluster of one machine on the ground: started, looked at, and deleted for good. Only where compute was allowed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from cmkmigrate.cli.live.check import NotSettled, Seen
from cmkmigrate.cli.live.ground import GRANT_S, Ground
from cmkmigrate.clients.databricks import Workspace

START_S: Final = 1200.0
STANDING: Final = ("RUNNING", "TERMINATED", "ERROR")


def start(ground: Ground, arm_id: str) -> Seen:
    """Start a cluster, and how that ended: its state, and of one that did not come to life why."""
    with _cluster(ground, arm_id) as found:
        seen: Seen = {"state": found.get("state")}
        reason = found.get("termination_reason") or {}
        if seen["state"] != "RUNNING":
            seen |= {"code": reason.get("code"), "type": reason.get("type")}
            seen["text"] = " ".join(str(one) for _, one in sorted((reason.get("parameters") or {}).items()))
        return seen


@contextmanager
def running(ground: Ground, arm_id: str) -> Iterator[None]:
    """A cluster that runs; tried again while the grants take effect. Raises NotSettled where none comes to life."""
    until = time.monotonic() + GRANT_S
    while True:
        with _cluster(ground, arm_id) as found:
            if found.get("state") == "RUNNING":
                yield
                return
            if time.monotonic() > until:
                raise NotSettled(f"no cluster came to life: {ground.scrub.text(str(found.get('state_message')))}")
        time.sleep(ground.site.poll_s)


@contextmanager
def _cluster(ground: Ground, arm_id: str) -> Iterator[dict[str, Any]]:
    site = ground.cloud.workspace(arm_id)
    made = site.write("POST", "/api/2.1/clusters/create", _wanted(site))
    found: dict[str, Any] = {}

    def ended() -> bool:
        nonlocal found
        found = site.read("/api/2.1/clusters/get", {"cluster_id": made["cluster_id"]})
        return found.get("state") in STANDING

    try:
        ground.until(ended, "the cluster does not start", START_S)
        yield found
    finally:
        site.write("POST", "/api/2.1/clusters/permanent-delete", {"cluster_id": made["cluster_id"]})


def _wanted(site: Workspace) -> dict[str, Any]:
    """The newest runtime with long-term support, on the smallest machine that is offered."""
    versions = site.read("/api/2.1/clusters/spark-versions").get("versions") or []
    lasting = [str(one["key"]) for one in versions if "LTS" in str(one.get("name")) and "-ml" not in str(one["key"])]
    lasting = [one for one in lasting if "photon" not in one and "aarch" not in one]
    sizes = site.read("/api/2.1/clusters/list-node-types").get("node_types") or []
    offered = [one for one in sizes if not one.get("is_deprecated") and not one.get("num_gpus")]
    if not lasting or not offered:
        raise NotSettled("the workspace offers no runtime with long-term support, or no machine")
    newest = max(lasting, key=lambda key: [int(one) for one in re.findall(r"\d+", key)[:2]])
    smallest = min(offered, key=lambda one: (one.get("num_cores") or 0, one.get("memory_mb") or 0))
    return {
        "cluster_name": "selftest",
        "spark_version": newest,
        "node_type_id": smallest["node_type_id"],
        "num_workers": 0,
        "autotermination_minutes": 10,
        "spark_conf": {"spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]"},
        "custom_tags": {"ResourceClass": "SingleNode"},
    }
