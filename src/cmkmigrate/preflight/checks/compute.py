"""PF18: what runs in the old workspace, or in the one that is changed in place."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import Any, Final

from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, warned

_STOPPED: Final = frozenset({"TERMINATED", "ERROR", "STOPPED", "DELETED"})
_SHOWN: Final = 20
_RUNS: Final = 25  # of active runs that are asked for; more are not counted


def running(ground: Ground) -> Iterable[Seen]:
    """PF18. What runs keeps disks without the key, and writes while it is copied. Whether services stop compute
    themselves when a key is set is not in the vendor's pages: for disks it is refused, otherwise told."""
    source = ground.source()
    refused = ground.in_place and "managed_disks" in ground.features
    found = [*_clusters(source), *_warehouses(source), *_runs(source), *_pools(source, refused)]
    host = f"DATABRICKS_HOST={source.url} "
    advice = "stop it, then look again" if refused else "`verify` finds what is written during the copy"
    why = "its disks are not under the key" if refused else "what it writes during the copy is not copied by itself"
    judge = failed if refused else warned
    seen = [judge(f"{what} is running: {why}", host + command, advice) for what, command in found[:_SHOWN]]
    if len(found) > _SHOWN:
        seen.append(judge(f"{len(found) - _SHOWN} more are running", advice=advice))
    return seen or [passed("no cluster, warehouse or job is running" + (", no pool holds machines" if refused else ""))]


def _clusters(source: Any) -> Iterator[tuple[str, str]]:
    query: dict[str, Any] = {"page_size": 100}
    while query:
        page = source.read("/api/2.1/clusters/list", query)
        for one in page.get("clusters") or ():
            if str(one.get("state", "")) not in _STOPPED:
                what = f"cluster {one.get('cluster_name') or one.get('cluster_id')}"
                yield what, f"databricks clusters delete {one.get('cluster_id')}"  # which only stops it
        token = page.get("next_page_token")
        query = {"page_size": 100, "page_token": token} if token and token != query.get("page_token") else {}


def _warehouses(source: Any) -> Iterator[tuple[str, str]]:
    for one in source.read("/api/2.0/sql/warehouses").get("warehouses") or ():
        if str(one.get("state", "")) not in _STOPPED and not one.get("enable_serverless_compute"):
            yield f"warehouse {one.get('name')}", f"databricks warehouses stop {one.get('id')}"


def _runs(source: Any) -> Iterator[tuple[str, str]]:
    for one in source.read("/api/2.1/jobs/runs/list", {"active_only": "true", "limit": _RUNS}).get("runs") or ():
        yield f"run {one.get('run_id')} of job {one.get('job_id')}", f"databricks jobs cancel-run {one.get('run_id')}"


def _pools(source: Any, disks: bool) -> Iterator[tuple[str, str]]:
    """Pools whose machines wait, with disks; where disks do not matter, these write nothing."""
    if not disks:
        return
    for one in source.read("/api/2.0/instance-pools/list").get("instance_pools") or ():
        idle = int((one.get("stats") or {}).get("idle_count") or 0)
        if idle:
            name, id, type = one.get("instance_pool_name"), one.get("instance_pool_id"), one.get("node_type_id")
            words = ["databricks", "instance-pools", "edit", str(id), str(name), str(type), "--min-idle-instances", "0"]
            yield f"pool {name} with {idle} idle machines", shlex.join(words)


CHECKS = (Check("PF18", "Running compute and jobs", running),)
