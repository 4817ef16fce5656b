"""Microsoft.Network: virtual networks with their subnets, and network security groups. They are read, not made.

Shapes: recorded traffic of 2024-01-01 to 2024-03-01 (test_databricks_v2, interactions 1 to 16). An estate says what
there is (`"networks"` and `"security_groups"` of its arm.json); the network of a workspace that an estate has injected
somewhere is there in any case.
"""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox.arm import RESOURCE, need_group, not_found, page, wanted_id
from cmkmigrate.sandbox.cloud import Body, Cloud, guid, resource_id
from cmkmigrate.sandbox.wire import Failure, Request, Response, azure_error, json_response, route

NETWORKS = "Microsoft.Network/virtualNetworks"
GROUPS = "Microsoft.Network/networkSecurityGroups"
SERVICE = "Microsoft.Databricks/workspaces"
ALL = "/subscriptions/{subscription}/providers/"
# What a delegation to Databricks allows it to do (recorded).
JOINS = ("join", "prepareNetworkPolicies", "unprepareNetworkPolicies")
# (name, direction, priority, access, from, to, description), as every security group has them (recorded).
USUAL_RULES = (
    ("AllowVnetInBound", "Inbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork",
     "Allow inbound traffic from all VMs in VNET"),
    ("AllowAzureLoadBalancerInBound", "Inbound", 65001, "Allow", "AzureLoadBalancer", "*",
     "Allow inbound traffic from azure load balancer"),
    ("DenyAllInBound", "Inbound", 65500, "Deny", "*", "*", "Deny all inbound traffic"),
    ("AllowVnetOutBound", "Outbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork",
     "Allow outbound traffic from all VMs to all VMs in VNET"),
    ("AllowInternetOutBound", "Outbound", 65001, "Allow", "*", "Internet",
     "Allow outbound traffic from all VMs to Internet"),
    ("DenyAllOutBound", "Outbound", 65500, "Deny", "*", "*", "Deny all outbound traffic"),
)  # fmt: skip


def _etag(id: str) -> str:
    return f'W/"{guid("etag", id)}"'


def _resource(kind: str, subscription: str, group: str, name: str, location: str, properties: Body) -> Body:
    id = resource_id(subscription, group, kind, name)
    return {
        "name": name,
        "id": id,
        "etag": _etag(id),
        "type": kind,
        "location": location,
        "properties": {"provisioningState": "Succeeded", "resourceGuid": guid("network", id), **properties},
    }


def add_network(
    cloud: Cloud, subscription: str, group: str, name: str, location: str, prefixes: list[str], tags: Body | None = None
) -> Body:
    """A virtual network without subnets; the one that is there, where there is one of that name."""
    properties: Body = {
        "addressSpace": {"addressPrefixes": prefixes},
        "privateEndpointVNetPolicies": "Disabled",
        "subnets": [],
        "virtualNetworkPeerings": [],
        "enableDdosProtection": False,
    }
    made = _resource(NETWORKS, subscription, group, name, location, properties) | ({"tags": tags} if tags else {})
    return cloud.networks.setdefault(made["id"].lower(), made)


def add_subnet(
    network: Body, name: str, prefix: str, delegations: list[str], security_group: str = "", configurations: int = 0
) -> Body:
    """A subnet of a network. `security_group` is an ARM id; `configurations` so many machines that are in it."""
    id = f"{network['id']}/subnets/{name}"
    properties: Body = {"provisioningState": "Succeeded", "addressPrefix": prefix}
    if security_group:
        properties["networkSecurityGroup"] = {"id": security_group}
    if configurations:
        machine = f"{network['id'].rpartition('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces/{name}"
        properties["ipConfigurations"] = [
            {"id": f"{machine}-{number}/ipConfigurations/primary"} for number in range(configurations)
        ]
    properties["delegations"] = [_delegation(id, str(number), one) for number, one in enumerate(delegations)]
    properties |= {"privateEndpointNetworkPolicies": "Enabled", "privateLinkServiceNetworkPolicies": "Enabled"}
    made = {"name": name, "id": id, "etag": _etag(id), "properties": properties, "type": f"{NETWORKS}/subnets"}
    network["properties"]["subnets"].append(made)
    return made


def _delegation(subnet: str, name: str, service: str) -> Body:
    id = f"{subnet}/delegations/{name}"
    actions = [f"{NETWORKS}/subnets/{one}/action" for one in (JOINS if service == SERVICE else JOINS[:1])]
    properties = {"provisioningState": "Succeeded", "serviceName": service, "actions": actions}
    return {
        "name": name,
        "id": id,
        "etag": _etag(id),
        "properties": properties,
        "type": f"{NETWORKS}/subnets/delegations",
    }


def add_security_group(
    cloud: Cloud, subscription: str, group: str, name: str, location: str, rules: list[Body] | None = None
) -> Body:
    """A security group with these `securityRules` (their properties as ARM has them, and a `name`)."""
    id = resource_id(subscription, group, GROUPS, name)
    own = [_rule(id, "securityRules", one["name"], one.get("properties") or {}) for one in rules or ()]
    usual = []
    for called, direction, priority, access, source, target, about in USUAL_RULES:
        told = {"direction": direction, "priority": priority, "access": access, "sourceAddressPrefix": source}
        told["description"] = about
        usual.append(_rule(id, "defaultSecurityRules", called, {**told, "destinationAddressPrefix": target}))
    made = _resource(GROUPS, subscription, group, name, location, {"securityRules": own, "defaultSecurityRules": usual})
    return cloud.security_groups.setdefault(made["id"].lower(), made)


