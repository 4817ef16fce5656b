"""Whether the network of a new workspace can be used: reads what the rules (network_rules.py) judge. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cmkmigrate.errors import NotFound
from cmkmigrate.kinds.azure import network_rules as rules
from cmkmigrate.kinds.azure.network_rules import Fault
from cmkmigrate.kinds.base import Site

NETWORK: Final = "2024-05-01"  # api-version of Microsoft.Network
CONNECTOR: Final = "2026-01-01"  # of Microsoft.Databricks/accessConnectors


def faults(site: Site, source: Mapping[str, Any], settings: Mapping[str, Any], target: str = "") -> Iterator[Fault]:
    """Everything that keeps a new workspace like `source` (its GET body) from being made in the network that the
    settings name. site: a clients.arm.Subscription. target: ARM id of the workspace that is to be made.

    settings: virtual_network, public_subnet, private_subnet, endpoint_subnets, access_connector, all of them optional.
    Raises Denied where something may not be read, which is no pass.
    """
    found = list(rules.input_faults(source, settings))
    yield from found
    network = rules.network_of(source, settings)
    pair = [str(settings.get(one) or "") for one in ("public_subnet", "private_subnet")]
    if network and all(pair):
        yield from _pair(site, source, network, pair, target)
    connector = rules.connector_of(source, settings)
    if connector:
        yield from rules.connector_faults(_read(site, connector["id"], CONNECTOR), connector, str(source["location"]))
    for subnet in settings.get("endpoint_subnets") or ():
        yield from _endpoint_subnet(site, str(subnet))


def _pair(site: Site, source: Mapping[str, Any], id: str, pair: list[str], target: str) -> Iterator[Fault]:
    network = _read(site, id, NETWORK)
    if network is None:
        yield Fault("there is no such virtual network", id, "", "az network vnet list")
        return
    region, workspaces = str(source["location"]), site.workspaces()
    yield from rules.subnet_faults(network, pair, region=region, workspaces=workspaces, target=target)
    old_id = str(rules.parameter(source, "customVirtualNetworkId") or "")
    if old_id:
        old = network if old_id.lower() == id.lower() else _read(site, old_id, NETWORK)
        yield from rules.way_out_faults(source, old or {}, network, pair)


def _endpoint_subnet(site: Site, id: str) -> Iterator[Fault]:
    head, marked, name = id.partition("/subnets/")
    network = _read(site, head, NETWORK) if marked and head.startswith("/subscriptions/") else None
    if network is None:
        yield Fault("there is no such subnet for a private endpoint", id, "", "give the ARM id of a subnet")
        return
    yield from rules.endpoint_subnet_faults(network, name)


def _read(site: Site, id: str, version: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = site.read(id, version)
    except NotFound:
        return None
    return found
