"""A new workspace in somebody's own network: what stands in its way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import Answer, Body, Inside

DATABRICKS = "Microsoft.Databricks/workspaces"
JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"


def subnet(name: str, number: int, size: int = 26, **more: Any) -> Body:
    usual = {"delegations": [DATABRICKS], "security_group": "nsg"}
    return {"name": name, "address_prefix": f"10.1.{number}.0/{size}", **usual, **more}


ESTATE: Body = {
    "networks": [
        {
            "name": "hub",
            "address_prefixes": ["10.1.0.0/16"],
            "subnets": [
                subnet("pub", 0),
                subnet("priv", 1),
                subnet("bare", 2, delegations=[]),
                subnet("open", 3, security_group=""),
                subnet("small", 4, 27),
                subnet("busy", 5, ip_configurations=1),
            ],
        },
        {"name": "far", "location": "eastus", "subnets": [subnet("pub", 0), subnet("priv", 1)]},
    ]
}


def put(inside: Inside, name: str, *subnets: str, network: str = "hub") -> Answer:
    group = f"{inside.subscription}/resourceGroups/{inside.workspace.group}"
    names = dict(zip(("customPublicSubnetName", "customPrivateSubnetName"), subnets, strict=False))
    vnet = f"{group}/providers/Microsoft.Network/virtualNetworks/{network}"
    properties = {
        "computeMode": "Hybrid",
        "managedResourceGroupId": f"{inside.subscription}/resourceGroups/managed-{name}",
        "parameters": {one: {"value": value} for one, value in {"customVirtualNetworkId": vnet, **names}.items()},
    }
    body = {"location": "westeurope", "sku": {"name": "premium"}, "properties": properties}
    return inside.arm("PUT", f"{group}/providers/{DATABRICKS}/{name}", body)


def test_into_two_free_subnets(tmp_path: Path) -> None:
    inside = Inside(tmp_path, ESTATE)
    assert inside.settle(put(inside, "new", "pub", "PRIV"))["status"] == "Succeeded"
    again = inside.settle(put(inside, "second", "pub", "priv"))
    assert (again["status"], again["error"]["code"]) == ("Failed", "SubnetInUse")
    assert "/workspaces/new" in again["error"]["message"]


@pytest.mark.parametrize(
    ("subnets", "code"),
    [
        (("pub", "none"), "SubnetIsNotWithinVnetError"),
        (("pub", "bare"), "SubnetNotDelegated"),
        (("open", "priv"), "SubnetWithoutSecurityGroup"),
        (("pub", "small"), "SubnetTooSmall"),
        (("busy", "priv"), "SubnetInUse"),
        (("pub", "Pub"), "InvalidCustomVirtualNetwork"),
        (("pub",), "InvalidCustomVirtualNetwork"),
    ],
)
def test_what_does_not_fit_fails_the_operation(tmp_path: Path, subnets: tuple[str, ...], code: str) -> None:
    inside = Inside(tmp_path, ESTATE)
    told = inside.settle(put(inside, "new", *subnets))
    assert (told["status"], told["error"]["code"]) == ("Failed", code)
    made = inside.arm("GET", f"resourceGroups/{inside.workspace.group}/providers/{DATABRICKS}/new").json
    assert made["properties"]["provisioningState"] == "Failed" and "workspaceUrl" not in made["properties"]


def test_words_of_a_subnet_that_is_not_there(tmp_path: Path) -> None:
    inside = Inside(tmp_path, ESTATE)
    told = inside.settle(put(inside, "new", "pub", "none"))["error"]["message"]
    assert told == "The subnet none CIDR range '<null>' is not within the Virtual Network CIDR range '10.1.0.0/16'"


def test_another_region_and_no_network(tmp_path: Path) -> None:
    inside = Inside(tmp_path, ESTATE)
    far, none = (inside.settle(put(inside, f"to-{one}", "pub", "priv", network=one)) for one in ("far", "none"))
    assert far["error"]["code"] == "InvalidVirtualNetworkLocation"
    assert none["error"]["code"] == "VirtualNetworkNotFound"


@pytest.mark.parametrize("needed", [JOIN, "Microsoft.Network/virtualNetworks/subnets/write"])
def test_needs_two_actions_on_the_subnets(tmp_path: Path, needed: str) -> None:
    inside = Inside(tmp_path, ESTATE)
    inside.cloud.settings.put({"operator_lacks": needed})
    refused = put(inside, "new", "pub", "priv")
    assert (refused.status, refused.code) == (403, "LinkedAuthorizationFailed")
    text = refused.json["error"]["message"]
    assert f"'{needed}' on the linked scope(s)" in text and "/subnets/pub'" in text
    assert "new" not in {one.name for one in inside.cloud.workspaces.values()}
