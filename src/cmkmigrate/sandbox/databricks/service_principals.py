"""Service principals of the workspace (SCIM). They belong to the account; in ACLs they appear by applicationId.

Source of the 409 text: the Terraform provider's matching of it.
"""

from __future__ import annotations

import uuid

from cmkmigrate.sandbox.databricks import scim
from cmkmigrate.sandbox.databricks.refusals import scim_refusal
from cmkmigrate.sandbox.databricks.users import SERVER_OWNED
from cmkmigrate.sandbox.databricks.workspace import PRINCIPAL_SCHEMA, Body, WorkspaceState
from cmkmigrate.sandbox.wire import Principal, Request, Response, json_response, route

PRINCIPALS = f"{scim.ROOT}/ServicePrincipals"


def shown(state: WorkspaceState, id: str, groups: dict[str, list[Body]]) -> Body:
    """A service principal as a GET answers it."""
    return {"schemas": [PRINCIPAL_SCHEMA], **state.service_principals[id], "id": id, "groups": groups.get(id, [])}


def _held(state: WorkspaceState, id: str) -> Body:
    if id not in state.service_principals:
        raise scim_refusal(404, f"Service principal with id {id} not found.")
    return state.service_principals[id]


@route("GET", PRINCIPALS)
def list_service_principals(state: WorkspaceState, request: Request) -> Response:
    groups = scim.memberships(state)
    return scim.listing(request, (shown(state, id, groups) for id in state.service_principals))


@route("POST", PRINCIPALS)
def create_service_principal(state: WorkspaceState, request: Request) -> Response:
    """Assigns the account's one of that applicationId; makes one that Databricks manages where none is named."""
    body = scim.resource(request)
    name = str(body.get("applicationId") or uuid.uuid4())
    if state.has("service_principal", name):
        raise scim_refusal(409, f"Service principal with application ID {name} already exists.", "uniqueness")
    principal = state.directory.find("service_principal", name)
    if principal is None:
        fields = {key: value for key, value in body.items() if key not in (*SERVER_OWNED, "entitlements")}
        made = Principal("service_principal", str(uuid.uuid4()), name, str(body.get("displayName", name)), fields)
        principal = state.directory.add(made)
    id = state.assign(principal)
    state.service_principals[id]["entitlements"] = list(body.get("entitlements", []))
    return json_response(shown(state, id, scim.memberships(state)), 201)


@route("GET", PRINCIPALS + "/{id}")
def get_service_principal(state: WorkspaceState, request: Request) -> Response:
    _held(state, request.params["id"])
    return scim.one(request, shown(state, request.params["id"], scim.memberships(state)))


@route("PUT", PRINCIPALS + "/{id}")
def replace_service_principal(state: WorkspaceState, request: Request) -> Response:
    id = request.params["id"]
    old = _held(state, id)
    fields = {key: value for key, value in scim.resource(request).items() if key not in SERVER_OWNED}
    new = {"active": True, "entitlements": [], **fields, "id": id, "applicationId": old["applicationId"]}
    state.service_principals[id] = new
    return json_response({})  # as the SDK's definition has it; SCIM alone would give the resource


@route("PATCH", PRINCIPALS + "/{id}")
def patch_service_principal(state: WorkspaceState, request: Request) -> Response:
    id = request.params["id"]
    old = _held(state, id)
    new = scim.patched(old, scim.resource(request).get("Operations"))
    state.service_principals[id] = {**new, "id": id, "applicationId": old["applicationId"]}
    return Response(204)


@route("DELETE", PRINCIPALS + "/{id}")
def delete_service_principal(state: WorkspaceState, request: Request) -> Response:
    """Takes the service principal out of this workspace; the home stays."""
    _held(state, request.params["id"])
    state.unassign(request.params["id"])
    return Response(204)
