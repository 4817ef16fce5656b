"""Private endpoints, their DNS zone groups, and what a workspace shows of those that lead to it.

Contract: official examples of Microsoft.Network 2024-05-01. Recorded at the other end (`v2#30`, `v2#38`): groups of a
workspace, a connection that is approved by itself. Codes of refusals are Azure's general ones (Assumption).
"""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox.arm import RESOURCE, api_version, linked_refusal, locked, need_group, not_found, page
from cmkmigrate.sandbox.cloud import Body, Cloud, digest
from cmkmigrate.sandbox.networks import subnet_of
from cmkmigrate.sandbox.other_resources import of_type
from cmkmigrate.sandbox.rights import may
from cmkmigrate.sandbox.wire import Failure, Request, Response, azure_error, json_response, route

TYPE = "Microsoft.Network/privateEndpoints"
GROUP_TYPE = f"{TYPE}/privateDnsZoneGroups"
ENDPOINTS = RESOURCE + TYPE
GROUPS = ENDPOINTS + "/{name}/privateDnsZoneGroups"
OPERATION = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/operations/{id}"
KINDS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
OF_WORKSPACES = ("databricks_ui_api", "browser_authentication")
APPROVAL = "Microsoft.Databricks/workspaces/privateEndpointConnectionsApproval/action"
AUTO = {"status": "Approved", "description": "Auto-approved", "actionsRequired": "None"}  # recorded
PENDING = {"status": "Pending", "description": "Please approve my connection", "actionsRequired": "None"}


def _settle(cloud: Cloud, body: Body, *, poll: bool) -> Body:
    """Finish what goes on with a resource when its time has come: after enough looks, or enough seconds."""
    since = cloud.under_way.get(body["id"].lower())
    if since is not None:
        since[1] += poll
        if cloud.clock.now() - since[0] >= cloud.settings.operation_s or since[1] > cloud.settings.polls:
            del cloud.under_way[body["id"].lower()]
            body["properties"]["provisioningState"] = "Succeeded"
    return body


def _found(cloud: Cloud, request: Request) -> Body:
    need_group(cloud, request)
    body = cloud.resources.get(request.path.rstrip("/").lower())
    if body is None:
        raise Failure(not_found(TYPE, request.params["name"], request.params["group"]))
    return _settle(cloud, body, poll=True)


def _begun(cloud: Cloud, request: Request, body: Body) -> Response:
    """Keep a resource whose making goes on; 201 where it is new, with an operation to ask about."""
    known = body["id"].lower() in cloud.resources
    body["properties"]["provisioningState"] = "Updating"
    cloud.resources[body["id"].lower()] = body
    cloud.under_way[body["id"].lower()] = [cloud.clock.now(), 0]
    at = request.params["subscription"], body.get("location", "westeurope"), digest("operation", body["id"])[:32]
    path = OPERATION.format(subscription=at[0], location=at[1], id=at[2])
    headers = {"azure-asyncoperation": f"https://{request.host}{path}?api-version={api_version(request)}"}
    return json_response(body, 200 if known else 201, headers)


@route("GET", OPERATION)
def get_operation(cloud: Cloud, request: Request) -> Response:
    for id in list(cloud.under_way):
        if digest("operation", id)[:32] == request.params["id"]:
            _settle(cloud, cloud.resources[id], poll=True)
    going = any(digest("operation", id)[:32] == request.params["id"] for id in cloud.under_way)
    return json_response({"status": "InProgress" if going else "Succeeded"})


@route("GET", ENDPOINTS + "/{name}")
def get_endpoint(cloud: Cloud, request: Request) -> Response:
    return json_response(_found(cloud, request))


@route("GET", "/subscriptions/{subscription}/providers/" + TYPE)
@route("GET", ENDPOINTS)
def list_endpoints(cloud: Cloud, request: Request) -> Response:
    found = of_type(cloud, TYPE, request.path.rpartition("/providers/")[0])
    return page(cloud, request, [_settle(cloud, one, poll=False) for one in found])


