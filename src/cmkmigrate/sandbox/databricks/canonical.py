"""A whole workspace as one dict, in a fixed order: for whoever compares two of them.

Ids are those of this workspace; principals in ACLs are names. Content is base64 (a hash where it is larger than 1 MB).
"""

from __future__ import annotations

import base64
from typing import Any

from cmkmigrate.sandbox.databricks import clusters, permissions, secrets
from cmkmigrate.sandbox.databricks.contents import shown as shown_content
from cmkmigrate.sandbox.databricks.directories import ACL_TYPES
from cmkmigrate.sandbox.databricks.tree import DASHBOARD, NOTEBOOK, Node
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState

_NAMES = {"user": "userName", "service_principal": "applicationId", "group": "displayName"}


def _acl(state: WorkspaceState, type: str, id: str | int) -> list[Body]:
    """Direct entries, sorted: {"user_name"|"group_name"|"service_principal_name", "permission_level"}."""
    entries = permissions.direct(state, type, str(id))
    rows = [{entry.field: entry.name, "permission_level": entry.level} for entry in entries]
    return sorted(rows, key=lambda row: sorted(row.items()))


def _node(state: WorkspaceState, node: Node) -> Body:
    body: Body = {"object_type": node.kind, "object_id": node.id}
    if node.kind != DASHBOARD:
        body["permissions"] = _acl(state, ACL_TYPES[node.kind], node.id)
    if node.kind == NOTEBOOK:
        body["language"], body["format"] = node.language, node.format
    if node.content is not None:
        body["content"] = shown_content(node.content)
    folder = state.tree.git_folder_of(node)
    if folder is not None and folder is not node:
        body["in_git_folder"] = True
    return body


def _member(state: WorkspaceState, id: str) -> Body:
    found = state.identity(id)
    if found is not None:
        return {"type": found[0], "name": found[1][_NAMES[found[0]]]}
    principal = state.account.by_number(id)
    return {"type": principal.kind, "name": principal.name} if principal is not None else {"id": id}


def _identity(body: Body) -> Body:
    entitlements = sorted(str(one.get("value")) for one in body.get("entitlements", []))
    return {**{key: value for key, value in body.items() if key != "members"}, "entitlements": entitlements}


def _with_acl(state: WorkspaceState, type: str, id_field: str, bodies: list[Body]) -> list[Body]:
    rows = [{**body, "permissions": _acl(state, type, body[id_field])} for body in bodies]
    return sorted(rows, key=lambda row: str(row[id_field]))


def canonical(state: WorkspaceState) -> dict[str, Any]:
    """Everything in the workspace."""
    for id in state.clusters:
        clusters.settle(state, id)
    groups = [
        {
            **_identity(body),
            "members": sorted((_member(state, id) for id in body["members"]), key=lambda one: sorted(one.items())),
        }
        for body in state.groups.values()
    ]
    pinned = [{**body, "pinned": id in state.pinned} for id, body in state.clusters.items()]
    scopes = {
        scope.name: {
            "backend_type": scope.backend,
            "keyvault_metadata": scope.vault,
            "acls": dict(sorted(scope.acls.items())),
            "keys": sorted(secrets.keys(state, scope)),
            "secrets": {key: base64.b64encode(value).decode() for key, (value, _at) in sorted(scope.values.items())},
        }
        for scope in sorted(state.scopes.values(), key=lambda one: one.name)
    }
    return {
        "host": state.host,
        "workspace_id": state.org_id,
        "name": state.name,
        "location": state.location,
        "tree": {
            "/": _node(state, state.tree.root),
            **{node.path: _node(state, node) for node in state.tree.root.walk()},
        },
        "users": sorted(map(_identity, state.users.values()), key=lambda one: str(one["userName"]).lower()),
        "service_principals": sorted(
            map(_identity, state.service_principals.values()), key=lambda one: str(one["applicationId"])
        ),
        "groups": sorted(groups, key=lambda one: str(one["displayName"])),
        "secret_scopes": scopes,
        "instance_pools": _with_acl(state, "instance-pools", "instance_pool_id", list(state.pools.values())),
        "cluster_policies": _with_acl(state, "cluster-policies", "policy_id", list(state.policies.values())),
        "clusters": _with_acl(state, "clusters", "cluster_id", pinned),
        "jobs": _with_acl(state, "jobs", "job_id", list(state.jobs.values())),
        "git_folders": _with_acl(state, "repos", "id", list(state.repos.values())),
        "libraries": dict(sorted(state.libraries.items())),
        "token_permissions": _acl(state, "authorization", "tokens"),
        "listed": {kind: dict(sorted(held.items())) for kind, held in sorted(state.listed.items())},
        "started": dict(state.started),
    }
