"""The Databricks workspaces of the sandbox.

`ROUTES` is every route of a workspace; a handler is called with the `WorkspaceState` that the host name leads to.
`create_workspace` makes the empty workspace that ARM creates, `load_estate` the one that an estate describes;
`WorkspaceState.state()` gives all of one as a canonical dict.
"""

from __future__ import annotations

from dataclasses import replace
from functools import wraps

from cmkmigrate.sandbox.databricks import (
    births,
    cluster_policies,
    clusters,
    command_execution,
    dbfs,
    directories,
    estate,
    files,
    generated,
    git_folders,
    groups,
    instance_pools,
    instance_profiles,
    jobs,
    legacy,
    listed,
    node_types,
    notebooks,
    older_jobs,
    permission_assignments,
    permissions,
    policy_families,
    secret_acls,
    secret_scopes,
    secrets,
    service_principals,
    stale,
    unity_catalog,
    users,
)
from cmkmigrate.sandbox.databricks.estate import EstateError
from cmkmigrate.sandbox.databricks.legacy import SETTINGS as LEGACY
from cmkmigrate.sandbox.databricks.workspace import AclEntry, WorkspaceState
from cmkmigrate.sandbox.wire import Clock, Directory, Handler, Principal, Request, Response, Route, Routes

__all__ = ["LEGACY", "ROUTES", "EstateError", "WorkspaceState", "born", "create_workspace", "load_estate"]

born = births.made

SERVICES = (
    cluster_policies, clusters, command_execution, dbfs, directories, files, git_folders, groups, instance_pools,
    instance_profiles, jobs, legacy, listed, node_types, notebooks, older_jobs, permission_assignments, permissions,
    policy_families, secret_acls, secret_scopes, secrets, service_principals, unity_catalog, users,
)  # fmt: skip


def _for_members(one: Route) -> Route:
    """The route with a 403 for callers who are not in the workspace."""
    inner: Handler = one.handler

    @wraps(inner)
    def admitted(state: WorkspaceState, request: Request) -> Response:
        state.caller(request)
        return stale.served(state, request, inner)

    return one if one.anonymous else replace(one, handler=admitted)


ROUTES = Routes(_for_members(one) for one in Routes.collect(*SERVICES).all)


def create_workspace(
    *,
    host: str,
    org_id: int,
    name: str,
    location: str,
    arm_id: str,
    creator: Principal | None,
    directory: Directory,
    clock: Clock,
) -> WorkspaceState:
    """An empty workspace as ARM makes it, with its creator as the only member and admin.

    It has the groups admins and users, the top folders, the creator's home and the built-in policies. Assumption: all
    users may manage what is in /Shared.
    """
    state = WorkspaceState(
        host=host, org_id=org_id, name=name, location=location, arm_id=arm_id, directory=directory, clock=clock
    )
    for group in ("admins", "users"):
        state.system_group(group)
    for folder in ("/Users", "/Shared", "/Repos"):
        state.folder(folder)
    shared = state.folder("/Shared")
    state.acls[("directories", str(shared.id))] = [AclEntry("group_name", "users", "CAN_MANAGE")]
    policy_families.seed_policies(state)
    if creator is not None:
        state.assign(creator, admin=True)
    return state


def load_estate(
    spec: str, *, directory: Directory, clock: Clock, arm_id: str = "", operator: Principal | None = None
) -> WorkspaceState:
    """The workspace of an estate: a folder, the name of a built-in estate, or `generate:N`.

    The operator, who has rights on the workspace through ARM, is an admin in it, without a home. Raises EstateError.
    """
    word, colon, count = spec.partition(":")
    if word == "generate" and colon:
        if not count.isdigit() or not int(count):
            raise EstateError(f"{spec}: generate: wants a number of notebooks, as in generate:2000")
        state = generated.generate(int(count), arm_id, directory, clock)
    else:
        state = estate.load_folder(estate.folder_of(spec), arm_id, directory, clock)
    if operator is not None and not state.has(operator.kind, operator.name):
        state.assign(operator, admin=True, homes=False)
    return state
