"""What the network of a new workspace must be: rules on bodies that somebody else has read, for plan and doctor.

Facts: subnets belong to one workspace each, are /26 or larger, delegated to the service and have a network security
group; the network is in the region and the subscription of the workspace (vendor's page on VNet injection). A workspace
without public access is entered by a private endpoint of the group `databricks_ui_api` alone; the endpoint of the group
`browser_authentication` serves the sign-in of all workspaces of a region that share a private DNS zone (vendor's page
on Private Link). The storage firewall needs VNet injection, No Public IP and an access connector (vendor's page on it).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cmkmigrate.errors import Blocked

DELEGATION: Final = "Microsoft.Databricks/workspaces"
UI_API: Final = "databricks_ui_api"
BROWSER: Final = "browser_authentication"
LARGEST_PREFIX: Final = 26  # a subnet of /27 or longer is too small
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a network cannot be that of the new workspace: what, of which thing, why, and what to do."""

    what: str
    subject: str
    why: str = ""
    next: str = ""

    def blocked(self) -> Blocked:
        """The error that ends a plan."""
        return Blocked(self.what, subject=self.subject, why=self.why, next=self.next)


def parameter(workspace: Body, name: str) -> Any:
    """The value of a parameter in the GET body of a workspace; None where it has none."""
    one = (_of(workspace).get("parameters") or {}).get(name)
    return one.get("value") if isinstance(one, dict) else None


def network_of(source: Body, settings: Mapping[str, Any]) -> str:
    """ARM id of the new workspace's virtual network: the given one, else that of the old one ("": a managed one)."""
    return str(settings.get("virtual_network") or parameter(source, "customVirtualNetworkId") or "")


