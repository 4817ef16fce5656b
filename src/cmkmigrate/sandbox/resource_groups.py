"""Azure Resource Manager's own resources: subscriptions, resource groups, and the list of resources."""

from __future__ import annotations

import re

from cmkmigrate.sandbox.arm import locked, page
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.providers import REGIONS
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

GROUP = "/subscriptions/{subscription}/resourceGroups/{name}"
FILTER = re.compile(r"(resourceType|name|resourceGroup|location) eq '([^']+)'", re.IGNORECASE)


def _subscription(cloud: Cloud, id: str) -> Body:
    return {
        "id": f"/subscriptions/{id}",
        "subscriptionId": id,
        "tenantId": cloud.tenant_id,
        "displayName": cloud.subscriptions[id],
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


@route("GET", "/subscriptions")
def list_subscriptions(cloud: Cloud, request: Request) -> Response:
    """Those in which the caller has a role on anything at all."""
    caller = request.principal
    scopes = [one.scope.lower() for one in cloud.assignments.values() if caller and one.principal == caller.id]
    seen = [
        id for id in cloud.subscriptions if any(f"{scope}/".startswith(f"/subscriptions/{id}/") for scope in scopes)
    ]
    return page(cloud, request, [_subscription(cloud, id) for id in seen])


@route("GET", "/subscriptions/{subscription}")
def get_subscription(cloud: Cloud, request: Request) -> Response:
    return json_response(_subscription(cloud, request.params["subscription"].lower()))


@route("GET", "/tenants")
def list_tenants(cloud: Cloud, request: Request) -> Response:
    return page(cloud, request, [{"id": f"/tenants/{cloud.tenant_id}", "tenantId": cloud.tenant_id}])


@route("GET", "/subscriptions/{subscription}/locations")
def list_locations(cloud: Cloud, request: Request) -> Response:
    """Some regions, and those of what is there; scanners ask for them at the start. Not all that Azure has."""
    names = dict.fromkeys([*REGIONS, *(str(group["location"]) for group in cloud.groups.values())])
    of = f"/subscriptions/{cloud.subscription_id}/locations"
    found = [{"id": f"{of}/{one}", "name": one, "displayName": REGIONS.get(one, one)} for one in names]
    return json_response({"value": found})


@route("GET", "/subscriptions/{subscription}/resourceGroups")
def list_groups(cloud: Cloud, request: Request) -> Response:
    inside = f"/subscriptions/{request.params['subscription']}/".lower()
    return page(cloud, request, [one for one in cloud.groups.values() if one["id"].lower().startswith(inside)])


@route("GET", GROUP)
@route("HEAD", GROUP)
def get_group(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    known = cloud.groups.get(name.lower())
    if request.method == "HEAD":
        return Response(204 if known else 404)
    if known is None:
        return azure_error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return json_response(known)


@route("PUT", GROUP)
def put_group(cloud: Cloud, request: Request) -> Response:
    body, name = request.json(), request.params["name"]
    known = cloud.groups.get(name.lower())
    location = str(body.get("location", ""))
    if known is None and not location:
        text = "The location property is required for this definition."
        return azure_error(400, "LocationRequired", text)
    if known is not None and location and known["location"] != location.lower():
        where = known["location"]
        text = f"Invalid resource group location '{location}'. The Resource group already exists in location '{where}'."
        return azure_error(409, "InvalidResourceGroupLocation", text)
    made = cloud.group(name, location.lower())
    if "tags" in body:
        made["tags"] = body["tags"]
    return json_response(made, 200 if known else 201)


@route("DELETE", GROUP)
def delete_group(cloud: Cloud, request: Request) -> Response:
    """An empty group goes at once, and so does what a deleted workspace left behind in its managed group.

    One that holds something else is refused: the sandbox deletes no resource unasked. The real service deletes groups
    with what is in them, by a long-running operation.
    """
    name = request.params["name"]
    if name.lower() not in cloud.groups:
        return azure_error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    if (refused := locked(cloud, request.path, delete=True)) is not None:
        return refused
    inside, left = f"/resourcegroups/{name.lower()}/", cloud.left_behind.get(name.lower(), [])
    if any(inside in one["id"].lower() and one not in left for one in _resources(cloud)):
        text = f"The resource group '{name}' is not empty; the sandbox deletes only empty ones."
        return azure_error(409, "ResourceGroupNotEmpty", text)
    del cloud.groups[name.lower()]
    cloud.left_behind.pop(name.lower(), None)
    return Response(200)


def _resources(cloud: Cloud) -> list[Body]:
    """Every tracked resource, in short form."""
    found: list[Body] = [
        {"id": one.id, "name": one.name, "type": "Microsoft.Databricks/workspaces", "location": one.location,
         "tags": one.tags or {}}
        for one in cloud.workspaces.values()
    ]  # fmt: skip
    found += [
        {"id": one.id, "name": one.name, "type": "Microsoft.KeyVault/vaults", "location": one.location,
         "tags": one.tags or {}}
        for one in cloud.vaults.values()
    ]  # fmt: skip
    found += [
        {"id": one.id, "name": one.name, "type": "Microsoft.KeyVault/managedHSMs", "location": one.location,
         "tags": one.tags or {}}
        for one in cloud.hsms.values()
    ]  # fmt: skip
    return found + [one for left in cloud.left_behind.values() for one in left]


def _held(resource: Body, key: str) -> str:
    """What a resource has of a property that can be filtered by."""
    if key == "resourcegroup":
        return str(resource["id"]).split("/")[4]
    return str(resource["type" if key == "resourcetype" else key])


@route("GET", "/subscriptions/{subscription}/resources")
@route("GET", "/subscriptions/{subscription}/resourceGroups/{name}/resources")
def list_resources(cloud: Cloud, request: Request) -> Response:
    """Filtered by resourceType, name, resourceGroup and location, each with `eq`, joined by `and`; others are refused.

    These are among the properties that the service documents for this filter; `az` looks for a vault by its name.
    """
    found = _resources(cloud)
    if "name" in request.params:
        inside = f"/resourcegroups/{request.params['name'].lower()}/"
        found = [one for one in found if inside in one["id"].lower()]
    filters = request.arg("$filter")
    for part in re.split(r"\s+and\s+", filters.strip(), flags=re.IGNORECASE) if filters.strip() else ():
        match = FILTER.fullmatch(part)
        if match is None:
            return azure_error(400, "InvalidFilterInQueryString", f"Invalid $filter '{filters}' specified.")
        key, wanted = match[1].lower(), match[2].lower()
        found = [one for one in found if _held(one, key).lower() == wanted]
    return page(cloud, request, found)
