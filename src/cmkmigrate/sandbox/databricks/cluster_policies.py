"""Cluster policies. `definition` is a JSON string; a policy of a family has overrides, and its definition is merged."""

from __future__ import annotations

import json
from typing import Any

from cmkmigrate.sandbox.databricks.policy_families import families
from cmkmigrate.sandbox.databricks.refusals import invalid, missing, taken
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

POLICIES = "/api/2.0/policies/clusters"
SERVER_OWNED = frozenset({"policy_id", "creator_user_name", "created_at_timestamp", "is_default"})
_SORT = {"POLICY_CREATION_TIME": "created_at_timestamp", "POLICY_NAME": "name"}


def policy_of(state: WorkspaceState, id: object) -> Body:
    """The policy. Raises a 404."""
    policy = state.policies.get(str(id))
    if policy is None:
        raise missing(f"Cluster policy {id} does not exist.")
    return policy


def _parsed(text: object, field: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except ValueError as error:
        raise invalid(f"{field} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid(f"{field} must be a string with a JSON object.")
    return value


def _given(state: WorkspaceState, body: Body, own: str = "") -> Body:
    """The fields of a create or edit, with the merged definition. Raises a 400."""
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid("name is required.")
    if any(policy["policy_id"] != own for policy in state.policies_named(name)):
        raise taken(f"A policy with the name {name} already exists.")
    given = {key: value for key, value in body.items() if key not in SERVER_OWNED}
    family_id = body.get("policy_family_id")
    if not family_id:
        if "policy_family_definition_overrides" in body:
            raise invalid("policy_family_definition_overrides needs a policy_family_id.")
        _parsed(body.get("definition"), "definition")
        return given
    family = families(state).get(str(family_id))
    if family is None:
        raise invalid(f"Policy family {family_id} does not exist.")
    if body.get("definition"):
        raise invalid("definition cannot be given with policy_family_id; use policy_family_definition_overrides.")
    overrides = body.get("policy_family_definition_overrides")
    merged = {**json.loads(family["definition"]), **(_parsed(overrides, "overrides") if overrides else {})}
    return {**given, "definition": json.dumps(merged, separators=(",", ":"))}


@route("GET", f"{POLICIES}/list")
def list_policies(state: WorkspaceState, request: Request) -> Response:
    held = list(state.policies.values())
    column = _SORT.get(request.arg("sort_column", "POLICY_CREATION_TIME"))
    if column is None:
        raise invalid(f"Unknown sort_column: {request.arg('sort_column')}")
    held.sort(key=lambda policy: policy.get(column, 0), reverse=request.arg("sort_order", "DESC") == "DESC")
    return json_response({"policies": held} if held else {})


@route("GET", f"{POLICIES}/get")
def get_policy(state: WorkspaceState, request: Request) -> Response:
    return json_response(policy_of(state, request.arg("policy_id")))


@route("POST", f"{POLICIES}/create")
def create_policy(state: WorkspaceState, request: Request) -> Response:
    who = state.caller(request)
    given = _given(state, request.json())
    id = state.ids.hexadecimal()
    state.policies[id] = {
        **given,
        "policy_id": id,
        "creator_user_name": who.name,
        "created_at_timestamp": state.clock.ms(),
        "is_default": False,
    }
    return json_response({"policy_id": id})


@route("POST", f"{POLICIES}/edit")
def edit_policy(state: WorkspaceState, request: Request) -> Response:
    """Replaces everything but what the server owns."""
    body = request.json()
    policy = policy_of(state, body.get("policy_id"))
    id = str(policy["policy_id"])
    given = _given(state, body, own=id)
    state.policies[id] = {**given, **{key: value for key, value in policy.items() if key in SERVER_OWNED}}
    return json_response({})


@route("POST", f"{POLICIES}/delete")
def delete_policy(state: WorkspaceState, request: Request) -> Response:
    policy = policy_of(state, request.json().get("policy_id"))
    del state.policies[str(policy["policy_id"])]
    state.forget_acl("cluster-policies", policy["policy_id"])
    return json_response({})
