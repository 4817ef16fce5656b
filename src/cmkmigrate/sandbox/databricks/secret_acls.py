"""ACLs of secret scopes. Lists answer under `items`; a put overwrites. Principals must be in the workspace.

A put can be answered with 200 and be lost (terraform-provider-databricks#4195): `lost_acl_puts` of the settings.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.refusals import invalid, missing
from cmkmigrate.sandbox.databricks.secret_scopes import scope_named
from cmkmigrate.sandbox.databricks.workspace import WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

ACLS = "/api/2.0/secrets/acls"
LEVELS = ("READ", "WRITE", "MANAGE")


def known_name(state: WorkspaceState, name: str) -> str:
    """The principal's name as the workspace spells it, "" when nobody has it."""
    for kind, field in (("user", "userName"), ("group", "displayName"), ("service_principal", "applicationId")):
        body = state.find_identity(kind, name)
        if body is not None:
            return str(body[field])
    return ""


@route("GET", f"{ACLS}/list")
def list_acls(state: WorkspaceState, request: Request) -> Response:
    scope = scope_named(state, request.arg("scope"))
    items = [{"principal": name, "permission": level} for name, level in scope.acls.items()]
    return json_response({"items": items} if items else {})


@route("GET", f"{ACLS}/get")
def get_acl(state: WorkspaceState, request: Request) -> Response:
    scope, name = scope_named(state, request.arg("scope")), request.arg("principal")
    if name not in scope.acls:
        raise missing(f"Failed to get secret acl for principal {name} for scope {scope.name}.")
    return json_response({"principal": name, "permission": scope.acls[name]})


@route("POST", f"{ACLS}/put")
def put_acl(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    scope, level = scope_named(state, body.get("scope")), body.get("permission")
    if level not in LEVELS:
        raise invalid(f"permission must be one of {', '.join(LEVELS)}.")
    name = known_name(state, str(body.get("principal", "")))
    if not name:
        raise invalid(f"Principal {body.get('principal')} does not exist.")
    if not state.settings.acl_put_is_lost():
        scope.acls[name] = level
    return json_response({})


@route("POST", f"{ACLS}/delete")
def delete_acl(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    scope, name = scope_named(state, body.get("scope")), str(body.get("principal"))
    if scope.acls.pop(name, None) is None:
        raise missing(f"Failed to delete secret acl for principal {name} for scope {scope.name}.")
    return json_response({})
