"""The permissions API: GET, PUT (replaces the direct entries), PATCH (merges), permissionLevels.

Only direct entries are kept; inherited ones are worked out: from the directories above an object of the tree, and for
everything from the service's root object, where admins stand. Rules: exactly one owner of a job or pipeline, and no
group; admins stay at the roots; a principal who is not in the workspace fails the whole request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cmkmigrate.sandbox.databricks.refusals import invalid, missing
from cmkmigrate.sandbox.databricks.tree import DIRECTORY, FILE, NOTEBOOK, REPO
from cmkmigrate.sandbox.databricks.workspace import AclEntry, Body, WorkspaceState, own_entry
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

__all__ = ["KINDS", "LEVELS", "check_owner", "direct", "inherited", "own_entry", "requested"]

ROOT = "/api/2.0/permissions"
OLDER = "/api/2.0/preview/permissions"  # the name from before it was generally available; older tools use it
KINDS = {"user_name": "user", "group_name": "group", "service_principal_name": "service_principal"}
_SPELLED = {"user": "UserName", "group": "GroupName", "service_principal": "ServicePrincipalName"}
_NAMED = {"user": "userName", "group": "displayName", "service_principal": "applicationId"}
_TREE = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
# type in the path: (object_type in the reply, levels). Source: the Terraform provider's table.
LEVELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cluster-policies": ("cluster-policy", ("CAN_USE",)),
    "instance-pools": ("instance-pool", ("CAN_ATTACH_TO", "CAN_MANAGE")),
    "clusters": ("cluster", ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE")),
    "pipelines": ("pipelines", ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER")),
    "jobs": ("job", ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")),
    "notebooks": ("notebook", _TREE),
    "directories": ("directory", _TREE),
    "files": ("file", _TREE),
    "repos": ("repo", _TREE),
    "sql/warehouses": ("warehouses", ("CAN_USE", "CAN_MONITOR", "CAN_VIEW", "CAN_MANAGE", "IS_OWNER")),
    "sql/queries": ("query", (*_TREE, "CAN_VIEW")),
    "sql/alerts": ("alert", (*_TREE, "CAN_VIEW")),
    "dashboards": ("dashboard", _TREE),
    "authorization": ("tokens", ("CAN_USE", "CAN_MANAGE")),
}
ONE_OWNER = {"jobs": "job", "pipelines": "pipeline"}
_TREE_TYPES = {"notebooks": NOTEBOOK, "directories": DIRECTORY, "files": FILE, "repos": REPO}
_LISTED = {
    "pipelines": "pipelines",
    "sql/warehouses": "warehouses",
    "sql/queries": "queries",
    "sql/alerts": "alerts",
    "dashboards": "dashboards",
}
_ROOTS = frozenset({("directories", "0"), ("authorization", "tokens")})


def _exists(state: WorkspaceState, type: str, id: str) -> bool:
    if type in _TREE_TYPES:
        node = state.tree.by_id.get(int(id)) if id.isdigit() else None
        return node is not None and node.kind == _TREE_TYPES[type]
    if type == "authorization":
        return id == "tokens"
    if type == "jobs":
        return id.isdigit() and int(id) in state.jobs
    held: dict[str, dict[str, Body]] = {
        "clusters": state.clusters,
        "cluster-policies": state.policies,
        "instance-pools": state.pools,
    }
    return id in (held[type] if type in held else state.listed.get(_LISTED[type], {}))


def _target(state: WorkspaceState, request: Request) -> tuple[str, str]:
    """Type and id of a request. Raises a 404."""
    type, id = request.params["type"], request.params["id"]
    if "service" in request.params:
        type = f"{request.params['service']}/{type}"
    type = {"warehouses": "sql/warehouses"}.get(type, type)
    if type not in LEVELS:
        raise missing(f"Unknown object type: {type}")
    if not _exists(state, type, id):
        raise missing(f"{LEVELS[type][0].capitalize()} {id} does not exist.")
    return type, id


def direct(state: WorkspaceState, type: str, id: str) -> list[AclEntry]:
    """The direct entries of an object."""
    held = state.acls.get((type, id))
    if held is not None:
        return held
    return [AclEntry("group_name", "admins", "CAN_MANAGE")] if (type, id) in _ROOTS else []


def inherited(state: WorkspaceState, type: str, id: str) -> list[tuple[AclEntry, str]]:
    """The inherited entries of an object, each with where it comes from."""
    if (type, id) in _ROOTS:
        return []
    if type in _TREE_TYPES:
        found: list[tuple[AclEntry, str]] = []
        for node in state.tree.by_id[int(id)].above():
            above = "repos" if node.kind == REPO else "directories"
            found += [(entry, f"/{above}/{node.id}") for entry in direct(state, above, str(node.id))]
        return found
    level = "CAN_USE" if type == "cluster-policies" else "CAN_MANAGE"
    return [(AclEntry("group_name", "admins", level), f"/{type}/")]


def _shown(state: WorkspaceState, type: str, id: str) -> Body:
    entries: dict[tuple[str, str], list[Body]] = {}
    for entry in direct(state, type, id):
        held = entries.setdefault((entry.field, entry.name), [])
        held.append({"permission_level": entry.level, "inherited": False})
    for entry, origin in inherited(state, type, id):
        held = entries.setdefault((entry.field, entry.name), [])
        held.append({"permission_level": entry.level, "inherited": True, "inherited_from_object": [origin]})
    acl: list[Body] = []
    for (field, name), levels in entries.items():
        body = state.find_identity(KINDS[field], name)
        shown = {"display_name": body["displayName"]} if body and body.get("displayName") else {}
        acl.append({field: name, **shown, "all_permissions": levels})
    object_id = f"/{type}/{id}"
    if type == "dashboards":  # answers with the id of its file in the tree, where that is known
        node = state.tree.find(str(state.listed["dashboards"][id].get("path", "")) or "/?")
        object_id = f"/{type}/{node.id}" if node is not None and node.parent is not None else object_id
    return {"object_id": object_id, "object_type": LEVELS[type][0], "access_control_list": acl}


def requested(state: WorkspaceState, entries: Iterable[Any], type: str) -> list[AclEntry]:
    """The entries of a request, the last one of each principal. Raises a 400 or 404 for the whole request."""
    found: dict[tuple[str, str], AclEntry] = {}
    for entry in entries:
        fields = [field for field in KINDS if entry.get(field)]
        if len(fields) != 1:
            raise invalid("Each entry must have exactly one of user_name, group_name and service_principal_name.")
        field, level = fields[0], str(entry.get("permission_level") or "")
        if level not in LEVELS[type][1]:
            raise invalid(f"{level or 'An empty level'} is not a permission level of {LEVELS[type][0]}.")
        kind = KINDS[field]
        body = state.find_identity(kind, str(entry[field]))
        if body is None:
            raise missing(f"Principal: {_SPELLED[kind]}({entry[field]}) does not exist")
        name = str(body[_NAMED[kind]])
        found[(field, name)] = AclEntry(field, name, level)
    return list(found.values())


def check_owner(type: str, entries: list[AclEntry]) -> None:
    """Exactly one owner, no group. The text was checked against the live service by the vendor's own model of it."""
    if type not in ONE_OWNER:
        return
    owners = [entry for entry in entries if entry.level == "IS_OWNER"]
    if len(owners) != 1:
        raise invalid(f"The {ONE_OWNER[type]} must have exactly one owner.")
    if owners[0].field == "group_name":
        raise invalid(f"The owner of a {ONE_OWNER[type]} cannot be a group.")


