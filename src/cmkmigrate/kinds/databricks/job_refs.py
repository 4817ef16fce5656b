"""Every field of a job that points at something else. See `Reference` for the language of the paths.

Ids are rewritten; names and paths mean the same in both workspaces and are looked up only. Kinds that do not exist yet
are named too: a job that needs one of their things is then blocked by name, and never points at something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.databricks.compute import WORKSPACE_FILES, compute_refs, library_refs
from cmkmigrate.model import Reference

# A task may hold one task for each element of a list: everything that holds for a task holds for that one.
TASKS = ("tasks[*]", "tasks[*].for_each_task.task")
_TRIGGERS = ("trigger", "triggers[*]")
_CONDITIONS = (*_TRIGGERS, "schedule")
_WAREHOUSE_TASKS = ("notebook_task", "dbt_task", "sql_task", "alert_task", "dashboard_task", "power_bi_task")
_MAILS = (
    "on_start",
    "on_success",
    "on_failure",
    "on_duration_warning_threshold_exceeded",
    "on_streaming_backlog_exceeded",
)
_HOOKS = (*_MAILS, "on_maintenance_start", "on_maintenance_complete")
_CODE = ("notebooks", "git_folders")
_ANY_PATH = ("notebooks", "files", "directories", "git_folders")
# A path in the workspace tree; not one in a volume or in DBFS, nor one relative to a Git source.
_TREE_PATH = r"^(/(?!Volumes/|dbfs/).+)"
# A parameter is taken for a path when all of it is one.
_HOME_PATH = r"^(/(?:Workspace|Users|Shared|Repos)/.+)"
_PARAMETERS = (
    "notebook_task.base_parameters.*",
    "python_wheel_task.parameters[*]",
    "python_wheel_task.named_parameters.*",
    "spark_python_task.parameters[*]",
    "spark_jar_task.parameters[*]",
    "spark_submit_task.parameters[*]",
    "run_job_task.job_parameters.*",
)


def job_refs() -> Iterator[Reference]:
    """The references of a job's settings."""
    for task in TASKS:
        yield from _task_refs(task)
    for root in ("job_clusters[*].new_cluster.", *(f"{task}.new_cluster." for task in TASKS)):
        yield from compute_refs(root)
    yield Reference("job_clusters[*].serverless_compute.policy_id", ("cluster_policies",))
    for trigger in _TRIGGERS:
        # Assumption: as for run_job_task, 0 can stand in for a job that is not there yet.
        yield Reference(f"{trigger}.job_completion.jobs[*].job_id", ("jobs",), placeholder=0)
    for condition in _CONDITIONS:
        yield Reference(f"{condition}.sql_condition.warehouse_id", ("sql_warehouses",))
        yield Reference(f"{condition}.sql_condition.sql_query_id", ("queries",))
    yield from _notification_refs("")
    yield Reference("run_as.user_name", ("users",), "key")
    yield Reference("run_as.service_principal_name", ("service_principals",), "key")
    yield Reference("run_as.group_name", ("groups",), "key")
    yield Reference("parameters[*].default", _ANY_PATH, "prefix", within=_HOME_PATH, missing="warn")
    for dependency in ("dependencies[*]", "java_dependencies[*]", "base_environment"):
        yield Reference(
            f"environments[*].spec.{dependency}", _ANY_PATH, "prefix", within=r"^(?:-r +)?(/(?!Volumes/|dbfs/).+)",
            missing="warn",
        )  # fmt: skip
    yield _path("environment_variables[*].spec.files[*]", WORKSPACE_FILES)
    yield _path("parent_path", ("directories", "git_folders"))


def _task_refs(task: str) -> Iterator[Reference]:
    yield Reference(f"{task}.existing_cluster_id", ("clusters",))
    yield Reference(f"{task}.run_job_task.job_id", ("jobs",), placeholder=0)
    yield Reference(f"{task}.pipeline_task.pipeline_id", ("pipelines",))
    for kind in _WAREHOUSE_TASKS:
        yield Reference(f"{task}.{kind}.warehouse_id", ("sql_warehouses",))
    yield Reference(f"{task}.sql_task.query.query_id", ("queries",))
    yield Reference(f"{task}.sql_task.alert.alert_id", ("alerts",))
    yield Reference(f"{task}.alert_task.alert_id", ("alerts_v2",))
    yield Reference(f"{task}.sql_task.dashboard.dashboard_id", ("legacy_dashboards",))
    yield Reference(f"{task}.dashboard_task.dashboard_id", ("dashboards",))
    for told in (
        "sql_task.alert.subscriptions[*]",
        "sql_task.dashboard.subscriptions[*]",
        "alert_task.subscribers[*]",
        "dashboard_task.subscription.subscribers[*]",
    ):
        yield Reference(f"{task}.{told}.destination_id", ("notification_destinations",))
        yield Reference(f"{task}.{told}.user_name", ("users",), "key", missing="warn")
    yield from _notification_refs(f"{task}.")
    yield _path(f"{task}.notebook_task.notebook_path", _CODE)
    yield _path(f"{task}.spark_python_task.python_file", WORKSPACE_FILES)
    yield _path(f"{task}.spark_jar_task.jar_uri", WORKSPACE_FILES)
    yield _path(f"{task}.sql_task.file.path", WORKSPACE_FILES)
    yield _path(f"{task}.alert_task.workspace_path", WORKSPACE_FILES)
    for folder in ("project_directory", "profiles_directory"):
        yield _path(f"{task}.dbt_task.{folder}", ("directories", "git_folders"))
    for file in (
        "gen_ai_compute_task.training_script_path",
        "gen_ai_compute_task.yaml_parameters_file_path",
        "ai_runtime_task.command_path",
        "ai_runtime_task.code_source_path",
    ):
        yield _path(f"{task}.{file}", WORKSPACE_FILES)
    yield _path(f"{task}.ai_runtime_task.mlflow_experiment_directory", ("directories",))
    yield from library_refs(f"{task}.libraries")
    for parameter in _PARAMETERS:
        yield Reference(f"{task}.{parameter}", _ANY_PATH, "prefix", within=_HOME_PATH, missing="warn")


def _notification_refs(root: str) -> Iterator[Reference]:
    """Mail may go to addresses outside the account, so one that is no user is only said."""
    for event in _MAILS:
        yield Reference(f"{root}email_notifications.{event}[*]", ("users",), "key", missing="warn")
    for event in _HOOKS:
        yield Reference(f"{root}webhook_notifications.{event}[*].id", ("notification_destinations",))


def _path(path: str, targets: tuple[str, ...]) -> Reference:
    return Reference(path, targets, "prefix", within=_TREE_PATH, missing="warn")
