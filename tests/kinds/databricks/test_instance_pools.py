from __future__ import annotations

from cmkmigrate.kinds.databricks.instance_pools import POOLS, InstancePools
from cmkmigrate.model import Asset, Entry
from cmkmigrate.portable import differences, portable
from tests.kinds.fake_site import FakeSite, entries

KIND = InstancePools()
BODY = {
    "instance_pool_name": "p", "instance_pool_id": "1", "node_type_id": "n", "min_idle_instances": 3, "state": "ACTIVE",
    "max_capacity": 5, "disk_spec": {"disk_count": 1}, "stats": {"used_count": 2}, "of_tomorrow": {"x": 1},
}  # fmt: skip


def test_the_listing_is_the_body_and_what_the_service_owns_stays_behind() -> None:
    (found,) = entries(KIND, FakeSite().on(f"{POOLS}/list", {"instance_pools": [BODY]}))
    assert isinstance(found, Asset) and found.key == "p" and KIND.load(FakeSite(), found) is found
    body = portable(KIND, BODY, lambda kind, id: None).body
    assert set(BODY) - set(body) == {"instance_pool_id", "state", "stats"}
    assert body["of_tomorrow"] == {"x": 1}


def test_idle_machines_are_not_compared_and_arrive_as_none() -> None:
    assert differences(KIND, {"min_idle_instances": 3}, {"min_idle_instances": 0}) == ()
    assert KIND.arriving == {"min_idle_instances": 0}


def test_edit_says_what_it_may() -> None:
    site = FakeSite()
    KIND.update(site, Asset("0", body={"instance_pool_name": "p", "node_type_id": "n", "disk_spec": {}}), Asset("1"))
    body = {"instance_pool_name": "p", "node_type_id": "n", "instance_pool_id": "1"}
    assert site.written == [("POST", f"{POOLS}/edit", body)]


def test_deleting_one() -> None:
    site = FakeSite()
    KIND.delete(site, Entry("1"))
    assert site.written == [("POST", f"{POOLS}/delete", {"instance_pool_id": "1"})]


def test_what_the_service_fills_in_is_no_difference() -> None:
    have = {
        "azure_attributes": {"availability": "ON_DEMAND_AZURE", "spot_bid_max_price": -1.0},
        "enable_elastic_disk": False,
    }
    assert differences(KIND, KIND.fit({}, have), have) == ()
    assert differences(KIND, KIND.fit({"azure_attributes": {"spot_bid_max_price": -1.0}}, have), have) == ()
    spot = {"azure_attributes": {"availability": "SPOT_AZURE"}}
    assert differences(KIND, KIND.fit(spot, have), have) == ("azure_attributes.availability",)
    assert differences(KIND, KIND.fit(have, {}), {})
