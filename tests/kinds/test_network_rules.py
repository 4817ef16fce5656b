"""The rules for the network of a new workspace: each with a body that breaks it, and one that does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cmkmigrate.kinds.azure import network_rules as rules

S = "/subscriptions/one/resourceGroups/g/providers"
VNET, OTHER = f"{S}/Microsoft.Network/virtualNetworks/net", f"{S}/Microsoft.Network/virtualNetworks/other"
OLD = f"{S}/Microsoft.Databricks/workspaces/old"
MANAGED = "/subscriptions/one/resourceGroups/managed"
PAIR = {"public_subnet": "a", "private_subnet": "b"}
CONNECTOR = {"id": f"{S}/Microsoft.Databricks/accessConnectors/ac", "identityType": "SystemAssigned"}


def workspace(injected: bool = True, **properties: Any) -> dict[str, Any]:
    parameters = {"enableNoPublicIp": {"value": True}}
    if injected:
        parameters |= {"customVirtualNetworkId": {"value": VNET}, "customPublicSubnetName": {"value": "old-a"}}
        parameters |= {"customPrivateSubnetName": {"value": "old-b"}}  # type: ignore[dict-item]
    body = {"parameters": parameters, "managedResourceGroupId": MANAGED, **properties}
    return {"id": OLD, "name": "old", "location": "westeurope", "properties": body}


def connection(group: str, status: str = "Approved", name: str = "pe") -> dict[str, Any]:
    state = {"status": status}
    of = {"groupIds": [group], "privateEndpoint": {"id": name}, "privateLinkServiceConnectionState": state}
    return {"properties": of}


def network(**changes: Any) -> dict[str, Any]:
    """Good subnets a and b, and the old pair; changes: laid over the properties of b."""
    good = {
        "addressPrefix": "10.0.0.0/26",
        "delegations": [{"properties": {"serviceName": "Microsoft.Databricks/workspaces"}}],
        "networkSecurityGroup": {"id": "nsg"},
        "natGateway": {"id": "nat"},
    }
    subnets = [{"name": name, "properties": copy.deepcopy(good)} for name in ("a", "b", "old-a", "old-b")]
    subnets[1]["properties"] |= changes  # type: ignore[operator]
    return {"id": VNET, "name": "net", "location": "westeurope", "properties": {"subnets": subnets}}


def said(faults: Any) -> list[str]:
    return [one.what for one in faults]


@pytest.mark.parametrize(
    ("source", "settings", "words"),
    [
        (workspace(), PAIR, ()),
        (workspace(injected=False), {}, ()),
        (workspace(), {}, ("two subnets of its own",)),
        (workspace(), {"public_subnet": "a"}, ("two subnets of its own",)),
        (workspace(), {"public_subnet": "a", "private_subnet": "A"}, ("are the same",)),
        (workspace(), {**PAIR, "public_subnet": "OLD-B"}, ("of the old workspace",)),
        (workspace(), {"public_subnet": "old-a", "private_subnet": "old-b", "virtual_network": OTHER}, ()),
        (workspace(), {**PAIR, "virtual_network": OTHER.replace("one", "two")}, ("another subscription",)),
        (workspace(injected=False), PAIR, ("no network",)),
        (workspace(injected=False), {**PAIR, "virtual_network": VNET}, ()),
        (workspace(publicNetworkAccess="Disabled"), PAIR, ("nobody could enter",)),
        (workspace(publicNetworkAccess="Disabled"), {**PAIR, "endpoint_subnets": ["s"]}, ()),
        (workspace(publicNetworkAccess="Disabled", privateEndpointConnections=[connection(rules.UI_API)]), PAIR, ()),
        (
            workspace(publicNetworkAccess="Disabled", privateEndpointConnections=[connection(rules.UI_API, "Pending")]),
            PAIR,
            ("nobody could enter",),
        ),
        (
            workspace(publicNetworkAccess="Disabled", privateEndpointConnections=[connection(rules.BROWSER)]),
            PAIR,
            ("nobody could enter",),
        ),
        (workspace(defaultStorageFirewall="Enabled", accessConnector=CONNECTOR), PAIR, ()),
        (workspace(defaultStorageFirewall="Enabled"), PAIR, ("access connector that outlives",)),
        (workspace(defaultStorageFirewall="Enabled"), {**PAIR, "access_connector": "c"}, ()),
        (
            workspace(defaultStorageFirewall="Enabled", accessConnector={"id": f"{MANAGED.upper()}/providers/x/y/z"}),
            PAIR,
            ("access connector that outlives",),
        ),
        (
            workspace(injected=False, defaultStorageFirewall="Enabled", accessConnector=CONNECTOR),
            {},
            ("needs VNet injection",),
        ),
    ],
)
def test_inputs(source: dict[str, Any], settings: dict[str, Any], words: tuple[str, ...]) -> None:
    found = said(rules.input_faults(source, settings))
    assert len(found) == len(words), found
    assert all(word in text for word, text in zip(words, found, strict=True)), found


def without_public_ip(value: bool) -> dict[str, Any]:
    found = workspace(defaultStorageFirewall="Enabled", accessConnector=CONNECTOR)
    found["properties"]["parameters"]["enableNoPublicIp"]["value"] = value
    return found


def test_the_storage_firewall_needs_no_public_ip() -> None:
    assert said(rules.input_faults(without_public_ip(True), PAIR)) == []
    assert "No Public IP" in said(rules.input_faults(without_public_ip(False), PAIR))[0]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, ""),
        ({"delegations": []}, "not delegated"),
        ({"delegations": [{"properties": {"serviceName": "Microsoft.Web/serverFarms"}}]}, "not delegated"),
        ({"networkSecurityGroup": None}, "security group"),
        ({"addressPrefix": "10.0.0.0/27"}, "too small"),
        ({"addressPrefix": None, "addressPrefixes": ["10.0.0.0/25"]}, ""),
        ({"addressPrefix": None}, "too small"),
        ({"ipConfigurations": [{"id": "nic"}]}, "in use"),
        ({"privateEndpoints": [{"id": "pe"}]}, "in use"),
    ],
)
def test_subnets(changes: dict[str, Any], word: str) -> None:
    found = said(rules.subnet_faults(network(**changes), ("a", "b"), region="West Europe", workspaces=[]))
    assert (len(found) == 1 and word in found[0]) if word else not found, found


def test_a_subnet_that_is_not_there_and_a_region_that_is_another() -> None:
    found = list(rules.subnet_faults(network(), ("a", "c"), region="northeurope", workspaces=[]))
    assert "another region" in found[0].what and "no such subnet" in found[1].what
    assert "a, b, old-a, old-b" in found[1].why and found[1].next


def test_a_subnet_of_another_workspace_is_in_use_and_that_of_the_target_is_not() -> None:
    other = workspace()
    other["properties"]["parameters"] |= {"customPrivateSubnetName": {"value": "B"}}
    names = ("a", "b")
    for target, expected in (("", 1), (OLD.upper(), 0)):
        found = list(rules.subnet_faults(network(), names, region="westeurope", workspaces=[other], target=target))
        assert len(found) == expected
    elsewhere = copy.deepcopy(other)
    elsewhere["properties"]["parameters"]["customVirtualNetworkId"]["value"] = OTHER
    assert not list(rules.subnet_faults(network(), names, region="westeurope", workspaces=[elsewhere]))


@pytest.mark.parametrize(
    ("new", "load_balancer", "number"),
    [(network(), "", 0), (network(natGateway=None), "", 1), (network(natGateway=None, routeTable={"id": "r"}), "", 0),
     (network(natGateway=None), "lb", 0)],
)  # fmt: skip
def test_a_way_out(new: dict[str, Any], load_balancer: str, number: int) -> None:
    source = workspace()
    source["properties"]["parameters"]["loadBalancerId"] = {"value": load_balancer}
    assert len(list(rules.way_out_faults(source, network(), new, ("a", "b")))) == number


def test_access_connectors() -> None:
    connector = {"location": "westeurope", "identity": {"type": "SystemAssigned"}}
    assert not list(rules.connector_faults(connector, CONNECTOR, "westeurope"))
    wrong: list[dict[str, Any] | None] = [None, {**connector, "identity": {"type": "UserAssigned"}}]
    for one in (*wrong, {**connector, "location": "eastus"}):
        assert len(list(rules.connector_faults(one, CONNECTOR, "westeurope"))) == 1


def test_subnets_for_endpoints() -> None:
    of = network(delegations=[])
    assert [len(list(rules.endpoint_subnet_faults(of, name))) for name in ("a", "b", "c")] == [1, 0, 1]


def test_a_fault_blocks_with_all_that_it_says() -> None:
    error = rules.Fault("what", "subject", "why", "next").blocked()
    assert (error.what, error.subject, error.why, error.next, error.exit_code) == ("what", "subject", "why", "next", 6)
