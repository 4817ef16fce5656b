"""Microsoft.Authorization: role assignments (with their delay), and locks.

Contract: api-version 2022-04-01. The texts of its errors are from general knowledge ("Assumption:" below).
"""

from __future__ import annotations

import re

from cmkmigrate.sandbox.arm import page
from cmkmigrate.sandbox.cloud import Assignment, Body, Cloud, iso
from cmkmigrate.sandbox.rights import role_of
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

ASSIGNMENTS = "/{scope:path}/providers/Microsoft.Authorization/roleAssignments"
LOCKS = "/{scope:path}/providers/Microsoft.Authorization/locks"


def _scope(request: Request) -> str:
    return "/" + request.params["scope"].strip("/")


def _shown(cloud: Cloud, one: Assignment) -> Body:
    definitions = f"/subscriptions/{cloud.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definitions}/{one.role}",
        "principalId": one.principal,
        "principalType": one.principal_type,
        "scope": one.scope,
        "createdOn": iso(one.since),
        "updatedOn": iso(one.updated or one.since),
        "createdBy": cloud.operator.id,
        "updatedBy": cloud.operator.id,
    }
    if one.description:
        properties["description"] = one.description
    return {
        "properties": properties,
        "id": one.id,
        "type": "Microsoft.Authorization/roleAssignments",
        "name": one.name,
    }


def _missing_scope(cloud: Cloud, scope: str) -> Response | None:
    """404 for a scope inside a vault or a resource group that is not there."""
    parts = scope.strip("/").split("/")
    lower = [part.lower() for part in parts]
    if len(parts) > 1 and lower[0] == "subscriptions" and lower[1] not in cloud.subscriptions:
        return azure_error(404, "SubscriptionNotFound", f"The subscription '{parts[1]}' could not be found.")
    if len(parts) > 3 and lower[2] == "resourcegroups" and lower[3] not in cloud.groups:
        return azure_error(404, "ResourceGroupNotFound", f"Resource group '{parts[3]}' could not be found.")
    if len(parts) > 7 and lower[5:7] == ["microsoft.keyvault", "vaults"] and lower[7] not in cloud.vaults:
        text = f"The Resource 'Microsoft.KeyVault/vaults/{parts[7]}' under resource group '{parts[3]}' was not found."
        return azure_error(404, "ResourceNotFound", text)
    return None


