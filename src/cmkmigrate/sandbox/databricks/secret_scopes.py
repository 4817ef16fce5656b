"""Secret scopes. The creator gets a MANAGE ACL; names are unique; Key-Vault-backed scopes want an Entra token."""

from __future__ import annotations

import re

from cmkmigrate.sandbox.databricks.refusals import invalid, missing, taken
from cmkmigrate.sandbox.databricks.workspace import Body, Scope, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

SCOPES = "/api/2.0/secrets/scopes"
_NAME = re.compile(r"[\w.@/-]{1,128}", re.ASCII)


def scope_named(state: WorkspaceState, name: object) -> Scope:
    """The scope. Raises a 404."""
    scope = state.scopes.get(str(name))
    if scope is None:
        raise missing(f"Scope {name} does not exist!")
    return scope


def _shown(scope: Scope) -> Body:
    body: Body = {"name": scope.name, "backend_type": scope.backend}
    if scope.vault:
        body["keyvault_metadata"] = scope.vault
    return body


@route("GET", f"{SCOPES}/list")
def list_scopes(state: WorkspaceState, request: Request) -> Response:
    held = [_shown(scope) for scope in state.scopes.values()]
    return json_response({"scopes": held} if held else {})


@route("POST", f"{SCOPES}/create")
def create_scope(state: WorkspaceState, request: Request) -> Response:
    who = state.caller(request)
    body = request.json()
    name, backend = body.get("scope"), body.get("scope_backend_type") or "DATABRICKS"
    manager = body.get("initial_manage_principal")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid("Scope names may have up to 128 letters, digits, dashes, underscores, periods, @ and /.")
    if name in state.scopes:
        raise taken(f"Scope {name} already exists!")
    if backend not in ("DATABRICKS", "AZURE_KEYVAULT"):
        raise invalid(f"Unknown scope backend type: {backend}")
    if manager not in (None, "", "users"):
        raise invalid("initial_manage_principal can only be users.")
    vault = body.get("backend_azure_keyvault") or {}
    if backend == "AZURE_KEYVAULT":
        if request.headers.get("authorization", "").startswith("Bearer dapi"):
            raise invalid("Scope with Azure KeyVault must have userAADToken defined!")
        if not vault.get("resource_id") or not vault.get("dns_name"):
            raise invalid("backend_azure_keyvault must have a resource_id and a dns_name.")
    elif vault:
        raise invalid("backend_azure_keyvault is only for scopes of the type AZURE_KEYVAULT.")
    scope = state.scopes[name] = Scope(name, backend, dict(vault))
    scope.acls[manager or who.name] = "MANAGE"
    return json_response({})


@route("POST", f"{SCOPES}/delete")
def delete_scope(state: WorkspaceState, request: Request) -> Response:
    scope = scope_named(state, request.json().get("scope"))
    del state.scopes[scope.name]
    return json_response({})
