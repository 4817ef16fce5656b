"""network-asks.csv: the firewalls and lists that know only the old subnets and addresses, as far as they can be read.

One list call for each sort and readable subscription (SQL servers, Event Hubs namespaces and DNS zones: one more for
each of them). What may not be read is a row too. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cmkmigrate.clients import permissions
from cmkmigrate.errors import Blocked, CallError, Denied, NotFound
from cmkmigrate.kinds.azure import network_rules as rules
from cmkmigrate.kinds.azure.known_elsewhere import UNKNOWN_YET, Ask, Side, asks_of, owner_of
from cmkmigrate.kinds.azure.private_endpoints import STAYS
from cmkmigrate.kinds.azure.workspace_network import NETWORK
from cmkmigrate.kinds.base import Site
from cmkmigrate.model import Body

COLUMNS: Final = ("what", "resource", "knows", "ask", "owner", "sure")
ZONE: Final = "privatelink.azuredatabricks.net"


@dataclass(frozen=True, slots=True)
class _Sort:
    """What is listed in a subscription: its name for people, type, api-version, where its rules are, and the children
    in which they are instead."""

    what: str
    type: str
    version: str
    at: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


_SORTS: Final = (
    _Sort("storage account firewall", "Microsoft.Storage/storageAccounts", "2023-05-01", ("networkAcls",)),
    _Sort("key vault firewall", "Microsoft.KeyVault/vaults", "2023-07-01", ("networkAcls",)),
    _Sort("Cosmos DB firewall", "Microsoft.DocumentDB/databaseAccounts", "2024-05-15",
          ("virtualNetworkRules", "ipRules")),
    _Sort("network security group", "Microsoft.Network/networkSecurityGroups", NETWORK, ("securityRules",)),
    _Sort("route table", "Microsoft.Network/routeTables", NETWORK, ("routes",)),
    _Sort("container registry firewall", "Microsoft.ContainerRegistry/registries", "2023-07-01", ("networkRuleSet",)),
    _Sort("AI services firewall", "Microsoft.CognitiveServices/accounts", "2023-05-01", ("networkAcls",)),
    _Sort("SQL server firewall", "Microsoft.Sql/servers", "2021-11-01", (), ("virtualNetworkRules", "firewallRules")),
    _Sort("Event Hubs firewall", "Microsoft.EventHub/namespaces", "2024-01-01", (), ("networkRuleSets",)),
)  # fmt: skip


def network_asks(
    site: Site, source: Body, settings: Mapping[str, Any], target: str, open: Callable[[str], Site]
) -> Iterator[Ask]:
    """The rows. site: the source's subscription. source: GET body of the old workspace. settings: the parameters of a
    migration (virtual_network, public_subnet, private_subnet). target: ARM id of the new workspace. open: a
    subscription by its id. Raises Blocked where the network of the old workspace cannot be read."""
    try:
        new_body = site.workspace(target)
    except NotFound:
        new_body = None
    unread: list[Ask] = []
    old, new = _old(site, source, unread), _new(site, source, new_body, settings, unread)
    yield from unread
    yield from _of_workspace(site, source, settings)
    yield from _of_subnets(site, source, settings)
    for id in sorted({str(one["subscriptionId"]).lower() for one in site.subscriptions()} | {site.id.lower()}):
        there = open(id)
        yield from _cut(there)
        for sort in _SORTS:
            yield from _of_sort(there, sort, old, new)
        yield from _of_zones(there, source)
    known = " ".join((*old.addresses, *old.prefixes))
    if known:
        text = f"let in {' '.join((*new.addresses, *new.prefixes)) or UNKNOWN_YET}"
        what = "lists that Azure does not show (firewalls of your own, partners, databases' own lists)"
        yield Ask(what, "", known, text, "", "unknown")


def _old(site: Site, source: Body, unread: list[Ask]) -> Side:
    network = str(rules.parameter(source, "customVirtualNetworkId") or "")
    names = [str(rules.parameter(source, f"custom{one}SubnetName") or "") for one in ("Public", "Private")]
    return _injected(site, network, names, unread) if network else _managed(site, source, unread)


def _new(site: Site, source: Body, made: Body | None, settings: Mapping[str, Any], unread: list[Ask]) -> Side:
    network = rules.network_of(source, settings)
    if network:
        names = [str(settings.get(one) or "") for one in ("public_subnet", "private_subnet")]
        return _injected(site, network, names, unread)
    return _managed(site, made, unread) if made else Side()


def _injected(site: Site, network: str, names: list[str], unread: list[Ask]) -> Side:
    """Subnets of a network of one's own, and the addresses of the NAT gateways that they go out by."""
    try:
        body = site.read(network, NETWORK)
    except (NotFound, Denied) as error:
        raise Blocked("the network cannot be read", subject=network, why=str(error), next="get Reader on it") from None
    found = [one for one in (rules.subnet_of(body, name) for name in names) if one is not None]
    of = [one.get("properties") or {} for one in found]
    prefixes = [
        str(prefix) for one in of for prefix in one.get("addressPrefixes") or [one.get("addressPrefix")] if prefix
    ]
    gateways = {str((one.get("natGateway") or {}).get("id", "")) for one in of} - {""}
    addresses: list[str] = []
    for gateway in sorted(gateways):
        try:
            addresses += _addresses(site, gateway)
        except CallError as error:
            unread.append(_not_read("addresses of a NAT gateway", gateway, error))
    return Side(tuple(f"{network}/subnets/{one['name']}" for one in found), tuple(prefixes), tuple(addresses))


