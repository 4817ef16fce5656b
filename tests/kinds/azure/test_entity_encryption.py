"""One feature in place: the least difference, and refused early where it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, Mistake
from cmkmigrate.kinds.azure.entity_encryption import EntityEncryption
from cmkmigrate.model import Asset, Entry, Made
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription
from tests.kinds.azure.fake_subscription import source as plain

KIND = EntityEncryption()
KEY = {"key_uri": "https://kv.vault.azure.test/", "key_name": "cmk", "key_version": "v1"}
SETTINGS = {"workspace": WORKSPACE, "feature": "managed_services", **KEY}
ENTITY = {
    "keySource": "Microsoft.Keyvault",
    "keyVaultProperties": {"keyVaultUri": KEY["key_uri"], "keyName": "cmk", "keyVersion": "v1"},
}
LISTS: dict[str, Any] = {
    "/api/2.1/clusters/list": {"clusters": [{"cluster_id": "c1", "cluster_name": "idle", "state": "TERMINATED"}]},
    "/api/2.0/instance-pools/list": {"instance_pools": [{"instance_pool_name": "empty", "stats": {"idle_count": 0}}]},
    "/api/2.0/sql/warehouses": {
        "warehouses": [
            {"name": "serverless", "state": "RUNNING", "enable_serverless_compute": True},
            {"name": "off", "state": "STOPPED"},
        ]
    },
}


def nothing(_: str) -> list[Entry]:
    return []


def source(lists: dict[str, Any] | None = None, **changes: Any) -> Any:
    """The workspace, with what runs in it."""
    made = plain(**changes)
    made.read = lambda path, query=None: {**LISTS, **(lists or {})}[path]
    return made


def wanted(**settings: Any) -> Asset:
    (found,) = KIND.desired(source(), {**SETTINGS, **settings}, nothing)
    assert isinstance(found, Asset)
    return found


@pytest.mark.parametrize(
    ("feature", "properties"),
    [
        ("managed_services", {"encryption": {"entities": {"managedServices": ENTITY}}}),
        ("managed_disks", {"encryption": {"entities": {"managedDisk": ENTITY}}}),
        ("dbfs_root", {"parameters": {"prepareEncryption": {"value": True}}}),
    ],
)
def test_each_feature_says_its_own_and_no_more(feature: str, properties: dict[str, Any]) -> None:
    one = wanted(feature=feature)
    assert one.body == {"properties": properties}
    assert one.of == ("workspaces", "g/old") == ("workspaces", one.key)


def test_what_is_not_wanted_is_nothing() -> None:
    assert list(KIND.desired(source(), {**SETTINGS, "features": ["dbfs_root"]}, nothing)) == []
    for wrong in ({"feature": "disks"}, {"workspace": ""}, {"key_version": ""}):
        with pytest.raises(Mistake):
            wanted(**wrong)


@pytest.mark.parametrize("features", [["managed-services"], ["managed_services", "bogus"], []])
def test_a_feature_that_is_written_wrongly_is_not_left_out_without_a_word(features: list[str]) -> None:
    for feature in ("managed_services", "managed_disks", "dbfs_root"):
        with pytest.raises(Mistake, match="feature"):
            wanted(feature=feature, features=features)


def test_refused_where_it_cannot_be() -> None:
    with pytest.raises(Blocked, match="not Premium"):
        list(KIND.desired(source(sku={"name": "standard"}), SETTINGS, nothing))


@pytest.mark.parametrize("written", [f"{WORKSPACE}/", WORKSPACE.upper(), f"{WORKSPACE} "])
def test_an_id_that_is_written_otherwise_opens_no_way_round(written: str) -> None:
    held = {"keyVaultUri": KEY["key_uri"], "keyName": "another", "keyVersion": "v1"}
    other = source(encryption={"entities": {"managedServices": {**ENTITY, "keyVaultProperties": held}}})
    with pytest.raises(Blocked, match="another key"):
        list(KIND.desired(other, {**SETTINGS, "workspace": written}, nothing))
    with pytest.raises(Blocked, match="not Premium"):
        list(KIND.desired(source(sku={"name": "standard"}), {**SETTINGS, "workspace": written}, nothing))


def test_what_the_run_itself_left_failed_is_sent_again() -> None:
    assert list(KIND.desired(source(provisioningState="Failed"), SETTINGS, nothing))


@pytest.mark.parametrize(
    ("path", "rows", "named"),
    [
        ("2.1/clusters/list", {"clusters": [{"cluster_id": "c2", "cluster_name": "n", "state": "RESIZING"}]}, "'n'"),
        (
            "2.0/instance-pools/list",
            {"instance_pools": [{"instance_pool_name": "p", "stats": {"idle_count": 2}}]},
            "'p'",
        ),
        ("2.0/sql/warehouses", {"warehouses": [{"name": "w", "state": "RUNNING"}]}, "'w'"),
    ],
)
def test_what_runs_is_in_the_way_of_the_disks_alone(path: str, rows: dict[str, Any], named: str) -> None:
    busy = source({f"/api/{path}": rows})
    with pytest.raises(Blocked, match="compute is running") as caught:
        list(KIND.desired(busy, {**SETTINGS, "feature": "managed_disks"}, nothing))
    assert named in caught.value.why
    assert list(KIND.desired(busy, SETTINGS, nothing))
    on = source({f"/api/{path}": rows}, encryption={"entities": {"managedDisk": ENTITY}})
    assert list(KIND.desired(on, {**SETTINGS, "feature": "managed_disks"}, nothing)), (
        "it is on: nothing is asked any more"
    )


def test_all_pages_of_clusters_are_looked_at() -> None:
    pages = [{"clusters": [], "next_page_token": "two"}, {"clusters": [{"cluster_id": "c", "state": "RUNNING"}]}]
    busy = source()
    busy.read = lambda path, query=None: pages.pop(0) if path.endswith("clusters/list") else LISTS[path]
    with pytest.raises(Blocked):
        list(KIND.desired(busy, {**SETTINGS, "feature": "managed_disks"}, nothing))


def test_the_put_is_the_fresh_get_and_the_least_difference() -> None:
    site = FakeSubscription()
    disk = {**ENTITY, "rotationToLatestKeyVersionEnabled": True}
    site.bodies[WORKSPACE] = source(encryption={"entities": {"managedDisk": disk}}).resource
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert portable.differences(KIND, wanted().body or {}, KIND.load(site, have).body or {})
    made = KIND.update(site, wanted(), KIND.load(site, have))
    assert made is not None and made.operation_url
    sent = site.writes[0][2]["properties"]
    assert sent["encryption"]["entities"] == {"managedDisk": disk, "managedServices": ENTITY}, "never half-filled"
    assert sent["parameters"]["natGatewayName"] == {"value": "nat-gateway"}
    assert {"provisioningState", "workspaceUrl", "createdBy"}.isdisjoint(sent)


def test_no_put_while_another_one_goes_on() -> None:
    site = FakeSubscription()
    on = source(encryption={"entities": {"managedServices": ENTITY}}).resource
    left = [source(provisioningState="Updating").resource, source(provisioningState="Updating").resource, on]
    site.workspace = lambda _: left.pop(0)  # type: ignore[method-assign]
    assert KIND.update(site, wanted(), KIND.load(site, Entry(WORKSPACE))) == Made(WORKSPACE)
    assert site.writes == []


def test_what_was_there_is_kept() -> None:
    assert KIND.keeps