@route("PUT", ENDPOINTS + "/{name}")
def put_endpoint(cloud: Cloud, request: Request) -> Response:
    need_group(cloud, request)
    asked = request.json()
    given = asked.get("properties") or {}
    id = request.path.rstrip("/")
    had = cloud.resources.get(id.lower())
    refused = locked(cloud, id, delete=False) or _refusal(cloud, given, had)
    if refused is None:
        join, write = "Microsoft.Network/virtualNetworks/subnets/join/action", f"{TYPE}/write"
        refused = linked_refusal(cloud, request, write, id, join, str(given["subnet"]["id"]))
    if refused is not None:
        return refused
    assert request.principal is not None, "ARM's routes want a token"
    approves = all(
        may(cloud, request.principal.id, APPROVAL, str(one["properties"]["privateLinkServiceId"]))
        for one in given.get(KINDS[0]) or ()
    )
    properties: Body = {"subnet": {"id": given["subnet"]["id"]}}
    for kind in KINDS:
        properties[kind] = [_connection(id, kind, one, approves) for one in given.get(kind) or ()]
    for name in ("ipConfigurations", "applicationSecurityGroups"):
        properties[name] = given.get(name) or []
    card = f"networkInterfaces/{request.params['name']}.nic.{digest(id)[:8]}"
    properties["networkInterfaces"] = [{"id": f"{id.rpartition('/')[0].rpartition('/')[0]}/{card}"}]
    body: Body = {"name": request.params["name"], "id": id, "type": TYPE, "location": asked["location"]}
    if asked.get("tags"):
        body["tags"] = asked["tags"]
    return _begun(cloud, request, {**body, "properties": properties})


def _connection(endpoint: str, kind: str, one: Body, approves: bool) -> Body:
    """Approved at once where its maker may approve connections of the workspace (the vendor's page on Private Link)."""
    given = one.get("properties") or {}
    state = AUTO if kind == KINDS[0] and approves else PENDING
    return {
        "name": one.get("name", ""),
        "id": f"{endpoint}/{kind}/{one.get('name', '')}",
        "properties": {
            **given,
            "provisioningState": "Succeeded",
            "privateLinkServiceConnectionState": dict(state),
        },
    }


def _refusal(cloud: Cloud, given: Body, had: Body | None) -> Response | None:
    subnet = str((given.get("subnet") or {}).get("id", ""))
    asked = [one.get("properties") or {} for kind in KINDS for one in given.get(kind) or ()]
    if not subnet or len(asked) != 1:
        return azure_error(400, "InvalidRequestFormat", "A private endpoint has a subnet and one connection.")
    known = _subnet(cloud, subnet)
    if known is None:
        text = f"Resource {subnet} referenced by the private endpoint was not found."
        return azure_error(400, "InvalidResourceReference", text)
    if (known.get("properties") or {}).get("delegations"):
        text = f"The subnet {subnet} is delegated and cannot have private endpoints."
        return azure_error(400, "SubnetIsDelegated", text)
    if had is not None and str(had["properties"]["subnet"]["id"]).lower() != subnet.lower():
        text = "The subnet of a private endpoint cannot be changed."
        return azure_error(400, "SubnetChangeNotAllowed", text)
    service, groups = str(asked[0].get("privateLinkServiceId", "")), asked[0].get("groupIds") or []
    if service.lower() not in cloud.workspaces:
        text = f"Resource {service} referenced by the private endpoint was not found."
        return azure_error(400, "InvalidResourceReference", text)
    if len(groups) != 1 or groups[0] not in OF_WORKSPACES:
        return azure_error(400, "PrivateEndpointInvalidGroupId", f"The group ids {groups} are not valid.")
    return None


def _subnet(cloud: Cloud, id: str) -> Body | None:
    """The subnet of that id."""
    network, _, name = id.partition("/subnets/")
    known = cloud.networks.get(network.lower())
    return subnet_of(known, name) if known else None