def _rule(group: str, sort: str, name: str, told: Body) -> Body:
    id = f"{group}/{sort}/{name}"
    usual: Body = {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*"}
    lists: Body = {
        f"{end}{what}": [] for what in ("PortRanges", "AddressPrefixes") for end in ("source", "destination")
    }
    properties = {"provisioningState": "Succeeded", **usual, **lists, **told}
    return {"name": name, "id": id, "etag": _etag(id), "type": f"{GROUPS}/{sort}", "properties": properties}


def load(cloud: Cloud, subscription: str, group: str, location: str, told: Body) -> None:
    """A network as arm.json says it. Raises KeyError and ValueError."""
    prefixes = [str(one) for one in told.get("address_prefixes") or ["10.0.0.0/16"]]
    network = add_network(cloud, subscription, group, str(told["name"]), location, prefixes, told.get("tags"))
    for one in told.get("subnets") or ():
        if subnet_of(network, one["name"]) is not None:
            raise ValueError(f"the network {told['name']} has a subnet {one['name']} already")
        security_group = str(one.get("security_group") or "")
        if security_group and not security_group.startswith("/"):
            security_group = resource_id(subscription, group, GROUPS, security_group)
        if security_group and security_group.lower() not in cloud.security_groups:
            parts = security_group.split("/")
            add_security_group(cloud, parts[2], parts[4], parts[8], location)
        add_subnet(
            network, str(one["name"]), str(one["address_prefix"]), list(one.get("delegations") or ()), security_group,
            int(one.get("ip_configurations", 0)),
        )  # fmt: skip


def of_workspace(cloud: Cloud, location: str, parameters: Body) -> None:
    """The network of an injected workspace of an estate, with the two subnets, where they are not there yet."""
    parts = str(parameters.get("customVirtualNetworkId") or "").strip("/").split("/")
    if len(parts) != 8:
        return
    subscription, group, name = parts[1], parts[3], parts[7]
    cloud.group(group, location, subscription=subscription)
    network = add_network(cloud, subscription, group, name, location, ["10.179.0.0/16"])
    security_group = resource_id(subscription, group, GROUPS, f"{name}-databricks")
    for called in (parameters.get("customPublicSubnetName"), parameters.get("customPrivateSubnetName")):
        if called and subnet_of(network, str(called)) is None:
            add_security_group(cloud, subscription, group, f"{name}-databricks", location)
            prefix = f"10.179.{8 * len(network['properties']['subnets'])}.0/21"
            add_subnet(network, str(called), prefix, [SERVICE], security_group)


def subnet_of(network: Body, name: str) -> Body | None:
    """The subnet of that name."""
    subnets: list[Body] = network["properties"]["subnets"]
    return next((one for one in subnets if one["name"].lower() == name.lower()), None)


def _listed(cloud: Cloud, request: Request, held: dict[str, Any]) -> Response:
    if "group" in request.params:
        need_group(cloud, request)
    group, here = request.params.get("group", "").lower(), request.params["subscription"].lower()
    found = [one for id, one in held.items() if id.split("/")[2] == here and group in ("", id.split("/")[4])]
    return page(cloud, request, found)


def _held(cloud: Cloud, request: Request, held: dict[str, Any], kind: str) -> Body:
    need_group(cloud, request)
    found: Body | None = held.get(wanted_id(request, kind).lower())
    if found is None:
        raise Failure(not_found(kind, request.params["name"], request.params["group"]))
    return found


def _tagged(found: Body) -> Response:
    return json_response(found, headers={"etag": found["etag"]})


@route("GET", ALL + NETWORKS)
@route("GET", RESOURCE + NETWORKS)
def list_networks(cloud: Cloud, request: Request) -> Response:
    return _listed(cloud, request, cloud.networks)


@route("GET", RESOURCE + NETWORKS + "/{name}")
def get_network(cloud: Cloud, request: Request) -> Response:
    return _tagged(_held(cloud, request, cloud.networks, NETWORKS))


@route("GET", RESOURCE + NETWORKS + "/{name}/subnets")
def list_subnets(cloud: Cloud, request: Request) -> Response:
    return page(cloud, request, _held(cloud, request, cloud.networks, NETWORKS)["properties"]["subnets"])


@route("GET", RESOURCE + NETWORKS + "/{name}/subnets/{subnet}")
def get_subnet(cloud: Cloud, request: Request) -> Response:
    found = subnet_of(_held(cloud, request, cloud.networks, NETWORKS), request.params["subnet"])
    if found is None:  # Assumption: code and text
        text = f"Resource {request.params['subnet']} not found."
        return azure_error(404, "NotFound", text)
    return _tagged(found)


@route("GET", ALL + GROUPS)
@route("GET", RESOURCE + GROUPS)
def list_security_groups(cloud: Cloud, request: Request) -> Response:
    return _listed(cloud, request, cloud.security_groups)


@route("GET", RESOURCE + GROUPS + "/{name}")
def get_security_group(cloud: Cloud, request: Request) -> Response:
    return _tagged(_held(cloud, request, cloud.security_groups, GROUPS))
