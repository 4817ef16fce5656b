"""Groups of the workspace (SCIM): its own (`WorkspaceGroup`) and those of the account that are assigned (`Group`).

The workspace is identity-federated: a local group cannot take an account group's name. Assumption: that is refused as a
duplicate, and members and names of account groups cannot be changed from here (403).
"""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox.databricks import scim
from cmkmigrate.sandbox.databricks.refusals import scim_refusal
from cmkmigrate.sandbox.databricks.workspace import GROUP_SCHEMA, Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

GROUPS = f"{scim.ROOT}/Groups"
SYSTEM = ("admins", "users")
MOST_LISTED = 100
_KINDS = {"user": "Users", "service_principal": "ServicePrincipals", "group": "Groups"}


def _member(state: WorkspaceState, id: str) -> Body:
    found = state.identity(id)
    principal = None if found else state.account.by_number(id)
    if found is not None:
        kind, body = found
        shown = {"display": body.get("displayName") or body.get("userName"), "value": id}
    elif principal is not None:  # a member of an account group who is not assigned here
        kind, shown = principal.kind, {"display": principal.display_name or principal.name, "value": id}
    else:
        return {"value": id}
    return {**shown, "$ref": f"{_KINDS[kind]}/{id}"}


def shown(state: WorkspaceState, id: str, groups: dict[str, list[Body]], members: bool = True) -> Body:
    """A group as a GET answers it."""
    body = {"schemas": [GROUP_SCHEMA], **state.groups[id], "id": id, "groups": groups.get(id, [])}
    if members:
        body["members"] = [_member(state, member) for member in state.groups[id]["members"]]
    else:
        del body["members"]
    return body


def _held(state: WorkspaceState, id: str) -> Body:
    if id not in state.groups:
        raise scim_refusal(404, f"Group with id {id} not found.")
    return state.groups[id]


def _members(state: WorkspaceState, value: Any) -> list[str]:
    """The ids of a members list. Raises a 400 for a member whom nobody knows."""
    ids = list(dict.fromkeys(str(one.get("value")) for one in value or []))
    for id in ids:
        if state.identity(id) is None and state.account.by_number(id) is None:
            raise scim_refusal(404, f"Principal with id {id} not found.")
    return ids


@route("GET", GROUPS)
def list_groups(state: WorkspaceState, request: Request) -> Response:
    """A list leaves out the members of large groups (assumption: of more than 100); a get has them all."""
    groups = scim.memberships(state)
    few = {id: len(group["members"]) <= MOST_LISTED for id, group in state.groups.items()}
    return scim.listing(request, (shown(state, id, groups, members=few[id]) for id in state.groups))


@route("POST", GROUPS)
def create_group(state: WorkspaceState, request: Request) -> Response:
    body = scim.resource(request)
    name = body.get("displayName")
    if not isinstance(name, str) or not name:
        raise scim_refusal(400, "displayName is required.", "invalidValue")
    if state.has("group", name) or state.directory.find("group", name) is not None:
        raise scim_refusal(409, f"Group with name {name} already exists.", "uniqueness")
    members = _members(state, body.get("members"))
    id = str(state.ids.number())
    fields = {key: value for key, value in body.items() if key not in ("id", "groups", "schemas", "meta", "members")}
    state.groups[id] = {
        "entitlements": [],
        **fields,
        "id": id,
        "members": members,
        "meta": {"resourceType": "WorkspaceGroup"},
    }
    return json_response(shown(state, id, scim.memberships(state)), 201)


@route("GET", GROUPS + "/{id}")
def get_group(state: WorkspaceState, request: Request) -> Response:
    _held(state, request.params["id"])
    return scim.one(request, shown(state, request.params["id"], scim.memberships(state)))


def _put(state: WorkspaceState, id: str, old: Body, new: Body) -> None:
    members = _members(state, new.get("members"))
    if old["meta"]["resourceType"] == "Group":
        if members != old["members"] or new.get("displayName") != old["displayName"]:
            raise scim_refusal(403, "Account groups can only be changed in the account.")
    elif old["displayName"] in SYSTEM and new.get("displayName") != old["displayName"]:
        raise scim_refusal(403, f"The group {old['displayName']} cannot be renamed.")
    if old["displayName"] == "admins" and not members:
        raise scim_refusal(403, "The group admins cannot be emptied.")
    state.groups[id] = {**new, "id": id, "meta": old["meta"], "members": members}
    for gone in ("schemas", "groups"):
        state.groups[id].pop(gone, None)
    if old["displayName"] == "admins":
        state.admin_numbers &= set(members)


@route("PUT", GROUPS + "/{id}")
def replace_group(state: WorkspaceState, request: Request) -> Response:
    id = request.params["id"]
    old = _held(state, id)
    _put(state, id, old, {"displayName": old["displayName"], "entitlements": [], **scim.resource(request)})
    return json_response({})  # as the SDK's definition has it; SCIM alone would give the resource


@route("PATCH", GROUPS + "/{id}")
def patch_group(state: WorkspaceState, request: Request) -> Response:
    id = request.params["id"]
    old = _held(state, id)
    start = {**old, "members": [{"value": member} for member in old["members"]]}
    _put(state, id, old, scim.patched(start, scim.resource(request).get("Operations")))
    return Response(204)


@route("DELETE", GROUPS + "/{id}")
def delete_group(state: WorkspaceState, request: Request) -> Response:
    id = request.params["id"]
    if _held(state, id)["displayName"] in SYSTEM:
        raise scim_refusal(403, "System groups cannot be deleted.")
    state.unassign(id)
    return Response(204)
