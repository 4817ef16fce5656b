"""Private endpoints of the new workspace, as the old one has them: same subnets, groups and tags; approved at once.

The endpoint for signing in (`browser_authentication`) is shared by all workspaces of a region and a private DNS zone
(vendor's page on Private Link): it stays with the old workspace unless it is asked for, and the plan says so.
Evidence: official example of the operation (Microsoft.Network 2024-05-01); recordings `v2#30`, `v2#38` (other end).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.errors import Blocked, Denied, NotFound, Refused
from cmkmigrate.kinds.azure.attached import as_there, finished, put, reads_of, target_of
from cmkmigrate.kinds.azure.network_rules import BROWSER, UI_API
from cmkmigrate.kinds.azure.operations import busy, state_of
from cmkmigrate.kinds.azure.workspace_network import NETWORK
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

_LONGEST: Final = 64  # characters of a private endpoint's name (vendor's page on naming rules)
_CONNECTIONS: Final = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
STAYS: Final = (
    "signing in to all workspaces of the region depends on it, so it stays with the old workspace: do not delete that "
    "before another one has such an endpoint (`browser_authentication: true` makes one)"
)


SETTINGS: Final[Mapping[str, type]] = {
    "workspace": str,
    "name": str,
    "source": str,
    "endpoint_subnets": list,
    "browser_authentication": bool,
}


class PrivateEndpoints(Kind):
    """Settings: workspace (ARM id of the new one), name (of it), source (ARM id of the old one), endpoint_subnets (ARM
    ids: one endpoint in each, in place of those of the old one), browser_authentication (that one too)."""

    name = "private_endpoints"
    service = "private_endpoints"
    at = "arm"
    owns = ("*", "!at")
    immutable = ("location",)
    unverified = (
        "that an endpoint of a workspace is approved at once where its maker may write the workspace (no selftest can "
        "show it)",
    )
    settings = SETTINGS

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        return list(wanted(reads_of(source), source.resource, settings))

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        if target_of(settings) == KNOWN_AFTER_APPLY:
            return []
        source = site.workspace(str(settings["source"]))
        found = []
        for one in wanted(Reads(site.read, site.listing), source, settings):
            try:
                if one.body:
                    found.append(_loaded(site.read(str(one.body["at"]), NETWORK), one.key))
            except NotFound:
                continue
        return found

    def load(self, site: Subscription, entry: Entry) -> Asset:
        return _loaded(site.read(entry.id, NETWORK), entry.key)

    def fit(self, want: Body, have: Body) -> Body:
        """While an operation goes on, its end is as wanted: `settle` waits for it."""
        want = as_there(want, have)
        if busy(have) and want.get("properties"):
            properties = {**want["properties"], "provisioningState": state_of(have)}
            want = {**want, "properties": properties, "connection": have.get("connection", "")}
        return want

    def create(self, site: Subscription, asset: Asset) -> Made:
        body = asset.body or {}
        properties = {name: value for name, value in body["properties"].items() if name != "provisioningState"}
        sent: Body = {name: body[name] for name in ("location", "tags") if name in body}
        return put(site, str(body["at"]), NETWORK, {**sent, "properties": properties})

    def update(self, site: Subscription, want: Asset, have: Asset) -> Made | None:
        return self.create(site, want)

    def settle(self, site: Subscription, asset: Asset, made: Made) -> None:
        body = _loaded(finished(site, made.id or asset.id, NETWORK), asset.key).body or {}
        if body["connection"] != "Approved":
            id = made.id or asset.id
            text = (
                f"the connection of {id.rpartition('/')[2]} is {body['connection']}: an owner of the workspace has to "
            )
            raise Refused(f"{text}approve it (az network private-endpoint-connection approve)")


def wanted(reads: Reads, source: Body, settings: Mapping[str, Any]) -> Iterator[Asset]:
    """The endpoints that the new workspace shall have; those of the old one that are left out say why.

    reads: Resource Manager. source: GET body of the old workspace. Raises Blocked where an endpoint may not be read.
    """
    target, subnets = target_of(settings), [str(one) for one in settings.get("endpoint_subnets") or ()]
    for one in (source.get("properties") or {}).get("privateEndpointConnections") or ():
        of = one.get("properties") or {}
        id, groups = (
            str((of.get("privateEndpoint") or {}).get("id", "")),
            [str(name) for name in of.get("groupIds") or ()],
        )
        status = str((of.get("privateLinkServiceConnectionState") or {}).get("status", ""))
        asset = Asset(id, id.lower(), id.rpartition("/")[2])
        if BROWSER in groups and not settings.get("browser_authentication"):
            asset.excluded = STAYS
        elif status.lower() != "approved":
            asset.excluded = f"its connection is {status or 'in no known state'}"
        elif subnets and UI_API in groups:
            asset.excluded = "endpoint_subnets says where those of the new workspace are made"
        else:
            asset.body = _like(_read(reads, id), groups, target, str(settings.get("name") or ""))
        yield asset
    for subnet in subnets:
        yield _in_subnet(reads, subnet, target, str(settings.get("name") or ""))


def _read(reads: Reads, id: str) -> Body:
    try:
        return reads.read(id, NETWORK)
    except (NotFound, Denied) as error:
        raise Blocked(
            "a private endpoint of the old workspace cannot be read",
            subject=id,
            why=str(error),
            next="get Reader on it, or give endpoint_subnets: ARM ids of subnets in which new ones are to be made",
        ) from None


def _like(old: Body, groups: list[str], target: str, name: str) -> Body:
    """A new endpoint for `target`, like an old one. A fixed address and the name of its network card stay there."""
    id, given = str(old["id"]), old.get("properties") or {}
    which = next((one for one in _CONNECTIONS if given.get(one)), _CONNECTIONS[0])
    new = _name(f"{id.rpartition('/')[2]}-{name}")
    body = _body(f"{id.rpartition('/')[0]}/{new}", str(old["location"]), given["subnet"]["id"], which, groups, target)
    if given.get("applicationSecurityGroups"):
        body["properties"]["applicationSecurityGroups"] = [
            {"id": one["id"]} for one in given["applicationSecurityGroups"]
        ]
    if old.get("tags"):
        body["tags"] = dict(old["tags"])
    return body


def _in_subnet(reads: Reads, subnet: str, target: str, name: str) -> Asset:
    """An endpoint in a subnet that was named: in the resource group and region of the subnet's network."""
    network = subnet.partition("/subnets/")[0]
    try:
        location = str(reads.read(network, NETWORK)["location"])
    except (NotFound, Denied) as error:
        raise Blocked("the subnet's network cannot be read", subject=network, why=str(error)) from None
    new = _name(f"pe-{name}-{subnet.rpartition('/')[2]}-{hashlib.sha256(subnet.lower().encode()).hexdigest()[:6]}")
    at = f"{network.partition('/providers/')[0]}/providers/Microsoft.Network/privateEndpoints/{new}"
    return Asset(subnet, subnet.lower(), new, body=_body(at, location, subnet, _CONNECTIONS[0], [UI_API], target))