def connector_of(source: Body, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The accessConnector of the new workspace: the given one, else the old one's; {} where the service makes its own.

    The connector in the managed resource group of the old workspace goes with that, and is not carried.
    """
    given = str(settings.get("access_connector") or "")
    if given:
        return {"id": given, "identityType": "SystemAssigned"}
    found = dict(_of(source).get("accessConnector") or {})
    managed = str(_of(source).get("managedResourceGroupId") or "").rstrip("/").lower()
    return {} if managed and str(found.get("id", "")).lower().startswith(f"{managed}/") else found


def connections(workspace: Body, group: str) -> list[str]:
    """ARM ids of the private endpoints of that group that are connected (Approved) to a workspace."""
    found = []
    for one in _of(workspace).get("privateEndpointConnections") or ():
        of = _of(one)
        state = str((of.get("privateLinkServiceConnectionState") or {}).get("status", ""))
        if state.lower() == "approved" and group in [str(name).lower() for name in of.get("groupIds") or ()]:
            found.append(str((of.get("privateEndpoint") or {}).get("id", "")))
    return found


def input_faults(source: Body, settings: Mapping[str, Any]) -> Iterator[Fault]:
    """What is missing or wrong in the inputs, as far as the GET body of the old workspace shows it."""
    name, network = str(source.get("name", "")), network_of(source, settings)
    public, private = (str(settings.get(one) or "") for one in ("public_subnet", "private_subnet"))
    if network:
        yield from _pair_faults(source, network, public, private)
    elif public or private:
        yield Fault(
            "subnets are named, and no network",
            name,
            "the old workspace is in a managed network",
            "give virtual_network too, or leave public_subnet and private_subnet out",
        )
    closed = str(_of(source).get("publicNetworkAccess")) == "Disabled"
    if closed and not settings.get("endpoint_subnets") and not connections(source, UI_API):
        yield Fault(
            "nobody could enter the new workspace",
            name,
            f"public access is off, and the old one has no connected private endpoint of the group {UI_API}",
            "give endpoint_subnets: ARM ids of subnets in which one is to be made",
        )
    yield from _firewall_faults(source, settings, network)


def _pair_faults(source: Body, network: str, public: str, private: str) -> Iterator[Fault]:
    name, short = str(source.get("name", "")), network.rpartition("/")[2]
    if not public or not private:
        yield Fault(
            "the new workspace needs two subnets of its own",
            name,
            f"it is to be in the network {short}, and workspaces cannot share subnets",
            "make two of /26, delegated to Microsoft.Databricks/workspaces: public_subnet, private_subnet",
        )
        return
    if public.lower() == private.lower():
        yield Fault("public_subnet and private_subnet are the same", name, "a workspace needs two subnets", "name two")
    if network.lower() == str(parameter(source, "customVirtualNetworkId") or "").lower():
        old = (str(parameter(source, f"custom{one}SubnetName") or "") for one in ("Public", "Private"))
        taken = {one.lower() for one in old if one} & {public.lower(), private.lower()}
        if taken:
            yield Fault(
                "a subnet of the old workspace was named for the new one",
                f"{short}/{min(taken)}",
                "workspaces cannot share subnets",
                "name others",
            )
    here, there = _subscription(str(source.get("id", ""))), _subscription(network)
    if here and there and here != there:
        yield Fault(
            "the network is in another subscription",
            short,
            f"it is in {there}, the workspace in {here}",
            "name a network of the workspace's subscription",
        )


def _firewall_faults(source: Body, settings: Mapping[str, Any], network: str) -> Iterator[Fault]:
    if str(_of(source).get("defaultStorageFirewall")) != "Enabled":
        return
    name = str(source.get("name", ""))
    public = parameter(source, "enableNoPublicIp") is False
    for lacks, what in ((not network, "VNet injection"), (public, "No Public IP")):
        if lacks:
            yield Fault(f"the storage firewall of the old workspace needs {what}", name, "", f"see to {what} first")
    if not connector_of(source, settings):
        yield Fault(
            "the storage firewall needs an access connector that outlives the old workspace",
            name,
            "the old one's is in its managed resource group, or it names none",
            "az databricks access-connector create, then give its ARM id as access_connector",
        )


def subnet_faults(
    network: Body, names: Iterable[str], *, region: str, workspaces: Iterable[Body], target: str = ""
) -> Iterator[Fault]:
    """What is wrong with the subnets of these names.

    network: GET body of the virtual network. workspaces: those of its subscription. target: ARM id of the workspace
    that is being made, which may have them already.
    """
    short, names = str(network.get("name", "")), list(names)
    there = str(network.get("location", "")).replace(" ", "").lower()
    if there != region.replace(" ", "").lower():
        yield Fault(
            "the network is in another region",
            short,
            f"it is in {there}, the workspace in {region}",
            "name a network of the workspace's region",
        )
    taken = _taken(str(network.get("id", "")), workspaces, target)
    for name in names:
        yield from _subnet_faults(network, name, taken)


def _taken(network: str, workspaces: Iterable[Body], target: str) -> dict[str, str]:
    """Subnet (small letters) -> name of the workspace that has it."""
    found = {}
    for one in workspaces:
        if str(parameter(one, "customVirtualNetworkId") or "").lower() != network.lower():
            continue
        if str(one.get("id", "")).lower() != target.lower():
            for which in ("customPublicSubnetName", "customPrivateSubnetName"):
                found[str(parameter(one, which) or "").lower()] = str(one.get("name", ""))
    return found


def _subnet_faults(network: Body, name: str, taken: Mapping[str, str]) -> Iterator[Fault]:
    short = str(network.get("name", ""))
    at, command = f"{short}/{name}", f"az network vnet subnet update --vnet-name {short} --name {name}"
    make = f"az network vnet subnet create --vnet-name {short} --name {name}"
    subnet = subnet_of(network, name)
    if subnet is None:
        known = ", ".join(sorted(str(one.get("name", "")) for one in _of(network).get("subnets") or ())) or "none"
        yield Fault("there is no such subnet", at, f"the network has: {known}", make)
        return
    of = _of(subnet)
    delegated = [str(_of(one).get("serviceName", "")) for one in of.get("delegations") or ()]
    if [one.lower() for one in delegated] != [DELEGATION.lower()]:
        why = f"it is delegated to {', '.join(delegated)}" if delegated else "it is delegated to nothing"
        yield Fault(f"the subnet is not delegated to {DELEGATION}", at, why, f"{command} --delegations {DELEGATION}")
    if not (of.get("networkSecurityGroup") or {}).get("id"):
        yield Fault(
            "the subnet has no network security group",
            at,
            "the service puts its rules there",
            f"{command} --network-security-group GROUP",
        )
    prefixes = [str(one) for one in of.get("addressPrefixes") or [of.get("addressPrefix")] if one]
    if not any(ipaddress.ip_network(one, strict=False).prefixlen <= LARGEST_PREFIX for one in prefixes if "." in one):
        why = f"it is {', '.join(prefixes) or 'without a prefix'}"
        yield Fault("the subnet is too small", at, why, "make one of /26 or larger")
    user = taken.get(name.lower()) or ""
    if user or of.get("ipConfigurations") or of.get("privateEndpoints"):
        why = f"the workspace {user} has it" if user else "something has addresses in it"
        yield Fault("the subnet is in use", at, f"{why}, and workspaces cannot share subnets", "name one that is empty")


def way_out_faults(source: Body, old: Body, new: Body, names: Iterable[str]) -> Iterator[Fault]:
    """New subnets without a NAT gateway or a route table, where those of the old workspace have one.

    old, new: GET bodies of the two networks (perhaps the same). Assumption: what the old subnets had, compute needs to
    reach the control plane, unless a load balancer is named.
    """
    if parameter(source, "loadBalancerId"):
        return
    had = set()
    for which in ("customPublicSubnetName", "customPrivateSubnetName"):
        had |= _ways(subnet_of(old, str(parameter(source, which) or "")))
    for name in names:
        subnet = subnet_of(new, name)
        if had and subnet is not None and not _ways(subnet):
            yield Fault(
                "compute in the subnet would have no way out",
                f"{new.get('name', '')}/{name}",
                f"the subnets of the old workspace have a {' and a '.join(sorted(had))}, it has none",
                "give it a NAT gateway, or the route table",
            )


def _ways(subnet: Body | None) -> set[str]:
    of = _of(subnet or {})
    return {text for name, text in (("natGateway", "NAT gateway"), ("routeTable", "route table")) if of.get(name)}


def connector_faults(connector: Body | None, used: Mapping[str, Any], region: str) -> Iterator[Fault]:
    """What is wrong with an access connector. connector: its GET body (None: there is none); used: how it is named."""
    at = str(used.get("id", ""))
    if connector is None:
        yield Fault("there is no such access connector", at, "", "az databricks access-connector list")
        return
    has = str((connector.get("identity") or {}).get("type", ""))
    if str(used.get("identityType", "")).lower() not in has.lower():
        yield Fault(
            "the access connector has not the identity that is to be used",
            at,
            f"it has {has or 'none'}, wanted is {used.get('identityType')}",
            "give it that identity",
        )
    there = str(connector.get("location", "")).replace(" ", "").lower()
    if there != region.replace(" ", "").lower():  # Assumption: as the workspace's other resources
        yield Fault("the access connector is in another region", at, f"it is in {there}", f"make one in {region}")


def endpoint_subnet_faults(network: Body, name: str) -> Iterator[Fault]:
    """What is wrong with a subnet for private endpoints."""
    at = f"{network.get('name', '')}/{name}"
    subnet = subnet_of(network, name)
    if subnet is None:
        yield Fault("there is no such subnet for a private endpoint", at, "", "az network vnet subnet list")
    elif _of(subnet).get("delegations"):
        yield Fault("a subnet that is delegated takes no private endpoint", at, "", "name one that is not delegated")


def subnet_of(network: Body, name: str) -> dict[str, Any] | None:
    """The subnet of that name in the GET body of a virtual network."""
    found = (one for one in _of(network).get("subnets") or () if str(one.get("name", "")).lower() == name.lower())
    return next(found, None)


def _of(body: Body) -> dict[str, Any]:
    return dict(body.get("properties") or {})


def _subscription(arm_id: str) -> str:
    parts = arm_id.split("/")
    return parts[2].lower() if len(parts) > 2 else ""
