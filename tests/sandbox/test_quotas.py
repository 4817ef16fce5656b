"""The quota of cores, and what of it is in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmkmigrate.sandbox.quotas import family
from tests.sandbox.conftest import Body, Inside

VERSION = "2024-07-01"


@pytest.mark.parametrize(
    ("size", "named"),
    [
        ("Standard_DS3_v2", "standardDSv2Family"),
        ("Standard_D4ds_v5", "standardDDSv5Family"),
        ("Standard_E8ds_v4", "standardEDSv4Family"),
        ("Standard_F4", "standardFFamily"),
        ("Standard_NC4as_T4_v3", "standardNCASv3Family"),
        ("huge", ""),
    ],
)
def test_families(size: str, named: str) -> None:
    assert family(size) == named


def usages(inside: Inside, location: str = "westeurope") -> dict[str, Body]:
    path = f"providers/Microsoft.Compute/locations/{location}/usages"
    found = inside.arm("GET", path, version=VERSION).json["value"]
    return {one["name"]["value"]: one for one in found}


def test_running_machines_count(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"settings": {"core_quota": 10}})
    assert (usages(inside)["cores"]["limit"], usages(inside)["cores"]["currentValue"]) == (10, 0)
    machines = {"node_type_id": "Standard_DS3_v2", "num_workers": 2}
    body = {"cluster_name": "c", "spark_version": "15.4.x-scala2.12", **machines}
    assert inside.databricks("POST", "/api/2.1/clusters/create", body).status == 200
    found = usages(inside)
    assert found["cores"]["currentValue"] == found["standardDSv2Family"]["currentValue"] == 12
    assert usages(inside, "eastus")["cores"]["currentValue"] == 0


def test_too_many_cores(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"settings": {"core_quota": 10}})
    inside.cloud.served[inside.workspace.label].start_seconds = 0.0
    machines = {"cluster_name": "c", "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2"}

    def started(workers: int) -> Body:
        body = {**machines, "num_workers": workers}
        id = inside.databricks("POST", "/api/2.1/clusters/create", body).json["cluster_id"]
        return dict(inside.databricks("GET", f"/api/2.1/clusters/get?cluster_id={id}").json)

    assert started(1)["state"] == "RUNNING"
    refused = started(0)
    assert refused["state"] == "TERMINATED"
    assert refused["termination_reason"]["code"] == "AZURE_QUOTA_EXCEEDED_EXCEPTION"
    assert "Current Limit: 10, (Minimum) New Limit Required: 12" in refused["state_message"]
    assert usages(inside)["cores"]["currentValue"] == 8, "what did not start takes none"
    inside.cloud.settings.put({"core_quota": 12})
    assert started(0)["state"] == "RUNNING"
