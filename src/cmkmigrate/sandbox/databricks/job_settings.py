"""What the server does to the settings of a job: defaults, pages of 100 elements, merging of updates.

Sources: the vendor CLI's model of the service (defaults, sorting of depends_on), the SDK's docstrings (merge by
task_key and job_cluster_key, fields_to_remove, pages of jobs/get).
"""

from __future__ import annotations

import copy
from typing import Any

from cmkmigrate.sandbox.databricks import current_form
from cmkmigrate.sandbox.databricks.refusals import invalid
from cmkmigrate.sandbox.databricks.workspace import Body

PAGE = 100
PAGED = ("tasks", "job_clusters", "environments", "parameters")
KEYS = {"tasks": "task_key", "job_clusters": "job_cluster_key", "environments": "environment_key", "parameters": "name"}
MOST_TASKS, MOST_TAGS = 1000, 25
NOT_SETTINGS = ("access_control_list", "job_id", "run_as_user_name", "creator_user_name", "created_time")


def check(settings: Body) -> None:
    """Refuse what the service refuses. References to other objects are not looked at."""
    if len(settings.get("tasks") or []) > MOST_TASKS:
        raise invalid(f"A job can have at most {MOST_TASKS} tasks.")
    if len(settings.get("tags") or {}) > MOST_TAGS:
        raise invalid(f"A job can have at most {MOST_TAGS} tags.")
    source = settings.get("git_source")
    if source and not source.get("git_provider"):
        raise invalid(
            "git_source.git_provider must be one of: gitHub, gitHubEnterprise, bitbucketCloud, "
            "bitbucketServer, azureDevOpsServices, gitLab, gitLabEnterpriseEdition, awsCodeCommit."
        )
    for task in settings.get("tasks") or []:
        if not task.get("task_key"):
            raise invalid("Every task must have a task_key.")


def _forget_policy_defaults(cluster: Any) -> None:
    """`apply_policy_default_values` is accepted and never returned."""
    if isinstance(cluster, dict):
        cluster.pop("apply_policy_default_values", None)


def _complete_task(task: Body, git: bool) -> None:
    task.setdefault("run_if", "ALL_SUCCESS")
    task.setdefault("timeout_seconds", 0)
    task.setdefault("email_notifications", {})
    task.setdefault("webhook_notifications", {})
    if isinstance(task.get("depends_on"), list):
        task["depends_on"].sort(key=lambda one: str(one.get("task_key", "")))
    if isinstance(task.get("notebook_task"), dict):
        task["notebook_task"].setdefault("source", "GIT" if git else "WORKSPACE")
    _forget_policy_defaults(task.get("new_cluster"))
    inner = (task.get("for_each_task") or {}).get("task")
    if isinstance(inner, dict):
        _complete_task(inner, git)


def complete(settings: Body, run_as: Body) -> Body:
    """Settings as the server keeps them. `run_as` stands where the caller gave none."""
    settings = {key: value for key, value in copy.deepcopy(settings).items() if key not in NOT_SETTINGS}
    settings = current_form.settings(settings)
    settings.setdefault("name", "Untitled")
    settings.setdefault("email_notifications", {})
    settings.setdefault("webhook_notifications", {})
    settings.setdefault("timeout_seconds", 0)
    settings.setdefault("max_concurrent_runs", 1)
    settings.setdefault("run_as", run_as)
    settings["format"] = "MULTI_TASK"
    for task in settings.get("tasks") or []:
        _complete_task(task, bool(settings.get("git_source")))
    for cluster in settings.get("job_clusters") or []:
        _forget_policy_defaults(cluster.get("new_cluster"))
    for block in ("schedule", "trigger", "continuous"):
        if isinstance(settings.get(block), dict):
            settings[block].setdefault("pause_status", "UNPAUSED")
    return settings


def merged(old: Body, new: Body) -> Body:
    """`old` with the top-level fields of `new`: lists of keyed elements are merged by key, all else is replaced."""
    result = dict(old)
    for field, value in new.items():
        key = KEYS.get(field)
        if key in ("task_key", "job_cluster_key") and isinstance(value, list):
            held = {one.get(key): one for one in old.get(field) or []}
            held.update({one.get(key): one for one in value})
            result[field] = list(held.values())
        else:
            result[field] = value
    return result


def without(settings: Body, paths: list[str]) -> Body:
    """Settings less `fields_to_remove`: a top-level field, or `tasks/<key>` and `job_clusters/<key>`."""
    result = dict(settings)
    for path in paths:
        field, slash, key = path.partition("/")
        if not slash:
            result.pop(field, None)
        elif field in ("tasks", "job_clusters"):
            result[field] = [one for one in result.get(field) or [] if one.get(KEYS[field]) != key]
        else:
            raise invalid(f"Cannot remove {path}.")
    return result


def page(settings: Body, number: int) -> tuple[Body, bool]:
    """The settings with the elements of one page (from 0) of each paged list, and whether more follow."""
    start, more = number * PAGE, False
    result = dict(settings)
    for field in PAGED:
        if isinstance(settings.get(field), list):
            result[field] = settings[field][start : start + PAGE]
            more = more or len(settings[field]) > start + PAGE
    return result, more
