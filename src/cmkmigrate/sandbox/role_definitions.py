"""Microsoft.Authorization: role definitions, built-in and custom, and what the caller may do on a scope.

Contract: api-version 2022-04-01, whose paths of `permissions` are those of a resource group and of a resource; that a
subscription answers in the same way is assumed. The codes and texts of refusals: general knowledge ("Assumption:").
"""

from __future__ import annotations

import re
from typing import Any

from cmkmigrate.sandbox.arm import page
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.rights import role_of, roles_of
from cmkmigrate.sandbox.roles import BUILT_IN, Role
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

DEFINITIONS = "/{scope:path}/providers/Microsoft.Authorization/roleDefinitions"
PERMISSIONS = "/{scope:path}/providers/Microsoft.Authorization/permissions"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LISTS = ("actions", "notActions", "dataActions", "notDataActions")


def _permission(role: Role) -> Body:
    given = (role.actions, role.not_actions, role.data_actions, role.not_data_actions)
    return {name: [*one] for name, one in zip(LISTS, given, strict=True)}


def custom(id: str, name: str, told: Any, scopes: tuple[str, ...], about: str = "") -> Role:
    """A custom role of what `told` has of LISTS, each a list of names. Raises ValueError for anything else."""
    given: list[tuple[str, ...]] = []
    for field in LISTS:
        one = told.get(field) or []
        if not isinstance(one, list) or not all(isinstance(action, str) for action in one):
            raise ValueError(f"{field} of the role {name} is no list of names")
        given.append(tuple(one))
    actions, not_actions, data_actions, not_data_actions = given
    return Role(id.lower(), name, about, actions, data_actions, not_actions, not_data_actions, True, scopes)


def _shown(role: Role, at: str) -> Body:
    """A role definition. Its id is that of the subscription it was asked for in (official examples), else the tenant's.

    `az` compares it with the id in an assignment, which is of the subscription too.
    """
    properties = {
        "roleName": role.name,
        "type": "CustomRole" if role.custom else "BuiltInRole",
        "description": role.about,
        "assignableScopes": [*role.scopes],
        "permissions": [_permission(role)],
    }
    parts = at.strip("/").split("/")
    of = f"/subscriptions/{parts[1]}" if parts[0].lower() == "subscriptions" else ""
    of += f"/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
    return {"properties": properties, "id": of, "type": "Microsoft.Authorization/roleDefinitions", "name": role.id}


def _missing(name: str) -> Response:
    text = f"The specified role definition with ID '{name}' does not exist."
    return azure_error(404, "RoleDefinitionDoesNotExist", text)


@route("GET", DEFINITIONS)
def list_definitions(cloud: Cloud, request: Request) -> Response:
    """All, or by `$filter` with roleName eq '...' or type eq 'BuiltInRole' or 'CustomRole' some."""
    wanted = request.arg("$filter")
    name = re.search(r"roleName eq '([^']+)'", wanted, re.IGNORECASE)
    kind = re.search(r"\btype eq '([^']+)'", wanted, re.IGNORECASE)
    found = [
        _shown(one, "/" + request.params["scope"])
        for one in (*BUILT_IN.values(), *cloud.custom_roles.values())
        if name is None or one.name.lower() == name[1].lower()
    ]
    if kind is not None:
        found = [one for one in found if one["properties"]["type"].lower() == kind[1].lower()]
    return page(cloud, request, found)


@route("GET", DEFINITIONS + "/{name}")
@route("GET", "/providers/Microsoft.Authorization/roleDefinitions/{name}")
def get_definition(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    role = role_of(cloud, name.lower())
    return _missing(name) if role is None else json_response(_shown(role, request.path))


@route("PUT", DEFINITIONS + "/{name}")
def put_definition(cloud: Cloud, request: Request) -> Response:
    """Make a custom role, or change one: 201. Whoever has it can do from now on what it says (assumption: at once)."""
    name, properties = request.params["name"], request.json().get("properties") or {}
    if GUID.fullmatch(name) is None:
        text = f"The role definition ID '{name}' is not valid. The role definition ID must be a GUID."
        return azure_error(400, "InvalidRoleDefinitionId", text)
    if name.lower() in BUILT_IN:
        text = f"The role definition '{name}' is built-in and cannot be changed."
        return azure_error(403, "RoleDefinitionUpdateNotPermitted", text)
    permissions, scopes = properties.get("permissions"), properties.get("assignableScopes")
    called = properties.get("roleName")
    if not called or not isinstance(permissions, list) or len(permissions) != 1 or not scopes:
        text = "The role definition needs a roleName, assignableScopes and one permission."
        return azure_error(400, "InvalidRoleDefinition", text)
    for other in (*BUILT_IN.values(), *cloud.custom_roles.values()):
        if other.id != name.lower() and other.name.lower() == str(called).lower():
            text = f"A custom role definition with the same name '{called}' already exists."
            return azure_error(409, "RoleDefinitionWithSameNameExists", text)
    try:
        made = custom(
            name, str(called), permissions[0], tuple(map(str, scopes)), str(properties.get("description", ""))
        )
    except ValueError as error:
        return azure_error(400, "InvalidRoleDefinition", str(error))
    cloud.custom_roles[made.id] = made
    return json_response(_shown(made, request.path), 201)


@route("DELETE", DEFINITIONS + "/{name}")
def delete_definition(cloud: Cloud, request: Request) -> Response:
    """200 with what was there, 204 when it was not. One that is assigned to somebody stays."""
    name = request.params["name"].lower()
    role = cloud.custom_roles.get(name)
    if role is None:
        return Response(204)
    if any(one.role == name for one in cloud.assignments.values()):
        text = "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)."
        return azure_error(400, "RoleDefinitionHasAssignments", text)
    del cloud.custom_roles[name]
    return json_response(_shown(role, request.path))


@route("GET", PERMISSIONS)
def list_permissions(cloud: Cloud, request: Request) -> Response:
    """What the caller may do: an entry for each of his role assignments on the scope or above that is in effect."""
    who = request.principal
    assert who is not None, "ARM's routes want a token"
    return page(cloud, request, [_permission(one) for one in roles_of(cloud, who.id, "/" + request.params["scope"])])
