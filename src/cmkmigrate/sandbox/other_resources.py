"""Resources that an estate brings as ARM shows them, of types that the sandbox knows nothing else about: read only.

They lie in `cloud.resources` by their id in small letters; `arm.json` has them under "resources". A child
(`.../servers/NAME/firewallRules/RULE`) is listed below its parent.
"""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox.arm import need_group, not_found, page
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

# Types of their own, and of these the children that are asked for.
TYPES: dict[str, tuple[str, ...]] = {
    "Microsoft.Network/natGateways": (),
    "Microsoft.Network/publicIPAddresses": (),
    "Microsoft.Network/routeTables": (),
    "Microsoft.Network/privateDnsZones": ("A",),
    "Microsoft.Sql/servers": ("virtualNetworkRules", "firewallRules"),
    "Microsoft.DocumentDB/databaseAccounts": (),
    "Microsoft.EventHub/namespaces": ("networkRuleSets",),
    "Microsoft.ContainerRegistry/registries": (),
    "Microsoft.CognitiveServices/accounts": (),
}
IN_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/"


def of_type(cloud: Cloud, type: str, below: str) -> list[Body]:
    """The resources of a type whose id begins so."""
    wanted, start = type.lower(), below.lower().rstrip("/") + "/"
    found = (one for id, one in cloud.resources.items() if id.startswith(start))
    return [one for one in found if str(one.get("type", "")).lower() == wanted]


def get_resource(cloud: Cloud, request: Request) -> Response:
    need_group(cloud, request)
    found = cloud.resources.get(request.path.rstrip("/").lower())
    if found is None:
        at = request.path.rstrip("/").split("/")
        return not_found("/".join(at[6:-1:1][:2]), at[-1], request.params["group"])
    return json_response(found)


def list_resources(cloud: Cloud, request: Request) -> Response:
    """Those of a subscription, a resource group, or below their parent."""
    if "group" in request.params:
        need_group(cloud, request)
    head, _, rest = request.path.rstrip("/").rpartition("/providers/")
    parts = rest.split("/")
    if len(parts) == 2:
        return page(cloud, request, of_type(cloud, rest, head))
    parent = request.path.rstrip("/").rpartition("/")[0]
    if parent.lower() not in cloud.resources:
        return not_found("/".join(parts[:2]), parts[2], request.params["group"])
    return page(cloud, request, of_type(cloud, "/".join([parts[0], *parts[1::2]]), parent))


@route("GET", IN_GROUP + "Microsoft.Databricks/workspaces/{name}/virtualNetworkPeerings")
def list_peerings(cloud: Cloud, request: Request) -> Response:
    """Peerings of a workspace's managed network, as an estate brings them."""
    workspace = request.path.rstrip("/").rpartition("/")[0]
    if workspace.lower() not in cloud.workspaces:
        return not_found("Microsoft.Databricks/workspaces", request.params["name"], request.params["group"])
    return page(cloud, request, of_type(cloud, "Microsoft.Databricks/workspaces/virtualNetworkPeerings", workspace))


def _routes() -> None:
    listed: Any = list_resources
    got: Any = get_resource
    for type, children in TYPES.items():
        route("GET", "/subscriptions/{subscription}/providers/" + type)(listed)
        route("GET", IN_GROUP + type)(listed)
        route("GET", IN_GROUP + type + "/{name}")(got)
        for child in children:
            route("GET", IN_GROUP + type + "/{name}/" + child)(listed)
            route("GET", IN_GROUP + type + "/{name}/" + child + "/{child}")(got)


_routes()
