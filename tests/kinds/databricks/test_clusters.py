from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import NotYet, Refused
from cmkmigrate.kinds.databricks import clusters
from cmkmigrate.kinds.databricks.clusters import CLUSTERS, TAG, Clusters
from cmkmigrate.model import Asset, Body, Entry, Made
from cmkmigrate.portable import differences, portable
from tests.kinds.fake_site import FakeSite, entries

KIND = Clusters()


def loaded(**more: Any) -> Body:
    found = {"cluster_id": "c", "cluster_name": "n", "spark_version": "15", "state": "TERMINATED", **more}
    body = KIND.load(FakeSite().on(f"{CLUSTERS}/get", found, cluster_id="c"), Entry("c")).body
    assert body is not None
    return body


def test_all_pages_of_what_people_and_the_api_made() -> None:
    site = FakeSite()
    twin = {"cluster_id": "b", "custom_tags": {TAG: "src"}}
    site.on(f"{CLUSTERS}/list", {"clusters": [{"cluster_id": "a"}, twin], "next_page_token": "2"}, page_token=None)
    site.on(f"{CLUSTERS}/list", {"clusters": [twin]}, page_token="2")
    found = entries(KIND, site)
    assert [(one.id, one.key, one.marker) for one in found] == [("a", "", ""), ("b", "", "src")]
    assert site.asked[0][1]["filter_by.cluster_sources"] == ["UI", "API"]


def test_a_listing_that_turns_in_a_circle_is_no_listing() -> None:
    site = FakeSite().on(f"{CLUSTERS}/list", {"clusters": [], "next_page_token": "2"})
    with pytest.raises(Refused, match="twice"):
        entries(KIND, site)


def test_what_a_pool_fills_in_is_left_to_the_pool() -> None:
    filled = {
        "node_type_id": "n",
        "driver_node_type_id": "n",
        "enable_elastic_disk": True,
        "azure_attributes": {"a": 1},
    }
    assert not set(filled) & set(loaded(instance_pool_id="p", driver_instance_pool_id="d", **filled))
    assert set(filled) <= set(loaded(**filled))
    assert "driver_instance_pool_id" in loaded(instance_pool_id="p", driver_instance_pool_id="d")
    assert "driver_instance_pool_id" not in loaded(driver_instance_pool_id="d")


def test_pinned_is_said_by_whom_and_kept_as_a_fact() -> None:
    assert loaded(pinned_by_user_name="1")["pinned"] is True
    assert "pinned" not in loaded()
    body = portable(KIND, loaded(pinned_by_user_name="1", custom_tags={TAG: "x"}), lambda kind, id: None).body
    assert body == {"cluster_name": "n", "spark_version": "15", "pinned": True}


def test_creation_says_its_token_and_not_that_it_is_pinned() -> None:
    site = FakeSite().on(f"{CLUSTERS}/create", {"cluster_id": "new"})
    asset = Asset("c", body={"cluster_name": "n", "pinned": True, "custom_tags": {TAG: "c"}})
    assert KIND.create(site, asset) == Made("new")
    KIND.create(site, asset)
    first, second = (body for _, _, body in site.written)
    assert first == second and "pinned" not in first and 0 < len(first["idempotency_token"]) <= 64


def test_pinning_alone_edits_nothing() -> None:
    site = FakeSite()
    have = Asset("new", body={"cluster_id": "new", "cluster_name": "n", "state": "PENDING", "default_tags": {}})
    KIND.update(site, Asset("c", body={"cluster_name": "n", "pinned": True}), have)
    KIND.update(site, Asset("c", body={"cluster_name": "m"}), Asset("new", body={"cluster_name": "n", "pinned": True}))
    assert [path.rpartition("/")[2] for _, path, _ in site.written] == ["pin", "edit", "unpin"]


def test_it_is_stopped_once_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    states = [{"state": state} for state in ("PENDING", "PENDING", "RUNNING", "TERMINATING", "TERMINATED")]
    site = FakeSite().on(f"{CLUSTERS}/get", *states)
    KIND.settle(site, Asset("c"), Made("new"))
    assert site.written == [("POST", f"{CLUSTERS}/delete", {"cluster_id": "new"})]
    KIND.settle(site, Asset("c"), Made("new"))
    assert len(site.written) == 1


def test_one_that_does_not_stop_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "WAIT_S", -1.0)
    with pytest.raises(NotYet, match="RUNNING"):
        KIND.settle(FakeSite().on(f"{CLUSTERS}/get", {"state": "RUNNING"}), Asset("c"), Made("new"))


def test_the_forecast_counts_drivers_and_least_workers() -> None:
    types = [{"node_type_id": "small", "num_cores": 4.0}, {"node_type_id": "big", "num_cores": 16}]
    site = FakeSite().on(f"{CLUSTERS}/list-node-types", {"node_types": types})
    said = KIND.forecast(
        site,
        [
            {"node_type_id": "small", "driver_node_type_id": "big", "num_workers": 2},
            {"node_type_id": "small", "autoscale": {"min_workers": 1, "max_workers": 9}},
            {"node_type_id": "small", "num_workers": 0},
            {"instance_pool_id": "p", "num_workers": 5},
            {"node_type_id": "gone", "num_workers": 1},
        ],
    )
    assert "5 clusters starts 36 cores" in said and "1 of them" in said and "gone" in said
    assert KIND.forecast(site, []) == ""


def test_what_the_service_fills_in_is_no_difference() -> None:
    want: Body = {"spark_version": "15", "node_type_id": "n", "num_workers": 1}
    filled: Body = {"cluster_name": "", "autotermination_minutes": 0, "driver_node_type_id": "n"}
    assert differences(KIND, KIND.fit(want, want | filled), want | filled) == ()
    assert differences(KIND, KIND.fit(want, want | {"num_workers": 2}), want | {"num_workers": 2}) == ("num_workers",)
