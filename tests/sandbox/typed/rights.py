"""Access lists of everything that has them, by the calls of each service and by those of the permissions service."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest
from databricks.sdk.service import compute, iam, jobs, pipelines, settings, sql, workspace

PERSON, GROUP = "analyst.one@ferry.example", "users"


def _asked(level: Any, request: type[Any], api: Any, *at: str) -> None:
    """Levels are told; a list is set, joined by one entry and read. An owner and the administrators stay."""
    told = {one.permission_level for one in api.get_permission_levels(*at).permission_levels}
    assert level in told
    before = api.get_permissions(*at)
    kept = [
        request(**{name: getattr(one, name)}, permission_level=granted.permission_level)
        for one in before.access_control_list
        for granted in one.all_permissions
        if not granted.inherited
        for name in ("user_name", "group_name", "service_principal_name")
        if getattr(one, name)
    ]
    api.set_permissions(*at, access_control_list=[*kept, request(user_name=PERSON, permission_level=level)])
    api.update_permissions(*at, access_control_list=[request(group_name=GROUP, permission_level=level)])
    shown = api.get_permissions(*at)
    assert (shown.object_id, shown.object_type) == (before.object_id, before.object_type)
    direct = {
        (one.user_name or one.group_name)
        for one in shown.access_control_list
        if level in {granted.permission_level for granted in one.all_permissions if not granted.inherited}
    }
    assert direct >= {PERSON, GROUP}


def policies(client: WorkspaceClient) -> None:
    id = str(client.cluster_policies.create(name="typed rights", definition="{}").policy_id)
    level = compute.ClusterPolicyPermissionLevel.CAN_USE
    _asked(level, compute.ClusterPolicyAccessControlRequest, client.cluster_policies, id)


def clusters(client: WorkspaceClient) -> None:
    made = client.clusters.create("15.4.x-scala2.12", node_type_id="Standard_DS3_v2", num_workers=0)
    level = compute.ClusterPermissionLevel.CAN_RESTART
    _asked(level, compute.ClusterAccessControlRequest, client.clusters, str(made.cluster_id))


def pools(client: WorkspaceClient) -> None:
    id = str(client.instance_pools.create("typed rights", "Standard_DS3_v2").instance_pool_id)
    level = compute.InstancePoolPermissionLevel.CAN_ATTACH_TO
    _asked(level, compute.InstancePoolAccessControlRequest, client.instance_pools, id)


def job(client: WorkspaceClient) -> None:
    id = str(client.jobs.create(name="typed rights").job_id)
    _asked(jobs.JobPermissionLevel.CAN_VIEW, jobs.JobAccessControlRequest, client.jobs, id)


def pipeline(client: WorkspaceClient) -> None:
    id = next(str(one.pipeline_id) for one in client.pipelines.list_pipelines())
    level = pipelines.PipelinePermissionLevel.CAN_VIEW
    _asked(level, pipelines.PipelineAccessControlRequest, client.pipelines, id)


def warehouse(client: WorkspaceClient) -> None:
    id = next(str(one.id) for one in client.warehouses.list())
    _asked(sql.WarehousePermissionLevel.CAN_USE, sql.WarehouseAccessControlRequest, client.warehouses, id)
    assert client.permissions.get("sql/warehouses", id).object_id == client.warehouses.get_permissions(id).object_id
    level = iam.AccessControlRequest(user_name=PERSON, permission_level=iam.PermissionLevel.CAN_MONITOR)
    client.permissions.update("sql/warehouses", id, access_control_list=[level])
    client.permissions.set("sql/warehouses", id, access_control_list=[level])
    assert client.permissions.get_permission_levels("sql/warehouses", id).permission_levels


def repo(client: WorkspaceClient) -> None:
    id = next(str(one.id) for one in client.repos.list())
    _asked(workspace.RepoPermissionLevel.CAN_RUN, workspace.RepoAccessControlRequest, client.repos, id)


def folder(client: WorkspaceClient) -> None:
    client.workspace.mkdirs("/Shared/typed rights")
    id = str(client.workspace.get_status("/Shared/typed rights").object_id)
    level = workspace.WorkspaceObjectPermissionLevel.CAN_RUN
    _asked(level, workspace.WorkspaceObjectAccessControlRequest, client.workspace, "directories", id)


def tokens(client: WorkspaceClient) -> None:
    api, level = client.token_management, settings.TokenPermissionLevel.CAN_USE
    one = settings.TokenAccessControlRequest(user_name=PERSON, permission_level=level)
    assert api.get_permission_levels().permission_levels
    api.update_permissions(access_control_list=[one])
    with pytest.raises(BadRequest):  # without the level that administrators must keep, which cannot be said
        api.set_permissions(access_control_list=[one])
    assert PERSON in {entry.user_name for entry in api.get_permissions().access_control_list or []}


def anything(client: WorkspaceClient) -> None:
    id = str(client.jobs.create(name="typed rights of anything").job_id)
    owner = iam.AccessControlRequest(user_name=PERSON, permission_level=iam.PermissionLevel.IS_OWNER)
    group = iam.AccessControlRequest(group_name=GROUP, permission_level=iam.PermissionLevel.CAN_VIEW)
    client.permissions.set("jobs", id, access_control_list=[owner])
    client.permissions.update("jobs", id, access_control_list=[group])
    shown = client.permissions.get("jobs", id).access_control_list or []
    assert {one.user_name or one.group_name for one in shown} >= {PERSON, GROUP}
    told = client.permissions.get_permission_levels("jobs", id).permission_levels or []
    assert iam.PermissionLevel.IS_OWNER in {one.permission_level for one in told}


PLAYS = (policies, clusters, pools, job, pipeline, warehouse, repo, folder, tokens, anything)
