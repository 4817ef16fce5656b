"""Microsoft.Compute: the quota of cores of a region, and how much of it is in use (`locations/{location}/usages`).

Shape: the official example of the usages list. The limit is the setting `core_quota`; in use are the cores of the
machines that run for the sandbox's workspaces in that region. A cluster that would need more does not start, in words
that users met (databricks-industry-solutions/pixels#24, databricks-demos/dbdemos#122). Assumption: each family may use
all of the quota, so that only the total counts.
"""

from __future__ import annotations

import re

from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.databricks.node_types import SIZES, cores
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

RUNNING = ("PENDING", "RUNNING", "RESTARTING", "RESIZING")
# Assumption: what a family of machines is called is in their size, as in Standard_DS3_v2: standardDSv2Family.
_SIZE = re.compile(r"Standard_(?P<series>[A-Z]+?)\d+(?P<marks>[a-z]*)(?:_[A-Z]\w*?)??(?:_(?P<version>v\d))?")


def family(size: str) -> str:
    """The family that a machine size counts against, by its name; "" for a name of another form."""
    found = _SIZE.fullmatch(size)
    return f"standard{found['series']}{found['marks'].upper()}{found['version'] or ''}Family" if found else ""


def in_use(cloud: Cloud, location: str) -> dict[str, int]:
    """Cores of the machines that run, by family."""
    used: dict[str, int] = {}
    for workspace in cloud.workspaces.values():
        state = cloud.served.get(workspace.label)
        if state is None or workspace.location != location:
            continue
        for cluster in state.clusters.values():
            if cluster.get("state") not in RUNNING:
                continue
            workers = cluster.get("num_workers")
            if workers is None:
                workers = (cluster.get("autoscale") or {}).get("min_workers", 0)
            pool = state.pools.get(str(cluster.get("instance_pool_id")), {})
            node = str(cluster.get("node_type_id") or pool.get("node_type_id") or "")
            driver = str(cluster.get("driver_node_type_id") or node)
            for size, count in ((driver, 1), (node, int(workers))):
                used[family(size)] = used.get(family(size), 0) + int(cores(size)) * count
    return used


def refusal(cloud: Cloud, location: str) -> str:
    """Why the machines that are to start now do not, "" when they do."""
    limit, needed = cloud.settings.core_quota, sum(in_use(cloud, location).values())
    if needed <= limit:
        return ""
    return (
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional "
        f"details - Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, (Minimum) New "
        f"Limit Required: {needed}."
    )


def _usage(name: str, label: str, limit: int, used: int) -> Body:
    return {
        "limit": limit,
        "unit": "Count",
        "currentValue": used,
        "name": {"value": name, "localizedValue": label},
    }


@route("GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages")
def list_usages(cloud: Cloud, request: Request) -> Response:
    used, limit = in_use(cloud, request.params["location"].lower()), cloud.settings.core_quota
    families = dict.fromkeys(sorted(filter(None, map(family, SIZES))))
    shown = [_usage("cores", "Total Regional vCPUs", limit, sum(used.values()))]
    shown += [_usage(one, f"{one} vCPUs", limit, used.get(one, 0)) for one in families]
    return json_response({"value": shown})
