"""An estate for minilake, made with typed databricks-sdk calls alone. Of everything a little, and what is awkward.

Where the fake knows no typed route (bytes of a workspace file) the SDK's own transport sends the one that it has.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import compute, iam, jobs, workspace

HOME = "/Users/minilake-user"
ADA, BOB, EVE = "ada@example.test", "Bob.Ó.Briain@example.test", "eve@example.test"
ROBOT, OTHER_ROBOT = "5e1f0c3a-0d2b-4a53-9f0e-3f1d6f7f0a11", "5e1f0c3a-0d2b-4a53-9f0e-3f1d6f7f0a12"
HEADER = "# Databricks notebook source\n"
NOTEBOOKS = {
    "/Shared/etl/load": HEADER + "print('load')\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n",
    "/Shared/etl/no header": "print('no header')\n",
    "/Shared/etl/empty": HEADER,
    "/Shared/etl/crlf": HEADER.replace("\n", "\r\n") + "print('windows')\r\n",
    f"{HOME}/grüße 数据 🚀": HEADER + "print('grüße 数据 🚀')",
    f"{HOME}/deep/er/and/deeper": HEADER + "x = 1\n" * 500,
    f"/Users/{ADA}/mine": HEADER + "mine = 1\n",
}
FOLDERS = ("/Shared/empty", "/Shared/etl/with space & ampersand", f"{HOME}/deep/empty", f"/Users/{EVE}/hers")
FILES = {"/Shared/etl/rows.csv": b"a,b\n1,2\n", "/Shared/etl/bytes.bin": bytes(range(256)), f"{HOME}/none": b""}
SECRETS = {"etl": ("password", "token"), "empty": (), "ada's": ("one",)}


def principals(client: WorkspaceClient) -> None:
    """What a workspace has before anything is moved: the groups that the service makes, and the account's principals,
    which on Azure are the same in every workspace of the tenant. minilake has neither (it takes ids as given)."""
    for name in ("admins", "users"):
        client.groups.create(display_name=name)
    for id, name in (("1001", ADA), ("1002", BOB)):
        client.users.create(id=id, user_name=name, display_name=name.partition("@")[0])
    client.service_principals.create(id="2001", application_id=ROBOT, display_name="robot")


def estate(client: WorkspaceClient) -> None:
    """Everything that the old workspace holds beside `principals`."""
    _people(client)
    _tree(client)
    _secrets(client)
    pool, policy = _compute(client)
    _jobs(client, pool, policy)
    _listed(client)


def _people(client: WorkspaceClient) -> None:
    def value(*values: str) -> list[iam.ComplexValue]:
        return [iam.ComplexValue(value=one) for one in values]

    client.users.create(id="1003", user_name=EVE, display_name="Eve")
    client.service_principals.create(id="2002", application_id=OTHER_ROBOT, display_name="other robot")
    client.users.patch("1001", operations=[iam.Patch(iam.PatchOp.ADD, "entitlements", _plain("databricks-sql-access"))])
    readers = client.groups.create(display_name="readers", members=value("1001", "1002"))
    owners = client.groups.create(
        display_name="Data Owners – 数据",
        members=value("2001", str(readers.id)),
        entitlements=value("workspace-access"),
    )
    client.groups.create(display_name="nobody")
    admins = next(group for group in client.groups.list() if group.display_name == "admins")
    client.groups.patch(
        str(admins.id), operations=[iam.Patch(iam.PatchOp.ADD, "members", _plain("minilake-user-1", str(owners.id)))]
    )


def _plain(*values: str) -> list[dict[str, str]]:
    return [{"value": one} for one in values]


def _tree(client: WorkspaceClient) -> None:
    for path, text in NOTEBOOKS.items():
        client.workspace.import_(
            path,
            content=base64.b64encode(text.encode()).decode(),
            format=workspace.ImportFormat.SOURCE,
            language=workspace.Language.PYTHON,
        )
    for path in FOLDERS:
        client.workspace.mkdirs(path)
    for path, content in FILES.items():
        client.api_client.do(
            "POST",
            f"/api/2.0/workspace-files/import-file{path}",
            data=content,
            headers={"Content-Type": "application/octet-stream"},
        )
    folder = str(client.workspace.get_status("/Shared/etl").object_id)
    notebook = str(client.workspace.get_status("/Shared/etl/load").object_id)
    given = iam.AccessControlRequest(group_name="readers", permission_level=iam.PermissionLevel.CAN_RUN)
    client.permissions.set("directories", folder, access_control_list=[given])
    more = iam.AccessControlRequest(service_principal_name=ROBOT, permission_level=iam.PermissionLevel.CAN_EDIT)
    client.permissions.set("notebooks", notebook, access_control_list=[given, more])


def _secrets(client: WorkspaceClient) -> None:
    for scope, keys in SECRETS.items():
        client.secrets.create_scope(scope)
        for key in keys:
            client.secrets.put_secret(scope, key, string_value=f"value of {key}")
    client.secrets.put_acl("etl", ADA, workspace.AclPermission.READ)
    client.secrets.put_acl("etl", "readers", workspace.AclPermission.WRITE)
    client.secrets.delete_acl("ada's", "users")
    client.secrets.put_acl("ada's", ADA, workspace.AclPermission.MANAGE)


def _compute(client: WorkspaceClient) -> tuple[str, str]:
    pool = client.instance_pools.create(
        "warm ü",
        "Standard_DS3_v2",
        min_idle_instances=2,
        max_capacity=10,
        idle_instance_autotermination_minutes=15,
        custom_tags={"team": "data"},
        preloaded_spark_versions=["14.3.x-scala2.12"],
    ).instance_pool_id
    rules = {
        "instance_pool_id": {"type": "fixed", "value": pool, "hidden": True},
        "autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 120, "defaultValue": 30},
    }
    policy = client.cluster_policies.create(
        name="small", definition=json.dumps(rules), description="only small ones", max_clusters_per_user=3
    ).policy_id
    client.cluster_policies.create(name="no rules", definition="{}")
    assert pool and policy
    use = iam.AccessControlRequest(group_name="readers", permission_level=iam.PermissionLevel.CAN_USE)
    client.permissions.set("cluster-policies", policy, access_control_list=[use])
    for name, more in _CLUSTERS:
        client.clusters.create("14.3.x-scala2.12", cluster_name=name, **more, **_on(name, pool, policy))
    for one in list(client.clusters.list()):
        client.clusters.delete(str(one.cluster_id)).result()
    pinned = next(one for one in client.clusters.list() if one.cluster_name == "pooled")
    client.clusters.pin(str(pinned.cluster_id))
    return pool, policy


_CLUSTERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("pooled", {"num_workers": 2, "autotermination_minutes": 20, "spark_env_vars": {"KEY": "{{secrets/etl/token}}"}}),
    ("twin", {"num_workers": 1, "node_type_id": "Standard_DS3_v2"}),
    ("twin", {"num_workers": 1, "node_type_id": "Standard_DS3_v2"}),
    (
        "scaled",
        {
            "autoscale": compute.AutoScale(min_workers=1, max_workers=4),
            "node_type_id": "Standard_DS4_v2",
            "spark_conf": {"spark.sql.shuffle.partitions": "8"},
            "custom_tags": {"cost": "7"},
        },
    ),
)


def _on(name: str, pool: str, policy: str) -> dict[str, Any]:
    return {"instance_pool_id": pool, "policy_id": policy} if name == "pooled" else {}


def _jobs(client: WorkspaceClient, pool: str, policy: str) -> None:
    cluster = str(next(one for one in client.clusters.list() if one.cluster_name == "pooled").cluster_id)

    def task(key: str, **more: Any) -> jobs.Task:
        return jobs.Task(task_key=key, **more)

    load = jobs.NotebookTask(notebook_path="/Shared/etl/load", base_parameters={"to": "/Shared/etl"})
    nightly = client.jobs.create(
        name="nightly",
        schedule=jobs.CronSchedule("0 0 2 * * ?", "Europe/Berlin", jobs.PauseStatus.UNPAUSED),
        tags={"team": "data"},
        max_concurrent_runs=1,
        tasks=[
            task("load", notebook_task=load, existing_cluster_id=cluster),
            task(
                "check",
                notebook_task=jobs.NotebookTask(notebook_path="/Shared/etl/no header"),
                depends_on=[jobs.TaskDependency("load")],
                job_cluster_key="own",
                timeout_seconds=600,
            ),
        ],
        job_clusters=[
            jobs.JobCluster(
                "own",
                compute.ClusterSpec(
                    spark_version="14.3.x-scala2.12", instance_pool_id=pool, policy_id=policy, num_workers=1
                ),
            )
        ],
        email_notifications=jobs.JobEmailNotifications(on_failure=[ADA, "outside@example.test"]),
    ).job_id
    assert nightly
    client.jobs.create(name="after", tasks=[task("run", run_job_task=jobs.RunJobTask(job_id=nightly))])
    first = client.jobs.create(name="ring", tasks=[task("next", run_job_task=jobs.RunJobTask(job_id=nightly))]).job_id
    assert first
    second = client.jobs.create(name="ring", tasks=[task("next", run_job_task=jobs.RunJobTask(job_id=first))]).job_id
    assert second
    ring = jobs.JobSettings(name="ring", tasks=[task("next", run_job_task=jobs.RunJobTask(job_id=second))])
    client.jobs.reset(first, ring)
    client.jobs.create(
        name="many",
        tasks=[task(f"t{number:03}", notebook_task=load, existing_cluster_id=cluster) for number in range(120)],
        continuous=jobs.Continuous(pause_status=jobs.PauseStatus.PAUSED),
    )
    client.jobs.create(name="for each", tasks=[_for_each(task("inner", notebook_task=load))])
    owner = iam.AccessControlRequest(user_name=ADA, permission_level=iam.PermissionLevel.IS_OWNER)
    see = iam.AccessControlRequest(group_name="readers", permission_level=iam.PermissionLevel.CAN_VIEW)
    client.permissions.set("jobs", str(nightly), access_control_list=[owner, see])


def _listed(client: WorkspaceClient) -> None:
    """What the product counts and does not move."""
    script = base64.b64encode(b"echo started\n").decode()
    client.global_init_scripts.create("start", script, enabled=False)
    client.warehouses.create(name="shared", cluster_size="2X-Small", auto_stop_mins=10)


def _for_each(inner: jobs.Task) -> jobs.Task:
    return jobs.Task(task_key="outer", for_each_task=jobs.ForEachTask(inputs="[1, 2]", task=inner, concurrency=2))
