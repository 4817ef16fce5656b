"""Virtual networks, their subnets and security groups, as they are read. Shapes: test_recordings replays them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmkmigrate.sandbox.loading import BadEstate
from tests.sandbox.conftest import Body, Inside

VERSION = "2024-03-01"
NETWORKS = "providers/Microsoft.Network/virtualNetworks"
GROUPS = "providers/Microsoft.Network/networkSecurityGroups"
DATABRICKS = "Microsoft.Databricks/workspaces"
ESTATE: Body = {
    "networks": [
        {
            "name": "hub",
            "resource_group": "rg-net",
            "address_prefixes": ["10.1.0.0/16"],
            "subnets": [
                {
                    "name": "pub",
                    "address_prefix": "10.1.0.0/24",
                    "delegations": [DATABRICKS],
                    "security_group": "nsg",
                },
                {"name": "vms", "address_prefix": "10.1.1.0/24", "ip_configurations": 2},
            ],
        }
    ],
    "security_groups": [
        {"name": "extra", "rules": [{"name": "in", "properties": {"access": "Deny", "priority": 100}}]},
    ],
}


def test_networks_and_subnets(tmp_path: Path) -> None:
    inside = Inside(tmp_path, ESTATE)
    (found,) = inside.arm("GET", NETWORKS, version=VERSION).json["value"]
    path = f"resourceGroups/rg-net/{NETWORKS}/HUB"
    assert inside.arm("GET", path, version=VERSION).json == found
    assert found["properties"]["addressSpace"] == {"addressPrefixes": ["10.1.0.0/16"]}
    pub, vms = inside.arm("GET", f"{path}/subnets", version=VERSION).json["value"]
    assert inside.arm("GET", f"{path}/subnets/PUB", version=VERSION).json == pub
    assert pub["properties"]["delegations"][0]["properties"]["serviceName"] == DATABRICKS
    group = pub["properties"]["networkSecurityGroup"]["id"]
    rules = inside.arm("GET", group, version=VERSION).json["properties"]["defaultSecurityRules"]
    assert [one["name"] for one in rules][:3] == ["AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound"]
    assert (len(vms["properties"]["ipConfigurations"]), "networkSecurityGroup" in vms["properties"]) == (2, False)
    elsewhere = f"resourceGroups/{inside.workspace.group}/{NETWORKS}"
    assert inside.arm("GET", elsewhere, version=VERSION).json == {"value": []}
    assert inside.arm("GET", f"{path}/subnets/none", version=VERSION).status == 404
    assert inside.arm("GET", f"resourceGroups/rg-net/{NETWORKS}/none", version=VERSION).code == "ResourceNotFound"
    extra = next(one for one in inside.arm("GET", GROUPS, version=VERSION).json["value"] if one["name"] == "extra")
    assert extra["properties"]["securityRules"][0]["properties"]["priority"] == 100


def test_the_network_of_an_injected_workspace_is_there(tmp_path: Path) -> None:
    id = f"/subscriptions/00000000-1111-4222-8333-444444444444/resourceGroups/rg-net/{NETWORKS}/old"
    names = {"customPublicSubnetName": {"value": "a"}, "customPrivateSubnetName": {"value": "b"}}
    told = {"properties": {"parameters": {"customVirtualNetworkId": {"value": id}, **names}}}
    inside = Inside(tmp_path, {"workspaces": [told]})
    named = inside.workspace.parameters["customVirtualNetworkId"]
    subnets = inside.arm("GET", named, version=VERSION).json["properties"]["subnets"]
    assert [one["name"] for one in subnets] == ["a", "b"]
    assert len({one["properties"]["addressPrefix"] for one in subnets}) == 2


def test_a_subnet_is_there_once(tmp_path: Path) -> None:
    twice = [{"name": "a", "address_prefix": "10.0.0.0/24"}, {"name": "A", "address_prefix": "10.0.1.0/24"}]
    with pytest.raises(BadEstate, match="already"):
        Inside(tmp_path, {"networks": [{"name": "n", "subnets": twice}]})
