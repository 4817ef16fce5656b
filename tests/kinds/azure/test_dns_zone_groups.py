"""DNS zone groups: those of the old endpoints on the new ones, and the zones of all where a subnet was named."""

from __future__ import annotations

from typing import Any

from cmkmigrate import portable
from cmkmigrate.kinds.azure.dns_zone_groups import DnsZoneGroups
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Made
from tests.kinds.azure.fake_subscription import connected
from tests.kinds.azure.test_private_endpoints import ENDPOINTS, SETTINGS, SIGN_IN, UI, VNET, nothing, old, site_with

KIND = DnsZoneGroups()
ZONE = "/zones/privatelink.azuredatabricks.net"
OLD, NEW = f"{ENDPOINTS}/ui/privateDnsZoneGroups", f"{ENDPOINTS}/ui-new/privateDnsZoneGroups"


def group(at: str, *zones: str, state: str = "Succeeded") -> dict[str, Any]:
    configs = [
        {"name": "z", "id": "c", "etag": "e", "properties": {"privateDnsZoneId": zone, "recordSets": [{"fqdn": "f"}]}}
        for zone in zones
    ]
    properties = {"provisioningState": state, "privateDnsZoneConfigs": configs}
    return {"id": f"{at}/default", "name": "default", "etag": "e", "properties": properties}


def test_the_same_zones() -> None:
    site = site_with(UI, SIGN_IN)
    site.lists[OLD] = [group(OLD, ZONE)]
    (want,) = KIND.desired(connected(site, old(UI, SIGN_IN)), SETTINGS, nothing)
    assert isinstance(want, Asset) and want.body and want.of == ("private_endpoints", f"{ENDPOINTS}/ui".lower())
    assert KIND.create(site, want) == Made(f"{NEW}/default")
    configs = [{"name": "z", "properties": {"privateDnsZoneId": ZONE}}]
    assert site.writes == [("PUT", f"{NEW}/default", {"properties": {"privateDnsZoneConfigs": configs}})]
    assert KIND.list(site, {**SETTINGS, "workspace": KNOWN_AFTER_APPLY}, nothing) == []
    assert KIND.list(site, SETTINGS, nothing) == []
    for made, differs in (
        (group(NEW, ZONE.upper()), False),
        (group(NEW, "/zones/other"), True),
        (group(NEW, ZONE, state="Failed"), True),
        (group(NEW, ZONE, state="Updating"), False),
    ):
        site.lists[NEW] = [made]
        (have,) = KIND.list(site, SETTINGS, nothing)
        assert isinstance(have, Asset) and have.body and (have.key, have.of) == (want.key, want.of)
        found = portable.differences(KIND, KIND.fit(want.body, have.body), have.body)
        assert bool(found) is differs, (made, found)
    site.bodies[f"{NEW}/default"] = group(NEW, ZONE)
    assert KIND.load(site, have).key == want.key
    KIND.settle(site, want, Made(f"{NEW}/default"))
    KIND.update(site, want, have)
    assert len(site.writes) == 2


def test_where_a_subnet_was_named_the_zones_are_those_of_all_the_old_ones() -> None:
    other = ("second", "databricks_ui_api", "Approved")
    site = site_with(UI, other)
    site.bodies[VNET] = {"id": VNET, "location": "westeurope"}
    second = f"{ENDPOINTS}/second/privateDnsZoneGroups"
    site.lists |= {OLD: [group(OLD, ZONE)], second: [group(second, ZONE, "/zones/b")]}
    settings = {**SETTINGS, "endpoint_subnets": [f"{VNET}/subnets/pe"]}
    (want,) = KIND.desired(connected(site, old(UI, other)), settings, nothing)
    assert isinstance(want, Asset) and want.body
    zones = [one["properties"]["privateDnsZoneId"] for one in want.body["properties"]["privateDnsZoneConfigs"]]
    assert zones == [ZONE, "/zones/b"] and "/pe-new-pe-" in want.body["at"]
    site.lists = {}
    assert list(KIND.desired(connected(site, old(UI, other)), settings, nothing)) == []
