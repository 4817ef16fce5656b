"""Assigning principals of the account to the workspace, by their numeric id. PUT can be repeated.

Source of the routes: what the Terraform provider and UCX call (2.0/preview/permissionassignments).
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.refusals import invalid, missing
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

ASSIGNMENTS = "/api/2.0/preview/permissionassignments"
_NAMES = {"user": "user_name", "service_principal": "service_principal_name", "group": "group_name"}
_FIELDS = {"user": "userName", "service_principal": "applicationId", "group": "displayName"}


def _shown(state: WorkspaceState, id: str) -> Body:
    found = state.identity(id)
    assert found is not None
    kind, body = found
    name = body[_FIELDS[kind]]
    principal = {"principal_id": int(id), "display_name": body.get("displayName") or name, _NAMES[kind]: name}
    return {"principal": principal, "permissions": ["ADMIN" if state.is_admin(id) else "USER"]}


@route("GET", ASSIGNMENTS)
def list_assignments(state: WorkspaceState, request: Request) -> Response:
    held = [*state.users, *state.service_principals]
    held += [id for id, body in state.groups.items() if body["meta"]["resourceType"] == "Group"]
    return json_response({"permission_assignments": [_shown(state, id) for id in held]})


@route("PUT", ASSIGNMENTS + "/principals/{id}")
def assign(state: WorkspaceState, request: Request) -> Response:
    permissions = request.json().get("permissions")
    if not isinstance(permissions, list) or not set(permissions) <= {"USER", "ADMIN"}:
        raise invalid("permissions must be a list of USER or ADMIN.")
    id = request.params["id"]
    principal = state.account.by_number(id)
    if principal is None:
        raise missing(f"Principal with id {id} does not exist in the account.")
    if not permissions:
        state.unassign(id)
        return json_response({})
    state.assign(principal, admin="ADMIN" in permissions)
    if "ADMIN" not in permissions and id in state.admin_numbers:
        state.admin_numbers.discard(id)
        state.system_group("admins")["members"].remove(id)
    return json_response(_shown(state, id))


@route("DELETE", ASSIGNMENTS + "/principals/{id}")
def unassign(state: WorkspaceState, request: Request) -> Response:
    if state.identity(request.params["id"]) is None:
        raise missing(f"Principal with id {request.params['id']} is not assigned to this workspace.")
    state.unassign(request.params["id"])
    return json_response({})
