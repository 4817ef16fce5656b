"""Microsoft.Insights/diagnosticSettings of any resource. Contract: schema and examples of 2021-05-01-preview."""

from __future__ import annotations

from cmkmigrate.sandbox.arm import locked, page
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.other_resources import of_type
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

SETTINGS = "/{scope:path}/providers/Microsoft.Insights/diagnosticSettings"
TYPE = "Microsoft.Insights/diagnosticSettings"
SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
MOST = 5  # settings of one resource (vendor's page)


def _scope(request: Request) -> str:
    return "/" + request.params["scope"].strip("/")


def _missing(cloud: Cloud, request: Request) -> Response | None:
    scope = _scope(request).lower()
    if scope in cloud.workspaces or scope in cloud.resources:
        return None
    return azure_error(404, "ResourceNotFound", f"The Resource '{_scope(request)}' was not found.")  # Assumption: text


@route("GET", SETTINGS)
def list_settings(cloud: Cloud, request: Request) -> Response:
    if (missing := _missing(cloud, request)) is not None:
        return missing
    return page(cloud, request, of_type(cloud, TYPE, _scope(request)))


@route("GET", SETTINGS + "/{name}")
def get_setting(cloud: Cloud, request: Request) -> Response:
    found = cloud.resources.get(request.path.rstrip("/").lower())
    if found is None:
        text = f"The diagnostic setting '{request.params['name']}' was not found."
        return azure_error(404, "ResourceNotFound", text)
    return json_response(found)


@route("PUT", SETTINGS + "/{name}")
def put_setting(cloud: Cloud, request: Request) -> Response:
    """200 with the setting; refused without a sink, and where there are five already."""
    if (refused := _missing(cloud, request) or locked(cloud, _scope(request), delete=False)) is not None:
        return refused
    given: Body = request.json().get("properties") or {}
    if not any(given.get(one) for one in SINKS):  # Assumption: code and text
        return azure_error(400, "BadRequest", "A diagnostic setting needs a data sink.")
    id = request.path.rstrip("/")
    if id.lower() not in cloud.resources and len(of_type(cloud, TYPE, _scope(request))) >= MOST:
        text = "The limit of 5 diagnostic settings was reached."  # Assumption: code and text
        return azure_error(409, "Conflict", text)
    body = {"id": id, "type": TYPE, "name": request.params["name"], "properties": given}
    cloud.resources[id.lower()] = body
    return json_response(body)


@route("DELETE", SETTINGS + "/{name}")
def delete_setting(cloud: Cloud, request: Request) -> Response:
    return Response(200 if cloud.resources.pop(request.path.rstrip("/").lower(), None) else 204)