def _addresses(site: Site, gateway: str) -> Iterator[str]:
    of = site.read(gateway, NETWORK).get("properties") or {}
    for name, field in (("publicIpAddresses", "ipAddress"), ("publicIpPrefixes", "ipPrefix")):
        for one in of.get(name) or ():
            found = (site.read(str(one["id"]), NETWORK).get("properties") or {}).get(field)
            if found:
                yield str(found)


def _managed(site: Site, workspace: Body, unread: list[Ask]) -> Side:
    """The public addresses in the managed resource group: those of its NAT gateway."""
    group = str((workspace.get("properties") or {}).get("managedResourceGroupId") or "").rstrip("/")
    path, found = f"{group}/providers/Microsoft.Network/publicIPAddresses", list[Body]()
    try:
        found = site.listing(path, NETWORK) if group else []
    except CallError as error:
        unread.append(_not_read("addresses of a NAT gateway", path, error))
    addresses = ((one.get("properties") or {}).get("ipAddress") for one in found)
    return Side(addresses=tuple(str(one) for one in addresses if one))


def _of_workspace(site: Site, source: Body, settings: Mapping[str, Any]) -> Iterator[Ask]:
    """What of the old workspace itself is not carried."""
    if not settings.get("browser_authentication"):
        for id in rules.connections(source, rules.BROWSER):
            yield Ask("private endpoint for signing in", id, str(source["id"]), STAYS)
    if rules.parameter(source, "customVirtualNetworkId"):
        return
    path = f"{source['id']}/virtualNetworkPeerings"
    try:
        peerings = site.listing(path, "2024-05-01")
    except CallError as error:
        yield _not_read("virtual network peering", path, error)
        return
    for one in peerings:
        remote = str(((one.get("properties") or {}).get("remoteVirtualNetwork") or {}).get("id", ""))
        text = "peer the new workspace's network (it must not overlap with what is peered already)"
        yield Ask("virtual network peering", remote, str(one.get("name", "")), text)


def _of_subnets(site: Site, source: Body, settings: Mapping[str, Any]) -> Iterator[Ask]:
    """Service endpoints that the old subnets have and the new ones have not: rules that name a subnet need them."""
    old_id, new_id = str(rules.parameter(source, "customVirtualNetworkId") or ""), rules.network_of(source, settings)
    if not old_id:
        return
    old, new = site.read(old_id, NETWORK), site.read(new_id, NETWORK)
    had: set[str] = set()
    for which in ("customPublicSubnetName", "customPrivateSubnetName"):
        had |= _services(rules.subnet_of(old, str(rules.parameter(source, which) or "")))
    for which in ("public_subnet", "private_subnet"):
        subnet = rules.subnet_of(new, str(settings.get(which) or ""))
        lacks = sorted(had - _services(subnet)) if subnet else []
        if lacks:
            at = f"{new_id}/subnets/{subnet['name']}" if subnet else ""
            yield Ask("service endpoints of a subnet", at, "", f"add {' '.join(lacks)}", owner_of(new))


def _services(subnet: Body | None) -> set[str]:
    return {str(one.get("service")) for one in ((subnet or {}).get("properties") or {}).get("serviceEndpoints") or ()}


def _cut(site: Site) -> Iterator[Ask]:
    """Rows for what a listing leaves out: it shows what the caller may see, and does not say that there is more."""
    scope = f"/subscriptions/{site.id}"
    try:
        mine = site.listing(permissions.path(scope), permissions.VERSION)
    except Denied:
        mine = []
    except CallError as error:
        yield _not_read("all of a subscription", scope, error)
        return
    for sort in _SORTS:
        if not permissions.allows(mine, f"{sort.type}/read"):
            text = "you may not read all of them there: somebody who may has to look"
            yield Ask(sort.what, f"{scope}/providers/{sort.type}", "not read", text, "", "unknown")


def _of_sort(site: Site, sort: _Sort, old: Side, new: Side) -> Iterator[Ask]:
    path = f"/subscriptions/{site.id}/providers/{sort.type}"
    try:
        found = site.listing(path, sort.version)
    except CallError as error:
        yield _not_read(sort.what, path, error)
        return
    for one in found:
        of = one.get("properties") or {}
        if sort.at:
            yield from asks_of(sort.what, one, [of.get(name) for name in sort.at], old, new)
            continue
        listed: list[Any] = []
        for child in sort.children:
            try:
                listed += [each.get("properties") for each in site.listing(f"{one['id']}/{child}", sort.version)]
            except CallError as error:
                yield _not_read(sort.what, f"{one['id']}/{child}", error)
        yield from asks_of(sort.what, one, listed, old, new)


def _of_zones(site: Site, source: Body) -> Iterator[Ask]:
    """Records of the old workspace in private DNS zones. Where its endpoint has a zone group, the new one's makes its
    own; a record that somebody typed is found here."""
    path = f"/subscriptions/{site.id}/providers/Microsoft.Network/privateDnsZones"
    host = str((source.get("properties") or {}).get("workspaceUrl") or "").partition(".azuredatabricks")[0].lower()
    try:
        zones = [one for one in site.listing(path, "2020-06-01") if str(one.get("name", "")).lower() == ZONE]
        for zone in zones:
            for record in site.listing(f"{zone['id']}/A", "2020-06-01"):
                if host and str(record.get("name", "")).lower() == host:
                    text = "a record for the new workspace; its endpoint's zone group makes it where there is one"
                    yield Ask("private DNS zone", str(zone["id"]), host, text, owner_of(zone), "likely")
    except CallError as error:
        yield _not_read("private DNS zone", path, error)


def _not_read(what: str, path: str, error: CallError) -> Ask:
    return Ask(what, path, "not read", f"somebody who may read it has to look ({error})", "", "unknown")
