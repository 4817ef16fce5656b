"""The probe: the smallest machine, its end, and what a start that was refused says."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Refused
from cmkmigrate.kinds.databricks.disk_probe import CLUSTERS, TAG, DiskProbe
from cmkmigrate.model import Asset, Made
from tests.kinds.fake_site import FakeSite

KIND = DiskProbe()
KEY = {"key_uri": "https://kv.vault.azure.test/", "key_name": "cmk", "key_version": "v1"}
REFUSED = {
    "code": "CLOUD_PROVIDER_LAUNCH_FAILURE",
    "parameters": {"azure_error_message": "KeyVaultAccessForbidden: no"},
}


class Site(FakeSite):
    name, poll_s = "old", 0.0


def site(*states: dict[str, Any]) -> Site:
    found = Site().on(f"{CLUSTERS}/get", *states)
    versions = [
        {"key": "15.4.x-scala2.12", "name": "15.4 LTS"},
        {"key": "16.4.x-scala2.12", "name": "16.4 LTS"},
        {"key": "17.0.x-scala2.13", "name": "17.0"},
        {"key": "17.3.x-cpu-ml-scala2.13", "name": "17.3 LTS ML"},
    ]
    sizes = [
        {"node_type_id": "gpu", "num_cores": 1, "num_gpus": 1},
        {"node_type_id": "gone", "num_cores": 1, "is_deprecated": True},
        {"node_type_id": "elsewhere", "num_cores": 1, "node_info": {"status": ["NotAvailableInRegion"]}},
        {"node_type_id": "large", "num_cores": 8, "memory_mb": 8},
        {"node_type_id": "small", "num_cores": 4, "memory_mb": 9, "node_info": {"status": []}},
    ]
    found.on(f"{CLUSTERS}/spark-versions", {"versions": versions})
    found.on(f"{CLUSTERS}/list-node-types", {"node_types": sizes})
    found.resource = {}  # type: ignore[attr-defined]
    return found


def wanted(at: Site, **key: str) -> Asset:
    (one,) = KIND.desired(at, KEY | key, lambda kind: [])
    assert isinstance(one, Asset) and one.body is not None
    return one


def test_the_smallest_and_one_for_each_key() -> None:
    one = wanted(site())
    body = one.body or {}
    assert (body["node_type_id"], body["spark_version"], body["num_workers"]) == ("small", "16.4.x-scala2.12", 0)
    assert body["autotermination_minutes"] == 10 and body["custom_tags"][TAG] == one.hint
    assert wanted(site()).hint == one.hint != wanted(site(), key_version="v2").hint


def paths(at: Site) -> list[str]:
    return [path.rpartition("/")[2] for _, path, _ in at.written]


def test_it_came_to_life() -> None:
    at = site({"state": "PENDING"}, {"state": "RUNNING"})
    KIND.settle(at, wanted(at), Made("c1"))
    assert paths(at) == ["permanent-delete"]


def test_a_run_that_ended_by_itself_had_started() -> None:
    at = site({"state": "TERMINATED", "termination_reason": {"code": "INACTIVITY"}})
    KIND.settle(at, wanted(at), Made("c1"))
    assert paths(at) == ["permanent-delete"]


def test_a_grant_that_takes_effect_late() -> None:
    at = site({"state": "TERMINATED", "termination_reason": REFUSED}, {"state": "RUNNING"})
    KIND.settle(at, wanted(at), Made("c1"))
    assert paths(at) == ["start", "permanent-delete"]


@pytest.mark.parametrize(
    ("reason", "starts"), [(REFUSED, 4), ({"code": "CLOUD_PROVIDER_RESOURCE_STOCKOUT", "parameters": {}}, 0)]
)
def test_what_does_not_start_fails_with_the_services_reason(reason: dict[str, Any], starts: int) -> None:
    at = site({"state": "TERMINATED", "termination_reason": reason})
    with pytest.raises(Refused, match=reason["code"]):
        KIND.settle(at, wanted(at), Made("c1"))
    assert paths(at) == ["start"] * starts + ["permanent-delete"]


def test_there_must_be_something_to_start() -> None:
    at = site()
    at.on(f"{CLUSTERS}/spark-versions", {})
    with pytest.raises(Refused, match="no runtime"):
        wanted(at)


def test_only_what_is_tagged_is_found() -> None:
    listed = [{"cluster_id": "a", "custom_tags": {TAG: "x"}}, {"cluster_id": "b"}]
    at = site().on(f"{CLUSTERS}/list", {"clusters": listed})
    assert [(one.id, one.key) for one in KIND.list(at, {}, lambda kind: [])] == [("a", "disks")]