@route("DELETE", ENDPOINTS + "/{name}")
def delete_endpoint(cloud: Cloud, request: Request) -> Response:
    """Assumption: at once, with its zone groups."""
    id = request.path.rstrip("/").lower()
    if (refused := locked(cloud, id, delete=True)) is not None:
        return refused
    gone = [one for one in cloud.resources if one == id or one.startswith(f"{id}/")]
    for one in gone:
        del cloud.resources[one]
    return Response(200 if gone else 204)


@route("GET", GROUPS)
def list_zone_groups(cloud: Cloud, request: Request) -> Response:
    endpoint = request.path.rstrip("/").rpartition("/")[0]
    if endpoint.lower() not in cloud.resources:
        return not_found(TYPE, request.params["name"], request.params["group"])
    return page(cloud, request, [_settle(cloud, one, poll=False) for one in of_type(cloud, GROUP_TYPE, endpoint)])


@route("GET", GROUPS + "/{zones}")
def get_zone_group(cloud: Cloud, request: Request) -> Response:
    return json_response(_found(cloud, request))


@route("PUT", GROUPS + "/{zones}")
def put_zone_group(cloud: Cloud, request: Request) -> Response:
    endpoint = request.path.rstrip("/").rpartition("/privateDnsZoneGroups/")[0]
    if endpoint.lower() not in cloud.resources:
        return not_found(TYPE, request.params["name"], request.params["group"])
    if endpoint.lower() in cloud.under_way:
        text = "Another operation on this or dependent resource is in progress."
        return azure_error(409, "AnotherOperationInProgress", text)
    configs: list[Any] = (request.json().get("properties") or {}).get("privateDnsZoneConfigs") or []
    for one in configs:
        zone = str((one.get("properties") or {}).get("privateDnsZoneId", ""))
        if zone.lower() not in cloud.resources:
            text = f"Resource {zone} referenced by the zone group was not found."
            return azure_error(400, "InvalidResourceReference", text)
        join = "Microsoft.Network/privateDnsZones/join/action"
        refused = linked_refusal(cloud, request, f"{GROUP_TYPE}/write", request.path, join, zone)
        if refused is not None:
            return refused
    id = request.path.rstrip("/")
    body = {"name": request.params["zones"], "id": id, "type": GROUP_TYPE}
    return _begun(cloud, request, {**body, "properties": {"privateDnsZoneConfigs": configs}})


def connections_of(cloud: Cloud, workspace: str) -> list[Body]:
    """`privateEndpointConnections` of a workspace: every endpoint that leads to it and is made."""
    found = []
    for id, one in cloud.resources.items():
        if one.get("type") != TYPE or id in cloud.under_way:
            continue
        for kind in KINDS:
            for connection in one["properties"].get(kind) or ():
                of = connection["properties"]
                if str(of.get("privateLinkServiceId", "")).lower() == workspace.lower():
                    found.append(_seen_from(workspace, one, of))
    return found


def _seen_from(workspace: str, endpoint: Body, of: Body) -> Body:
    name = f"{endpoint['name']}.{digest(endpoint['id'])[:8]}"
    return {
        "id": f"{workspace}/privateEndpointConnections/{name}",
        "name": name,
        "type": "Microsoft.Databricks/workspaces/privateEndpointConnections",
        "properties": {
            "privateEndpoint": {"id": endpoint["id"]},
            "groupIds": of["groupIds"],
            "privateLinkServiceConnectionState": of["privateLinkServiceConnectionState"],
            "provisioningState": "Succeeded",
        },
    }


def entered(cloud: Cloud, workspace: str) -> bool:
    """Whether a workspace can be entered by a private endpoint. Assumption: whoever asks is behind it."""
    return any(
        one["properties"]["groupIds"] == ["databricks_ui_api"]
        and one["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
        for one in connections_of(cloud, workspace)
    )
