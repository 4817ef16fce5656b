"""PF18."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from cmkmigrate.preflight.checks.compute import running
from tests.preflight.fakes import Stage, judged, pasted, statuses

CLUSTERS, WAREHOUSES = "/api/2.1/clusters/list", "/api/2.0/sql/warehouses"
RUNS, POOLS = "/api/2.1/jobs/runs/list", "/api/2.0/instance-pools/list"
POOL = {"instance_pool_id": "p1", "instance_pool_name": "two words", "node_type_id": "Standard_DS3_v2"}


def test_nothing_runs(stage: Stage) -> None:
    stage.source.put(CLUSTERS, {"clusters": [{"cluster_id": "c", "state": "TERMINATED"}]})
    stage.source.put(WAREHOUSES, {"warehouses": [{"id": "w", "state": "RUNNING", "enable_serverless_compute": True}]})
    stage.source.put(POOLS, {"instance_pools": [POOL | {"stats": {"idle_count": 0, "used_count": 1}}]})
    for playbook in ("cmk-migration", "enable-in-place"):
        assert statuses(running(stage.ground(playbook))) == ["pass"]


@pytest.mark.parametrize(
    ("path", "answer", "command"),
    [
        (CLUSTERS, {"clusters": [{"cluster_id": "c1", "state": "RUNNING"}]}, ["clusters", "delete", "c1"]),
        (CLUSTERS, {"clusters": [{"cluster_id": "c1"}]}, ["clusters", "delete", "c1"]),
        (WAREHOUSES, {"warehouses": [{"id": "w1", "name": "bi", "state": "STARTING"}]}, ["warehouses", "stop", "w1"]),
        (RUNS, {"runs": [{"run_id": 7, "job_id": 3}]}, ["jobs", "cancel-run", "7"]),
    ],
)
def test_what_runs_is_told_or_refused(stage: Stage, path: str, answer: Any, command: list[str]) -> None:
    stage.source.put(path, answer)
    for playbook, params, status in (
        ("cmk-migration", {}, "warn"),
        ("enable-in-place", {}, "fail"),
        ("enable-in-place", {"features": ["managed_services"]}, "warn"),
    ):
        (one,) = judged(running(stage.ground(playbook, **params)))
        assert one.status == status
        assert pasted(one.fix) == ["databricks", *command]
        assert shlex.split(one.fix)[0] == f"DATABRICKS_HOST={stage.source.url}"


def test_a_pool_that_holds_machines(stage: Stage) -> None:
    stage.source.put(POOLS, {"instance_pools": [POOL | {"stats": {"idle_count": 2}}]})
    (one,) = judged(running(stage.ground("enable-in-place")))
    assert one.status == "fail" and "2 idle" in one.evidence
    assert pasted(one.fix)[3:5] == ["p1", "two words"]
    assert statuses(running(stage.ground())) == ["pass"], "they write nothing"


def test_every_page_and_not_for_ever(stage: Stage) -> None:
    def pages(query: dict[str, Any]) -> dict[str, Any]:
        number = int(query.get("page_token") or 0)
        listed = [{"cluster_id": f"c{number}-{at}", "state": "RUNNING"} for at in range(10)]
        return {"clusters": listed, "next_page_token": str(number + 1) if number < 2 else str(number)}

    stage.source.put(CLUSTERS, pages)
    found = judged(running(stage.ground()))
    assert len(found) == 21 and "10 more" in found[-1].evidence
