"""Users of the workspace (SCIM), and who the caller is.

Users belong to the account: POST of a user whom the account knows assigns that one, and gives its id.
Source of the 409 text: the Terraform provider's matching of it.
"""

from __future__ import annotations

import uuid

from cmkmigrate.sandbox.databricks import scim
from cmkmigrate.sandbox.databricks.refusals import scim_refusal
from cmkmigrate.sandbox.databricks.workspace import USER_SCHEMA, Body, WorkspaceState
from cmkmigrate.sandbox.wire import Principal, Request, Response, json_response, route

USERS = f"{scim.ROOT}/Users"
SERVER_OWNED = ("id", "groups", "schemas", "meta")


def shown(state: WorkspaceState, id: str, groups: dict[str, list[Body]]) -> Body:
    """A user as a GET answers it."""
    return {"schemas": [USER_SCHEMA], **state.users[id], "id": id, "groups": groups.get(id, [])}


def _held(state: WorkspaceState, id: str) -> Body:
    if id not in state.users:
        raise scim_refusal(404, f"User with id {id} not found.")
    return state.users[id]


@route("GET", f"{scim.ROOT}/Me")
def me(state: WorkspaceState, request: Request) -> Response:
    """The caller. The header X-Databricks-Org-Id (on every answer) says which workspace this is."""
    who = state.caller(request)
    body = state.find_identity(who.kind, who.name)
    assert body is not None
    fields: Body = {**body, "schemas": [USER_SCHEMA], "groups": scim.memberships(state).get(str(body["id"]), [])}
    fields.pop("applicationId", None)
    fields.setdefault("userName", who.name)  # Me is typed as a user: a service principal's name is its application id
    return scim.one(request, fields)


@route("GET", USERS)
def list_users(state: WorkspaceState, request: Request) -> Response:
    groups = scim.memberships(state)
    return scim.listing(request, (shown(state, id, groups) for id in state.users))


@route("POST", USERS)
def create_user(state: WorkspaceState, request: Request) -> Response:
    body = scim.resource(request)
    name = body.get("userName")
    if not isinstance(name, str) or not name:
        raise scim_refusal(400, "userName is required.", "invalidValue")
    if state.has("user", name):
        raise scim_refusal(409, f"User with username {name} already exists.", "uniqueness")
    principal = state.directory.find("user", name)
    if principal is None:
        fields = {key: value for key, value in body.items() if key not in (*SERVER_OWNED, "entitlements")}
        fields.setdefault("emails", [{"type": "work", "value": name, "primary": True}])
        made = Principal("user", str(uuid.uuid4()), name, str(body.get("displayName", name)), fields)
        principal = state.directory.add(made)
    id = state.assign(principal)
    state.users[id]["entitlements"] = list(body.get("entitlements", []))
    return json_response(shown(state, id, scim.memberships(state)), 201)


@route("GET", USERS + "/{id}")
def get_user(state: WorkspaceState, request: Request) -> Response:
    _held(state, request.params["id"])
    return scim.one(request, shown(state, request.params["id"], scim.memberships(state)))


@route("PUT", USERS + "/{id}")
def replace_user(state: WorkspaceState, request: Request) -> Response:
    id = request.params["id"]
    old = _held(state, id)
    body = scim.resource(request)
    fields = {key: value for key, value in body.items() if key not in SERVER_OWNED}
    state.users[id] = {"active": True, "entitlements": [], **fields, "id": id, "userName": old["userName"]}
    return json_response({})  # as the SDK's definition has it; SCIM alone would give the resource


@route("PATCH", USERS + "/{id}")
def patch_user(state: WorkspaceState, request: Request) -> Response:
    id = request.params["id"]
    old = _held(state, id)
    new = scim.patched(old, scim.resource(request).get("Operations"))
    state.users[id] = {**new, "id": id, "userName": old["userName"]}
    return Response(204)


@route("DELETE", USERS + "/{id}")
def delete_user(state: WorkspaceState, request: Request) -> Response:
    """Takes the user out of this workspace; the home stays."""
    _held(state, request.params["id"])
    state.unassign(request.params["id"])
    return Response(204)
