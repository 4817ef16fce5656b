"""What a workspace that is put into somebody's own network asks of it.

Documented (VNet injection): network and workspace in one region and subscription, two subnets of /26 at least, which
are delegated, have a security group and are nobody else's; who creates it needs two actions on the subnets. Of what the
service answers where it is not so, one case is known: a subnet that is not there fails the operation
(hashicorp/terraform-provider-azurerm#26335, #27099, Azure/terraform-azurerm-avm-res-databricks-workspace#46).
Assumption: code and text of all the others, and that they fail the operation too.
"""

from __future__ import annotations

import ipaddress

from cmkmigrate.sandbox.arm import linked_refusal
from cmkmigrate.sandbox.arm_workspace import Workspace
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.networks import SERVICE, subnet_of
from cmkmigrate.sandbox.wire import Request, Response

NAMES = ("customPublicSubnetName", "customPrivateSubnetName")
NEEDED = (
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/virtualNetworks/subnets/write",
)
SMALLEST = 26  # the longest prefix of a subnet


def _value(parameters: Body, name: str) -> str:
    given = parameters.get(name) or {}
    return str((given.get("value") if isinstance(given, dict) else given) or "")


def refusal(cloud: Cloud, request: Request, arm_id: str, properties: Body) -> Response | None:
    """The 403 of a caller who may create the workspace, but not put it into these subnets.

    Assumption: that both documented actions are asked of the subnets in this way.
    """
    parameters = properties.get("parameters") or {}
    network = _value(parameters, "customVirtualNetworkId").rstrip("/")
    for name in NAMES if network else ():
        for needed in NEEDED:
            linked = f"{network}/subnets/{_value(parameters, name)}"
            write = "Microsoft.Databricks/workspaces/write"
            if (refused := linked_refusal(cloud, request, write, arm_id, needed, linked)) is not None:
                return refused
    return None


def problem(cloud: Cloud, workspace: Workspace) -> tuple[str, str]:
    """Code and text of why a new workspace cannot be put where its request says; ("", "") when it can."""
    parameters = (workspace.asked.get("properties") or {}).get("parameters") or {}
    wanted = _value(parameters, "customVirtualNetworkId").rstrip("/")
    names = [_value(parameters, one) for one in NAMES]
    if not wanted:
        return "", ""
    if not all(names) or names[0].lower() == names[1].lower():
        return "InvalidCustomVirtualNetwork", "Two different subnets of the custom virtual network must be given."
    network: Body | None = cloud.networks.get(wanted.lower())
    if network is None:
        return "VirtualNetworkNotFound", f"The virtual network '{wanted}' was not found."
    if network["location"] != workspace.location or wanted.split("/")[2].lower() != workspace.subscription.lower():
        text = f"The virtual network '{wanted}' must be in the region and subscription of the workspace."
        return "InvalidVirtualNetworkLocation", text
    for name in names:
        if why := _subnet_problem(cloud, workspace, network, name):
            return why
    return "", ""


def _subnet_problem(cloud: Cloud, workspace: Workspace, network: Body, name: str) -> tuple[str, str] | None:
    found = subnet_of(network, name)
    if found is None:
        space = ", ".join(network["properties"]["addressSpace"]["addressPrefixes"])
        text = f"The subnet {name} CIDR range '<null>' is not within the Virtual Network CIDR range '{space}'"
        return "SubnetIsNotWithinVnetError", text
    properties = found["properties"]
    if SERVICE not in {one["properties"]["serviceName"] for one in properties["delegations"]}:
        return "SubnetNotDelegated", f"The subnet '{name}' must be delegated to '{SERVICE}'."
    if "networkSecurityGroup" not in properties:
        return "SubnetWithoutSecurityGroup", f"The subnet '{name}' must have a network security group."
    size = ipaddress.ip_network(properties["addressPrefix"], strict=False).prefixlen
    if size > SMALLEST:
        return "SubnetTooSmall", f"The subnet '{name}' is /{size}; it must be /{SMALLEST} or larger."
    owner = user_of(cloud, network["id"], name, but=workspace.id)
    if owner or properties.get("ipConfigurations"):
        return "SubnetInUse", f"The subnet '{name}' is in use{f' by the workspace {owner!r}' if owner else ''}."
    return None


def user_of(cloud: Cloud, network: str, subnet: str, but: str = "") -> str:
    """The id of the workspace that is in a subnet, other than `but`; "" where there is none."""
    for one in cloud.workspaces.values():
        mine = {_value(one.parameters, name).lower() for name in NAMES}
        there = _value(one.parameters, "customVirtualNetworkId").rstrip("/").lower() == network.lower()
        if there and subnet.lower() in mine and one.id.lower() != but.lower():
            return str(one.id)
    return ""