def _body(at: str, location: str, subnet: str, which: str, groups: list[str], target: str) -> Body:
    connection = {"name": at.rpartition("/")[2], "properties": {"privateLinkServiceId": target, "groupIds": groups}}
    properties = {"subnet": {"id": subnet}, which: [connection], "provisioningState": "Succeeded"}
    return {"at": at, "connection": "Approved", "location": location, "properties": properties}


def _name(text: str) -> str:
    """At most 64 characters, and another for another text."""
    if len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(text.lower().encode()).hexdigest()[:8]
    return f"{text[: _LONGEST - 9]}-{digest}"


def _loaded(resource: Body, key: str) -> Asset:
    """An endpoint in the form in which it is wanted, with how its connection stands."""
    given = resource.get("properties") or {}
    which = next((one for one in _CONNECTIONS if given.get(one)), _CONNECTIONS[0])
    connection: Body = next(iter(given.get(which) or []), {})
    of = connection.get("properties") or {}
    at = str(resource["id"])
    body = _body(at, str(resource["location"]), str((given.get("subnet") or {}).get("id", "")), which,
                 [str(one) for one in of.get("groupIds") or ()], str(of.get("privateLinkServiceId", "")))  # fmt: skip
    body["properties"]["provisioningState"] = state_of(resource)
    body["connection"] = str((of.get("privateLinkServiceConnectionState") or {}).get("status", ""))
    if given.get("applicationSecurityGroups"):
        body["properties"]["applicationSecurityGroups"] = [
            {"id": one["id"]} for one in given["applicationSecurityGroups"]
        ]
    if resource.get("tags"):
        body["tags"] = dict(resource["tags"])
    return Asset(at, key, at.rpartition("/")[2], body=body)
