"""Clusters: starting and stopping, defaults, lists with filters, pins, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.sandbox.wire import Clock
from tests.sandbox.databricks.conftest import OPERATOR, Workspace

CLUSTERS = "/api/2.1/clusters"
CLUSTER: dict[str, Any] = {
    "cluster_name": "c",
    "spark_version": "x",
    "node_type_id": "Standard_DS3_v2",
    "num_workers": 1,
}


def made(workspace: Workspace, **more: Any) -> str:
    return str(workspace.post(f"{CLUSTERS}/create", **{**CLUSTER, **more})["cluster_id"])


def got(workspace: Workspace, id: str) -> Any:
    return workspace.get(f"{CLUSTERS}/get", cluster_id=id)


def stopped(workspace: Workspace, clock: Clock, **more: Any) -> str:
    id = made(workspace, **more)
    workspace.post(f"{CLUSTERS}/delete", cluster_id=id)
    clock.advance(10)
    return id


def test_create_starts_it(new: Workspace, clock: Clock) -> None:
    id = made(new, new_field=[1])
    assert got(new, id)["state"] == "PENDING"
    clock.advance(10)
    body = got(new, id)
    assert (body["state"], body["cluster_source"], body["creator_user_name"]) == ("RUNNING", "API", OPERATOR)
    assert (body["new_field"], body["driver_node_type_id"]) == ([1], "Standard_DS3_v2")
    assert new.state.started["clusters"] == 1
    new.post(f"{CLUSTERS}/delete", cluster_id=id)
    assert got(new, id)["state"] == "TERMINATING"
    clock.advance(10)
    assert got(new, id)["state"] == "TERMINATED"
    new.post(f"{CLUSTERS}/start", cluster_id=id)
    assert got(new, id)["state"] == "PENDING"


def test_names_are_not_unique_but_tokens_are(new: Workspace, clock: Clock) -> None:
    assert made(new) != made(new)
    first = made(new, idempotency_token="t")
    assert made(new, idempotency_token="t") == first
    assert "idempotency_token" not in got(new, first)
    new.post(f"{CLUSTERS}/delete", cluster_id=first)
    clock.advance(10)
    assert made(new, idempotency_token="t") != first


def test_single_user_is_the_caller_unless_said(new: Workspace) -> None:
    assert got(new, made(new, data_security_mode="SINGLE_USER"))["single_user_name"] == OPERATOR
    id = made(new, data_security_mode="SINGLE_USER", single_user_name="a@x.example")
    assert got(new, id)["single_user_name"] == "a@x.example"


def test_policy_defaults_come_back_in_spec_alone(new: Workspace) -> None:
    body = got(new, made(new, apply_policy_default_values=True))
    assert "apply_policy_default_values" not in body and body["spec"]["apply_policy_default_values"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"spark_version": None},
        {"node_type_id": None},
        {"policy_id": "gone"},
        {"instance_pool_id": "gone", "node_type_id": None},
        {"instance_pool_id": "pool"},
        {"instance_pool_id": "pool", "node_type_id": None, "azure_attributes": {"first_on_demand": 1}},
    ],
)
def test_what_create_refuses(new: Workspace, change: dict[str, Any]) -> None:
    pool = new.post("/api/2.0/instance-pools/create", instance_pool_name="p", node_type_id="x")["instance_pool_id"]
    body = {**CLUSTER, **change}
    if body.get("instance_pool_id") == "pool":
        body["instance_pool_id"] = pool
    assert new.refused("POST", f"{CLUSTERS}/create", body)[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_missing_cluster_is_a_400(new: Workspace) -> None:
    refused = new.refused("GET", f"{CLUSTERS}/get", cluster_id="x")
    assert refused == (400, "INVALID_PARAMETER_VALUE", "Cluster x does not exist")


def test_edit_wants_a_resting_state(new: Workspace, clock: Clock) -> None:
    id = made(new, spark_conf={"a": "b"})
    body = {**CLUSTER, "cluster_id": id, "num_workers": 7}
    assert new.refused("POST", f"{CLUSTERS}/edit", body)[1] == "INVALID_STATE"
    clock.advance(10)
    new.post(f"{CLUSTERS}/edit", **body)
    assert got(new, id)["state"] == "RESTARTING"
    assert (got(new, id)["num_workers"], "spark_conf" in got(new, id)) == (7, False)


def test_list_filters_and_pages(old: Workspace) -> None:
    first = old.get(f"{CLUSTERS}/list", page_size=5)
    rest = old.get(f"{CLUSTERS}/list", page_size=5, page_token=first["next_page_token"])
    assert (len(first["clusters"]), len(rest["clusters"]), rest["next_page_token"]) == (5, 2, "")
    pinned = old.get(f"{CLUSTERS}/list", **{"filter_by.is_pinned": "true"})["clusters"]
    assert sorted(one["cluster_name"] for one in pinned) == ["ad hoc", "cape line"]
    sources = {"filter_by.cluster_sources": ["JOB", "API"]}
    assert "clusters" not in old.get(f"{CLUSTERS}/list", **sources)
    assert len(old.get("/api/2.0/clusters/list")["clusters"]) == 7
    assert old.refused("GET", f"{CLUSTERS}/list", page_size=101)[0] == 400


def test_terminated_clusters_are_forgotten_unless_pinned(new: Workspace, clock: Clock) -> None:
    kept, lost = stopped(new, clock), stopped(new, clock)
    new.post(f"{CLUSTERS}/pin", cluster_id=kept)
    assert got(new, kept)["pinned_by_user_name"] == OPERATOR
    clock.advance(31 * 86_400)
    assert [one["cluster_id"] for one in new.get(f"{CLUSTERS}/list")["clusters"]] == [kept]
    assert got(new, lost)
    clock.advance(31 * 86_400)
    assert new.refused("GET", f"{CLUSTERS}/get", cluster_id=lost)[0] == 400


def test_disks_without_a_key_stop_the_start(new: Workspace, clock: Clock) -> None:
    new.state.compute_refusal = lambda: "the key is out of reach"
    id = made(new)
    clock.advance(10)
    assert got(new, id)["state"] == "TERMINATED"
    assert got(new, id)["termination_reason"]["parameters"]["azure_error_message"] == "the key is out of reach"


def test_permanent_delete_and_owner(new: Workspace, clock: Clock) -> None:
    new.user("a@x.example")
    id = stopped(new, clock)
    new.post(f"{CLUSTERS}/change-owner", cluster_id=id, owner_username="a@x.example")
    assert got(new, id)["creator_user_name"] == "a@x.example"
    new.post(f"{CLUSTERS}/permanent-delete", cluster_id=id)
    assert new.refused("GET", f"{CLUSTERS}/get", cluster_id=id)[0] == 400
