"""network-asks.csv of a workspace in a network of the service's own, and of what may not be read."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Blocked, CallError, Denied
from cmkmigrate.kinds.azure.known_elsewhere import Ask
from cmkmigrate.kinds.azure.network_asks import network_asks
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription, S, source

TARGET = f"{S}/Microsoft.Databricks/workspaces/new"
OLD_GROUP, NEW_GROUP = "/subscriptions/s/resourceGroups/old-managed", "/subscriptions/s/resourceGroups/new-managed"
ADDRESSES = "providers/Microsoft.Network/publicIPAddresses"
VNET = f"{S}/Microsoft.Network/virtualNetworks/net"
NAT = f"{S}/Microsoft.Network/natGateways/nat"


class Site(FakeSubscription):
    """Lists nothing where a test says nothing."""

    def subscriptions(self) -> list[dict[str, Any]]:
        return [{"subscriptionId": "S"}]

    def listing(self, path: str, version: str, filter: str = "") -> list[dict[str, Any]]:
        everything = [{"actions": ["*/read"]}] if path.endswith("/permissions") else []
        found: Any = self.lists.get(path, everything)
        if isinstance(found, CallError):
            raise found
        return list(found)


def asked(site: Site, old: dict[str, Any] | None = None, **settings: Any) -> list[Ask]:
    return list(network_asks(site, old or source().resource, settings, TARGET, lambda _: site))


def address(value: str) -> dict[str, Any]:
    return {"id": value, "properties": {"ipAddress": value}}


def storage(*values: str) -> dict[str, Any]:
    rules = {"ipRules": [{"value": value} for value in values]}
    return {"id": "/account", "tags": {"owner": "lake"}, "properties": {"networkAcls": rules}}


def test_an_address_of_the_services_own_network() -> None:
    site = Site()
    site.lists[f"{OLD_GROUP}/{ADDRESSES}"] = [address("20.1.1.1")]
    site.lists["/subscriptions/s/providers/Microsoft.Storage/storageAccounts"] = [storage("20.1.1.1")]
    before, last = asked(site)
    assert (before.what, before.knows, before.owner) == ("storage account firewall", "20.1.1.1/32", "lake")
    assert "known after apply" in before.ask and last.sure == "unknown" and "20.1.1.1" in last.knows
    site.bodies[TARGET] = {"properties": {"managedResourceGroupId": NEW_GROUP}}
    site.lists[f"{NEW_GROUP}/{ADDRESSES}"] = [address("20.2.2.2")]
    assert asked(site)[0].ask == "let in the address 20.2.2.2"
    site.lists["/subscriptions/s/providers/Microsoft.Storage/storageAccounts"] = [storage("20.1.1.1", "20.2.2.2")]
    assert [one.sure for one in asked(site)] == ["unknown"]


def test_peerings_and_records_are_named() -> None:
    site = Site()
    remote = {"name": "hub", "properties": {"remoteVirtualNetwork": {"id": "/hub"}}}
    site.lists[f"{WORKSPACE}/virtualNetworkPeerings"] = [remote]
    zones = "/subscriptions/s/providers/Microsoft.Network/privateDnsZones"
    zone = {"id": "/zone", "name": "privatelink.azuredatabricks.net", "tags": {"team": "net"}}
    site.lists[zones] = [zone, {"id": "/other", "name": "example.net"}]
    site.lists["/zone/A"] = [{"name": "adb-1001.1"}, {"name": "adb-7.7"}]
    found = {one.what: one for one in asked(site)}
    assert found["virtual network peering"].resource == "/hub"
    assert (found["private DNS zone"].knows, found["private DNS zone"].owner) == ("adb-1001.1", "net")


def test_what_may_not_be_read_is_a_row() -> None:
    site, no = Site(), Denied("no", status=403)
    paths = [f"{OLD_GROUP}/{ADDRESSES}", f"{WORKSPACE}/virtualNetworkPeerings"]
    of = "/subscriptions/s/providers"
    paths += [f"{of}/Microsoft.KeyVault/vaults", f"{of}/Microsoft.Network/privateDnsZones", "/sql/firewallRules"]
    site.lists[f"{of}/Microsoft.Sql/servers"] = [{"id": "/sql", "properties": {}}]
    site.lists |= dict.fromkeys(paths, no)
    rows = asked(site)
    assert {one.resource for one in rows if one.knows == "not read"} == set(paths)
    assert {one.sure for one in rows} == {"unknown"}


def test_what_a_listing_leaves_out_is_a_row() -> None:
    site = Site()
    site.lists["/subscriptions/s/providers/Microsoft.Authorization/permissions"] = [
        {"actions": ["*/read"], "notActions": ["Microsoft.Sql/*"]}
    ]
    (row,) = [one for one in asked(site) if one.knows == "not read"]
    assert row.resource.endswith("Microsoft.Sql/servers") and "may not read" in row.ask


def injected() -> dict[str, Any]:
    names = {"customVirtualNetworkId": VNET, "customPublicSubnetName": "a", "customPrivateSubnetName": "b"}
    found: dict[str, Any] = source(parameters={name: {"value": value} for name, value in names.items()}).resource
    return found


def test_a_network_of_ones_own_whose_gateway_may_not_be_read() -> None:
    site, old = Site(), injected()
    with pytest.raises(Blocked, match="network cannot be read"):
        asked(site, old)
    of = {"natGateway": {"id": NAT}, "addressPrefix": "10.0.0.0/26", "serviceEndpoints": [{"service": "Microsoft.Sql"}]}
    new = {"addressPrefix": "10.0.1.0/26", "natGateway": {"id": NAT}}
    subnets = [{"name": name, "properties": of if name in "ab" else new} for name in ("a", "b", "c", "d")]
    site.bodies[VNET] = {"id": VNET, "name": "net", "properties": {"subnets": subnets}}
    rows = asked(site, old, public_subnet="c", private_subnet="d")
    unread = [one for one in rows if one.what == "addresses of a NAT gateway"]
    assert unread and all(one.sure == "unknown" for one in unread), "a gateway that is not there is no address"
    lacks = [one for one in rows if one.what == "service endpoints of a subnet"]
    assert [one.ask for one in lacks] == ["add Microsoft.Sql"] * 2
    site.bodies[NAT] = {"properties": {"publicIpAddresses": [{"id": "/ip"}], "publicIpPrefixes": [{"id": "/block"}]}}
    site.bodies |= {
        "/ip": {"properties": {"ipAddress": "20.1.1.1"}},
        "/block": {"properties": {"ipPrefix": "20.3.0.0/30"}},
    }
    site.lists["/subscriptions/s/providers/Microsoft.Storage/storageAccounts"] = [storage("20.1.1.1", "20.3.0.0/30")]
    rows = asked(site, old, public_subnet="c", private_subnet="d")
    assert not [one for one in rows if "storage" in one.what], "both pairs go out by the same addresses"