@route("PUT", ASSIGNMENTS + "/{name}")
def put_assignment(cloud: Cloud, request: Request) -> Response:
    """Make a role assignment: 201, or 200 when the very same is there. It takes effect after a while."""
    scope, name = _scope(request), request.params["name"]
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", name) is None:
        text = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
        return azure_error(400, "InvalidRoleAssignmentId", text)
    if (missing := _missing_scope(cloud, scope)) is not None:
        return missing
    properties = request.json().get("properties") or {}
    role = str(properties.get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower()
    principal = str(properties.get("principalId", "")).lower()
    if not role or not principal:
        text = "The request to create role assignment has missing properties: roleDefinitionId, principalId."
        return azure_error(400, "InvalidCreateRoleAssignmentRequest", text)
    if role_of(cloud, role) is None:
        text = f"The specified role definition with ID '{role}' does not exist."
        return azure_error(404, "RoleDefinitionDoesNotExist", text)
    known = cloud.directory.by_id.get(principal)
    kind = properties.get("principalType")
    if known is None and not kind:  # Assumption: with a type the directory is not asked
        text = (
            f"Principal {principal.replace('-', '')} does not exist in the directory {cloud.tenant_id}. Check that you "
            "have the correct principal ID."
        )
        return azure_error(400, "PrincipalNotFound", text)
    kinds = {"user": "User", "group": "Group", "service_principal": "ServicePrincipal"}
    made = Assignment(name, scope, role, principal, kind or kinds[known.kind if known else "user"], cloud.clock.now())
    made.description = str(properties.get("description") or "")
    for other in cloud.assignments.values():
        same = (other.scope.lower(), other.role, other.principal) == (scope.lower(), role, principal)
        if same and other.name.lower() == name.lower():
            return json_response(_shown(cloud, other), 200)
        if same:  # Assumption: the wording
            text = "The role assignment already exists. The ID of the existing role assignment is "
            return azure_error(409, "RoleAssignmentExists", text + other.name.replace("-", "") + ".")
        if other.id.lower() == made.id.lower():  # Assumption: code and wording
            text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            return azure_error(400, "RoleAssignmentUpdateNotPermitted", text)
    cloud.assignments[made.id.lower()] = made
    return json_response(_shown(cloud, made), 201)


@route("GET", ASSIGNMENTS + "/{name}")
def get_assignment(cloud: Cloud, request: Request) -> Response:
    name = request.params["name"]
    found = cloud.assignments.get(f"{_scope(request)}/providers/Microsoft.Authorization/roleAssignments/{name}".lower())
    if found is None:
        return azure_error(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return json_response(_shown(cloud, found))


@route("DELETE", ASSIGNMENTS + "/{name}")
def delete_assignment(cloud: Cloud, request: Request) -> Response:
    """200 with what was there, 204 when it was not. Assumption: a grant ends at once."""
    name = request.params["name"]
    key = f"{_scope(request)}/providers/Microsoft.Authorization/roleAssignments/{name}".lower()
    gone = cloud.assignments.pop(key, None)
    return json_response(_shown(cloud, gone)) if gone else Response(204)


@route("GET", ASSIGNMENTS)
def list_assignments(cloud: Cloud, request: Request) -> Response:
    """At, above and below the scope; `$filter` with atScope(), principalId eq or assignedTo(...) narrows it."""
    scope, wanted = _scope(request).lower() + "/", request.arg("$filter")
    found = []
    for one in cloud.assignments.values():
        at = one.scope.lower() + "/"
        if scope.startswith(at) or (at.startswith(scope) and "atscope()" not in wanted.lower()):
            found.append(one)
    who = re.search(r"(?:principalId eq|assignedTo\()\s*'([^']+)'", wanted, re.IGNORECASE)
    if who is not None:
        found = [one for one in found if one.principal == who[1].lower()]
    return page(cloud, request, [_shown(cloud, one) for one in found])


@route("GET", LOCKS)
def list_locks(cloud: Cloud, request: Request) -> Response:
    """Locks at, above and below the scope; `$filter=atScope()` leaves out those below."""
    scope, found = _scope(request).lower() + "/", []
    for lock in cloud.locks.values():
        at = lock["id"].rpartition("/providers/Microsoft.Authorization/locks/")[0].lower() + "/"
        if scope.startswith(at) or (at.startswith(scope) and "atscope()" not in request.arg("$filter").lower()):
            found.append(lock)
    return page(cloud, request, found)


@route("PUT", LOCKS + "/{name}")
def put_lock(cloud: Cloud, request: Request) -> Response:
    scope, name = _scope(request), request.params["name"]
    if (missing := _missing_scope(cloud, scope)) is not None:
        return missing
    level = str((request.json().get("properties") or {}).get("level", ""))
    if level not in ("CanNotDelete", "ReadOnly"):
        return azure_error(400, "InvalidLockLevel", f"The lock level '{level}' is not valid.")
    of = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
    known = of.lower() in cloud.locks
    properties = {
        key: value for key, value in request.json()["properties"].items() if key in ("level", "notes", "owners")
    }
    lock = {"id": of, "type": "Microsoft.Authorization/locks", "name": name, "properties": properties}
    cloud.locks[of.lower()] = lock
    return json_response(lock, 200 if known else 201)


@route("GET", LOCKS + "/{name}")
def get_lock(cloud: Cloud, request: Request) -> Response:
    of = f"{_scope(request)}/providers/Microsoft.Authorization/locks/{request.params['name']}"
    found = cloud.locks.get(of.lower())
    if found is None:
        return azure_error(404, "LockNotFound", f"The lock '{request.params['name']}' could not be found.")
    return json_response(found)


@route("DELETE", LOCKS + "/{name}")
def delete_lock(cloud: Cloud, request: Request) -> Response:
    of = f"{_scope(request)}/providers/Microsoft.Authorization/locks/{request.params['name']}"
    return Response(200 if cloud.locks.pop(of.lower(), None) else 204)
