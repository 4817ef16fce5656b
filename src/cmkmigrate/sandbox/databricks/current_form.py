"""What older versions of the API let people say, in the form in which today's service keeps and shows it.

Rests on the fields of databricks-sdk's generated classes: what they lack, the service does not show. Fields that nobody
knows yet are kept, so that a product that loses them is found out.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.workspace import Body

OF_SINGLE_TASKS = ("max_retries", "min_retry_interval_millis", "retry_on_timeout")  # Jobs 2.0; today of each task
TEXTS = ("spark_conf", "spark_env_vars", "custom_tags")


def settings(given: Body) -> Body:
    """Settings of a job: without what only a job of one task had, beside the tasks that it has now."""
    told = {key: value for key, value in given.items() if key not in OF_SINGLE_TASKS or "tasks" not in given}
    for task in told.get("tasks") or []:
        if isinstance(task.get("notebook_task"), dict):
            task["notebook_task"].pop("revision_timestamp", None)  # notebooks had numbered revisions once
    return told


def job(given: Body) -> Body:
    """A job: it runs as `run_as_user_name`, or as its settings say."""
    told = {key: value for key, value in given.items() if key != "run_as"}
    if isinstance(told.get("settings"), dict):
        told["settings"] = settings(told["settings"])
        if isinstance(given.get("run_as"), dict):
            told["settings"].setdefault("run_as", given["run_as"])
    return told


def cluster(given: Body) -> Body:
    """A cluster: maps of texts hold texts, where people wrote `true` or a number."""
    told = dict(given)
    for name in TEXTS:
        if isinstance(told.get(name), dict):
            told[name] = {key: _text(value) for key, value in told[name].items()}
    return told


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
