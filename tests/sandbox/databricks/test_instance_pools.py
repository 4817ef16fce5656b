"""Instance pools: unique names, idle machines are counted, edit keeps what cannot be edited."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import Workspace

POOLS = "/api/2.0/instance-pools"
POOL = {"instance_pool_name": "p", "node_type_id": "Standard_DS3_v2"}


def test_unknown_fields_are_kept(new: Workspace) -> None:
    id = new.post(f"{POOLS}/create", **POOL, new_field={"a": 1})["instance_pool_id"]
    body = new.get(f"{POOLS}/get", instance_pool_id=id)
    assert body["new_field"] == {"a": 1}
    assert (body["state"], body["min_idle_instances"]) == ("ACTIVE", 0)


def test_names_are_unique_unless_switched_off(new: Workspace) -> None:
    new.post(f"{POOLS}/create", **POOL)
    assert new.refused("POST", f"{POOLS}/create", POOL)[1] == "RESOURCE_ALREADY_EXISTS"
    new.state.unique_pool_names = False
    new.post(f"{POOLS}/create", **POOL)
    assert len(new.get(f"{POOLS}/list")["instance_pools"]) == 2


def test_edit(new: Workspace) -> None:
    id = new.post(f"{POOLS}/create", **POOL, preloaded_spark_versions=["x"], max_capacity=3)["instance_pool_id"]
    new.post(f"{POOLS}/edit", instance_pool_id=id, **POOL, min_idle_instances=2)
    body = new.get(f"{POOLS}/get", instance_pool_id=id)
    assert (body["preloaded_spark_versions"], body.get("max_capacity"), body["min_idle_instances"]) == (["x"], None, 2)
    assert new.state.started["idle_instances"] == 2


def test_missing(new: Workspace) -> None:
    assert new.refused("GET", f"{POOLS}/get", instance_pool_id="x")[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
