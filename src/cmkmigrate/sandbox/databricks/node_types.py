"""Machine sizes and runtimes that clusters may ask for: an excerpt of what a region offers.

Sources: sizes of Azure's general, memory, compute and GPU series; runtime keys as the vendor's release notes write
them. Creation of a cluster does not check against these lists: real estates hold sizes and runtimes that are long gone.
"""

from __future__ import annotations

import re

from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

# size: (cores, memory in MB)
SIZES: dict[str, tuple[float, int]] = {
    "Standard_DS3_v2": (4, 14336),
    "Standard_DS4_v2": (8, 28672),
    "Standard_DS5_v2": (16, 57344),
    "Standard_DS12_v2": (4, 28672),
    "Standard_DS13_v2": (8, 57344),
    "Standard_DS14_v2": (16, 114688),
    "Standard_D3_v2": (4, 14336),
    "Standard_D4_v2": (8, 28672),
    "Standard_D12_v2": (4, 28672),
    "Standard_D4s_v3": (4, 16384),
    "Standard_D8s_v3": (8, 32768),
    "Standard_D16s_v3": (16, 65536),
    "Standard_D4s_v5": (4, 16384),
    "Standard_D8s_v5": (8, 32768),
    "Standard_D4ds_v4": (4, 16384),
    "Standard_D4ds_v5": (4, 16384),
    "Standard_D8ds_v5": (8, 32768),
    "Standard_D16ds_v5": (16, 65536),
    "Standard_D4ads_v5": (4, 16384),
    "Standard_D8ads_v5": (8, 32768),
    "Standard_DC4as_v5": (4, 16384),
    "Standard_E4s_v3": (4, 32768),
    "Standard_E8s_v3": (8, 65536),
    "Standard_E4ds_v4": (4, 32768),
    "Standard_E8ds_v4": (8, 65536),
    "Standard_E16ds_v4": (16, 131072),
    "Standard_E4ds_v5": (4, 32768),
    "Standard_E8ds_v5": (8, 65536),
    "Standard_E16ds_v5": (16, 131072),
    "Standard_L4s": (4, 32768),
    "Standard_L8s_v2": (8, 65536),
    "Standard_L8s_v3": (8, 65536),
    "Standard_F4": (4, 8192),
    "Standard_F4s": (4, 8192),
    "Standard_F8s": (8, 16384),
    "Standard_F8s_v2": (8, 16384),
    "Standard_NC6s_v3": (6, 114688),
    "Standard_NC12s_v3": (12, 229376),
    "Standard_NC4as_T4_v3": (4, 28672),
}
RUNTIMES = {
    "17.3.x-scala2.13": "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)",
    "16.4.x-scala2.12": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)",
    "16.4.x-cpu-ml-scala2.12": "16.4 LTS ML (includes Apache Spark 3.5.2, Scala 2.12)",
    "15.4.x-scala2.12": "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "15.4.x-cpu-ml-scala2.12": "15.4 LTS ML (includes Apache Spark 3.5.0, Scala 2.12)",
    "14.3.x-scala2.12": "14.3 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "14.3.x-cpu-ml-scala2.12": "14.3 LTS ML (includes Apache Spark 3.5.0, Scala 2.12)",
    "13.3.x-scala2.12": "13.3 LTS (includes Apache Spark 3.4.1, Scala 2.12)",
    "12.2.x-scala2.12": "12.2 LTS (includes Apache Spark 3.3.2, Scala 2.12)",
}


def cores(size: str) -> float:
    """The cores of a machine size; for one that is not listed, what its name says, else 4."""
    if size in SIZES:
        return SIZES[size][0]
    found = re.match(r"Standard_[A-Z]+(\d+)", size)
    return float(found[1]) if found else 4.0


def _category(size: str) -> str:
    series = size.removeprefix("Standard_")
    if series.startswith("NC"):
        return "GPU Accelerated"
    named = {"E": "Memory Optimized", "L": "Storage Optimized", "F": "Compute Optimized"}
    return named.get(series[0], "General Purpose")


@route("GET", "/api/2.1/clusters/list-node-types")
@route("GET", "/api/2.0/clusters/list-node-types")
def list_node_types(state: WorkspaceState, request: Request) -> Response:
    found: list[Body] = [
        {
            "node_type_id": size,
            "instance_type_id": size,
            "description": size,
            "num_cores": float(count),
            "memory_mb": memory,
            "category": _category(size),
            "is_deprecated": False,
            "is_hidden": False,
            "is_io_cache_enabled": False,
            "num_gpus": 1 if size.startswith("Standard_NC") else 0,
            "node_info": {"status": []},
        }
        for size in state.born.get("node_types") or SIZES
        for count, memory in (SIZES.get(size, (cores(size), int(cores(size)) * 4096)),)
    ]
    return json_response({"node_types": found})


@route("GET", "/api/2.1/clusters/spark-versions")
@route("GET", "/api/2.0/clusters/spark-versions")
def list_spark_versions(state: WorkspaceState, request: Request) -> Response:
    """The runtimes of the workspace; one that an estate names, and this excerpt has not, by its key alone."""
    keys = state.born.get("runtimes") or RUNTIMES
    return json_response({"versions": [{"key": key, "name": RUNTIMES.get(key, key)} for key in keys]})


@route("GET", "/api/2.1/clusters/list-zones")
@route("GET", "/api/2.0/clusters/list-zones")
def list_zones(state: WorkspaceState, request: Request) -> Response:
    return json_response({"zones": ["1", "2", "3"], "default_zone": "auto"})
