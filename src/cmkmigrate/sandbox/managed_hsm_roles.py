"""The local role assignments and definitions of a managed HSM, on its data plane.

Contract: rbac.json of Key Vault 7.5. Scopes are `/`, `/keys` and `/keys/NAME` (the page on role management).
"""

from __future__ import annotations

import re

from cmkmigrate.sandbox.cloud import Assignment, Body, Cloud, Hsm
from cmkmigrate.sandbox.hosts import place_of
from cmkmigrate.sandbox.key_vault_keys import not_open
from cmkmigrate.sandbox.managed_hsm_rights import LOCAL_ROLES, LocalRole, above, local_role, may
from cmkmigrate.sandbox.wire import Failure, Request, Response, azure_error, json_response, route

ROOT = "/providers/Microsoft.Authorization"
KEYS = "/keys/providers/Microsoft.Authorization"
KEY = "/keys/{key}/providers/Microsoft.Authorization"
DEFINITION = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions"


def _scope(request: Request) -> str:
    if "key" in request.params:
        return f"/keys/{request.params['key']}"
    return "/keys" if request.path.startswith("/keys/") else "/"


def _hsm(cloud: Cloud, request: Request, action: str) -> Hsm:
    """The HSM of the request, when its caller may do this at its scope. Fails with 403; text: Assumption."""
    hsm, caller = cloud.key_home(place_of(request.host)), request.principal
    assert isinstance(hsm, Hsm) and caller is not None, "the front lets no other host through"
    not_open(cloud, hsm)
    if not may(cloud, caller.id, hsm, _scope(request), action):
        text = f"User does not have permission to perform action {action} at scope {_scope(request)}. oid={caller.id}"
        raise Failure(azure_error(403, "Forbidden", text, "ForbiddenByRbac"))
    return hsm


def _id(scope: str, name: str) -> str:
    return f"{scope.rstrip('/')}{ROOT}/roleAssignments/{name}"


def _shown(one: Assignment) -> Body:
    properties = {
        "roleDefinitionId": f"{DEFINITION}/{one.role}",
        "principalId": one.principal,
        "scope": one.scope,
    }
    kind = "Microsoft.Authorization/roleAssignments"
    return {"id": _id(one.scope, one.name), "name": one.name, "type": kind, "properties": properties}


@route("PUT", ROOT + "/roleAssignments/{name}")
@route("PUT", KEYS + "/roleAssignments/{name}")
@route("PUT", KEY + "/roleAssignments/{name}")
def put_assignment(cloud: Cloud, request: Request) -> Response:
    """Assumption: an equal assignment under another name is refused as Azure's own are, and so is the same again."""
    hsm, scope, name = _hsm(cloud, request, "roleAssignments/write/action"), _scope(request), request.params["name"]
    properties = request.json().get("properties") or {}
    role = local_role(str(properties.get("roleDefinitionId", "")).rsplit("/", 1)[-1])
    principal = str(properties.get("principalId", "")).lower()
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", name) is None or not principal:
        return azure_error(400, "BadParameter", "A role assignment needs a GUID as its name and a principalId.")
    if role is None:
        text = f"The role definition {properties.get('roleDefinitionId')!r} was not found."
        return azure_error(404, "RoleDefinitionNotFound", text)
    for other in hsm.local.values():
        if (other.scope.lower(), other.role, other.principal) == (scope.lower(), role.id, principal):
            return azure_error(409, "RoleAssignmentExists", "The role assignment already exists.")
    made = Assignment(name, scope, role.id, principal, "", cloud.clock.now())
    hsm.local[_id(scope, name).lower()] = made
    return json_response(_shown(made), 201)


@route("GET", ROOT + "/roleAssignments")
@route("GET", KEYS + "/roleAssignments")
@route("GET", KEY + "/roleAssignments")
def list_assignments(cloud: Cloud, request: Request) -> Response:
    """With `$filter=atScope()` those at the scope and above it; without, those below it too."""
    hsm, scope = _hsm(cloud, request, "roleAssignments/read/action"), _scope(request)
    below = "atscope()" not in request.arg("$filter").lower()
    at = Assignment("", scope, "", "", "", 0.0)
    found = [one for one in hsm.local.values() if above(one, scope) or (below and above(at, one.scope))]
    return json_response({"value": [_shown(one) for one in found]})


@route("DELETE", ROOT + "/roleAssignments/{name}")
@route("DELETE", KEYS + "/roleAssignments/{name}")
@route("DELETE", KEY + "/roleAssignments/{name}")
def delete_assignment(cloud: Cloud, request: Request) -> Response:
    hsm = _hsm(cloud, request, "roleAssignments/delete/action")
    gone = hsm.local.pop(_id(_scope(request), request.params["name"]).lower(), None)
    if gone is None:
        return azure_error(404, "RoleAssignmentNotFound", "The role assignment was not found.")
    return json_response(_shown(gone))


def _definition(role: LocalRole) -> Body:
    actions = [f"Microsoft.KeyVault/managedHsm/{one}" for one in sorted(role.actions)]
    permission = {"actions": [], "notActions": [], "dataActions": actions, "notDataActions": []}
    properties = {
        "roleName": role.name,
        "description": "",
        "type": "AKVBuiltInRole",
        "assignableScopes": ["/"],
        "permissions": [permission],
    }
    of = {"id": f"{DEFINITION}/{role.id}", "name": role.id, "type": "Microsoft.Authorization/roleDefinitions"}
    return {**of, "properties": properties}


@route("GET", ROOT + "/roleDefinitions")
@route("GET", KEYS + "/roleDefinitions")
@route("GET", KEY + "/roleDefinitions")
def list_definitions(cloud: Cloud, request: Request) -> Response:
    _hsm(cloud, request, "roleDefinitions/read/action")
    return json_response({"value": [_definition(one) for one in LOCAL_ROLES.values()]})
