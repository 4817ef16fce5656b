"""Azure Resource Manager's own resources: subscriptions, resource groups, providers, and the list of resources."""

from __future__ import annotations

import re

from cmkmigrate.sandbox.arm import locked, page
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

GROUP = "/subscriptions/{subscription}/resourceGroups/{name}"


def _subscription(cloud: Cloud) -> Body:
    return {
        "id": f"/subscriptions/{cloud.subscription_id}",
        "subscriptionId": cloud.subscription_id,
        "tenantId": cloud.tenant_id,
        "displayName": "cmkmigrate sandbox",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


@route("GET", "/subscriptions")
def list_subscriptions(cloud: Cloud, request: Request) -> Response:
    return page(cloud, request, [_subscription(cloud)])


@route("GET", "/subscriptions/{subscription}")
def get_subscription(cloud: Cloud, request: Request) -> Response:
    return json_response(_subscription(cloud))


@route("GET", "/tenants")
def list_tenants(cloud: Cloud, request: Request) -> Response:
    return page(cloud, request, [{"id": f"/tenants/{cloud.tenant_id}", "tenantId": cloud.tenant_id}])


@route("GET", "/subscriptions/{subscription}/providers/{namespace}")
def get_provider(cloud: Cloud, request: Request) -> Response:
    """Every provider that the sandbox simulates is registered."""
    namespace = request.params["namespace"]
    known = ("Microsoft.Databricks", "Microsoft.KeyVault", "Microsoft.Authorization", "Microsoft.Resources")
    name = next((one for one in known if one.lower() == namespace.lower()), "")
    if not name:
        return azure_error(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    of = f"/subscriptions/{cloud.subscription_id}/providers/{name}"
    return json_response({"id": of, "namespace": name, "registrationState": "Registered", "resourceTypes": []})


@route("GET", "/subscriptions/{subscription}/resourceGroups")
def list_groups(cloud: Cloud, request: Request) -> Response:
    return page(cloud, request, list(cloud.groups.values()))


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
    return found + [one for left in cloud.left_behind.values() for one in left]


@route("GET", "/subscriptions/{subscription}/resources")
@route("GET", "/subscriptions/{subscription}/resourceGroups/{name}/resources")
def list_resources(cloud: Cloud, request: Request) -> Response:
    """The filter `resourceType eq '...'` is understood, others are refused."""
    filters = request.arg("$filter")
    found = _resources(cloud)
    if "name" in request.params:
        inside = f"/resourcegroups/{request.params['name'].lower()}/"
        found = [one for one in found if inside in one["id"].lower()]
    if filters:
        match = re.fullmatch(r"\s*resourceType eq '([^']+)'\s*", filters, re.IGNORECASE)
        if match is None:
            return azure_error(400, "InvalidFilterInQueryString", f"Invalid $filter '{filters}' specified.")
        found = [one for one in found if one["type"].lower() == match[1].lower()]
    return page(cloud, request, found)