def _set(state: WorkspaceState, type: str, id: str, entries: list[AclEntry]) -> Response:
    check_owner(type, entries)
    if (type, id) in _ROOTS:
        kept = [entry for entry in entries if (entry.field, entry.name) == ("group_name", "admins")]
        if not kept or kept[0].level != "CAN_MANAGE":
            raise invalid("Cannot change permissions for group 'admins' to None.")
    state.acls[(type, id)] = entries
    return json_response(_shown(state, type, id))


def _entries(request: Request) -> list[Any]:
    entries = request.json().get("access_control_list")
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise invalid("access_control_list must be a list.")
    return entries


@route("GET", f"{ROOT}/{{type}}/{{id}}")
@route("GET", f"{ROOT}/{{service}}/{{type}}/{{id}}")
@route("GET", f"{OLDER}/{{type}}/{{id}}")
def get_permissions(state: WorkspaceState, request: Request) -> Response:
    return json_response(_shown(state, *_target(state, request)))


@route("PUT", f"{ROOT}/{{type}}/{{id}}")
@route("PUT", f"{ROOT}/{{service}}/{{type}}/{{id}}")
@route("PUT", f"{OLDER}/{{type}}/{{id}}")
def set_permissions(state: WorkspaceState, request: Request) -> Response:
    type, id = _target(state, request)
    return _set(state, type, id, requested(state, _entries(request), type))


@route("PATCH", f"{ROOT}/{{type}}/{{id}}")
@route("PATCH", f"{ROOT}/{{service}}/{{type}}/{{id}}")
@route("PATCH", f"{OLDER}/{{type}}/{{id}}")
def update_permissions(state: WorkspaceState, request: Request) -> Response:
    type, id = _target(state, request)
    new = requested(state, _entries(request), type)
    named = {(entry.field, entry.name) for entry in new}
    kept = [entry for entry in direct(state, type, id) if (entry.field, entry.name) not in named]
    return _set(state, type, id, [*kept, *new])


@route("GET", f"{ROOT}/{{type}}/{{id}}/permissionLevels")
@route("GET", f"{ROOT}/{{service}}/{{type}}/{{id}}/permissionLevels")
def get_levels(state: WorkspaceState, request: Request) -> Response:
    """What can be given. Of tokens the SDK's enumeration has one level: the other is the administrators' alone."""
    type, _id = _target(state, request)
    given = LEVELS[type][1] if type != "authorization" else LEVELS[type][1][:1]
    levels = [{"permission_level": level, "description": level.replace("_", " ").title()} for level in given]
    return json_response({"permission_levels": levels})
