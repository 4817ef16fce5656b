"""The private DNS zones in which a private endpoint registers its name: the same as those of the old endpoint.

Evidence: official examples of the operations (Microsoft.Network, privateEndpoints/privateDnsZoneGroups).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.kinds.azure.attached import as_there, finished, put, reads_of, target_of, there
from cmkmigrate.kinds.azure.network_rules import UI_API, connections
from cmkmigrate.kinds.azure.operations import busy, state_of
from cmkmigrate.kinds.azure.private_endpoints import SETTINGS, wanted
from cmkmigrate.kinds.azure.workspace_network import NETWORK
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made


class DnsZoneGroups(Kind):
    """Those of the endpoints that were made. Settings: as private_endpoints has them."""

    name = "dns_zone_groups"
    service = "private_endpoints"
    at = "arm"
    parents = ("private_endpoints",)
    owns = ("properties",)
    settings = SETTINGS

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        return list(_wanted(reads_of(source), source.resource, settings))

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        if target_of(settings) == KNOWN_AFTER_APPLY:
            return []
        reads, found = Reads(site.read, site.listing), []
        for one in wanted(reads, site.workspace(str(settings["source"])), settings):
            if one.body:
                found += [_asset(group, one) for group in _groups(reads, str(one.body["at"]))]
        return found

    def load(self, site: Subscription, entry: Entry) -> Asset:
        at = entry.id.lower().index("/privatednszonegroups/")
        endpoint = Asset(entry.id[:at], (entry.of or ("", ""))[1], body={"at": entry.id[:at]})
        return _asset(site.read(entry.id, NETWORK), endpoint)

    def fit(self, want: Body, have: Body) -> Body:
        """While an operation goes on, its end is as wanted: `settle` waits for it."""
        want = as_there(want, have)
        if busy(have) and want.get("properties"):
            want = {**want, "properties": {**want["properties"], "provisioningState": state_of(have)}}
        return want

    def create(self, site: Subscription, asset: Asset) -> Made:
        body = asset.body or {}
        configs = body["properties"]["privateDnsZoneConfigs"]
        return put(site, str(body["at"]), NETWORK, {"properties": {"privateDnsZoneConfigs": configs}})

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        return self.create(site, want)

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        finished(site, made.id or asset.id, NETWORK)


def _wanted(reads: Reads, source: Body, settings: Mapping[str, Any]) -> Iterator[Asset]:
    named = {str(one).lower() for one in settings.get("endpoint_subnets") or ()}
    for one in wanted(reads, source, settings):
        if not one.body:
            continue
        if one.key not in named:
            yield from (_asset(group, one) for group in _groups(reads, one.id))
            continue
        # In a subnet that was named: the zones of the old workspace's endpoints, each once.
        old = [group for id in connections(source, UI_API) for group in _groups(reads, id)]
        zones = {str(config["properties"]["privateDnsZoneId"]): config for group in old for config in _configs(group)}
        if zones:
            body = {"name": "default", "id": one.id, "properties": {"privateDnsZoneConfigs": list(zones.values())}}
            yield _asset(body, one)


def _groups(reads: Reads, endpoint: str) -> Iterable[Body]:
    return there(lambda: reads.listing(f"{endpoint}/privateDnsZoneGroups", NETWORK))


def _configs(group: Body) -> list[Body]:
    found = (group.get("properties") or {}).get("privateDnsZoneConfigs") or []
    return [
        {"name": str(one["name"]), "properties": {"privateDnsZoneId": str(one["properties"]["privateDnsZoneId"])}}
        for one in found
    ]


def _asset(group: Body, endpoint: Asset) -> Asset:
    """A group of an endpoint, in the form in which it is wanted."""
    name, at = str(group["name"]), str((endpoint.body or {})["at"])
    properties = {"privateDnsZoneConfigs": _configs(group), "provisioningState": state_of(group)}
    body: Body = {"at": f"{at}/privateDnsZoneGroups/{name}", "properties": properties}
    of = ("private_endpoints", endpoint.key)
    return Asset(str(group["id"]), f"{endpoint.key}/{name}".lower(), name, of=of, body=body)
