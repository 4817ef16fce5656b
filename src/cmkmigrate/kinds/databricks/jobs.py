"""Jobs, as API 2.2 has them. They arrive paused."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

from cmkmigrate.errors import Refused
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.job_refs import job_refs
from cmkmigrate.kinds.databricks.paging import pages
from cmkmigrate.model import Asset, Body, Entry, Made
from cmkmigrate.portable import spots

JOBS = "/api/2.2/jobs"
TAG = "cmkmigrate_src_job"
MOST_TAGS = 25
OWN: Final = "@workspace"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PAGED = ("tasks", "job_clusters", "environments", "parameters")
_PAUSES = ("schedule.pause_status", "continuous.pause_status", "trigger.pause_status", "triggers[*].pause_status")
# What the service fills in where nothing was said (vendor CLI, notes of its test server).
_COMMON: Body = {"email_notifications": {}, "webhook_notifications": {}, "timeout_seconds": 0}
_JOB_DEFAULTS: Body = _COMMON | {"max_concurrent_runs": 1, "name": "Untitled"}
_TASK_DEFAULTS: Body = _COMMON | {"run_if": "ALL_SUCCESS"}


class Jobs(Kind):
    """body: the job's `settings`, whole (`get` gives 100 elements of each list at a time), with `run_as` said outright:
    left out it would become whoever creates the job.

    Names are not unique, so the source's id is kept as the tag `cmkmigrate_src_job`. A job with 25 tags has no room
    for it (the service's limit) and arrives without; it is known by the ledger, else by name and body.

    A job arrives with every schedule, trigger and continuous run PAUSED, by creation and by update; what it was is
    another kind's. One that a bundle or the service manages is not moved: whoever deployed it deploys it again.
    A job that runs a job of its own cycle is created with job 0 in that place.
    Assumption: the service takes 0 there.
    """

    name = "jobs"
    service = "jobs"
    permission_type = "jobs"
    id_type = int
    marker_path = f"tags.{TAG}"
    owns = ("*", *(f"!{path}" for path in _PAUSES))
    arriving = dict.fromkeys(_PAUSES, "PAUSED")
    unordered = ("tasks[*].depends_on", "tasks[*].for_each_task.task.depends_on")
    server_owned = frozenset({"format"})
    refs = tuple(job_refs())

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        """New jobs shift the pages, so an id may come twice."""
        seen: set[int] = set()
        for found in pages(site, f"{JOBS}/list", {"limit": 100}, "jobs"):
            if found["job_id"] not in seen:
                seen.add(found["job_id"])
                said = found.get("settings") or {}
                yield Entry(
                    str(found["job_id"]),
                    name=str(said.get("name", "")),
                    marker=str((said.get("tags") or {}).get(TAG, "")),
                    unsupported=_managed(said),
                )

    def load(self, site: Site, entry: Entry) -> Asset:
        found, body = _whole(site, entry.id)
        if "run_as" not in body and (run_as := found.get("run_as") or _principal(found.get("run_as_user_name"))):
            body["run_as"] = run_as
        _each_own_workspace(body, int(site.org_id or 0), OWN)
        return Asset(entry.id, entry.key, str(body.get("name", "")), entry.marker, body=body)

    def create(self, site: Site, asset: Asset) -> Made:
        return Made(str(site.write("POST", f"{JOBS}/create", _settings(site, asset))["job_id"]))

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        """`reset` replaces everything (`update` would keep tasks that are gone)."""
        site.write("POST", f"{JOBS}/reset", {"job_id": int(have.id), "new_settings": _settings(site, want)})
        return Made(have.id)

    def delete(self, site: Site, entry: Entry) -> None:
        site.write("POST", f"{JOBS}/delete", {"job_id": int(entry.id)})

    def fit(self, want: Body, have: Body) -> Body:
        """What the service filled in where the source says nothing is no difference, nor the other way round."""
        fitted = copy.deepcopy(want)
        _same_defaults(fitted, have, _JOB_DEFAULTS)
        source = "GIT" if "git_source" in want else "WORKSPACE"
        twins = {str(task.get("task_key")): task for task in have.get("tasks") or ()}
        for task in fitted.get("tasks") or ():
            if twin := twins.get(str(task.get("task_key"))):
                _same_task_defaults(task, twin, source)
                inner, inner_twin = (_inner(one) for one in (task, twin))
                if inner and inner_twin:
                    _same_task_defaults(inner, inner_twin, source)
        return fitted


def _managed(settings: Body) -> str:
    kind = (settings.get("deployment") or {}).get("kind")
    if not kind:
        return ""
    if kind == "BUNDLE":
        return "managed by an asset bundle: deploy the bundle to the new workspace"
    return f"managed by what deployed it ({kind}): deploy it from there"


def _whole(site: Site, id: str) -> tuple[Body, Body]:
    """The first answer, and the settings with the lists of all pages. Later pages give the other lists empty."""
    first: Body = site.read(f"{JOBS}/get", {"job_id": id})
    body: Body = copy.deepcopy(first.get("settings") or {})
    seen: set[str] = set()
    token = str(first.get("next_page_token") or "")
    while token:
        if token in seen:
            raise Refused(f"job {id} hands out the page {token!r} twice", code="PAGING_LOOP")
        seen.add(token)
        page = site.read(f"{JOBS}/get", {"job_id": id, "page_token": token})
        for name in _PAGED:
            if more := (page.get("settings") or {}).get(name):
                body.setdefault(name, []).extend(more)
        token = str(page.get("next_page_token") or "")
    return first, body


def _principal(name: str | None) -> Body:
    """As `run_as` says it: a service principal is known by its applicationId, which is a UUID."""
    if not name:
        return {}
    return {"service_principal_name" if _UUID.fullmatch(name) else "user_name": name}


def _settings(site: Site, asset: Asset) -> Body:
    """The settings to send: the target's own id where the source's stood, and no marker where there is no room."""
    body = copy.deepcopy(asset.body or {})
    _each_own_workspace(body, OWN, int(site.org_id or 0))
    if len(body.get("tags") or ()) > MOST_TAGS:
        body["tags"].pop(TAG, None)
    return body


def _each_own_workspace(body: Body, found: Any, instead: Any) -> None:
    """Jobs that start this one are named with the id of their workspace; `OWN` stands for the job's own."""
    for path in ("trigger", "triggers[*]"):
        for holder, key in spots(body, f"{path}.job_completion.jobs[*].workspace_id"):
            if str(holder[key]) == str(found):
                holder[key] = instead


def _same_defaults(want: Body, have: Body, defaults: Body) -> None:
    for name, default in defaults.items():
        if name not in want and name in have and have[name] == default:
            want[name] = copy.deepcopy(default)
        elif name in want and want[name] == default and name not in have:
            del want[name]


def _same_task_defaults(task: Body, twin: Body, source: str) -> None:
    _same_defaults(task, twin, _TASK_DEFAULTS)
    if "notebook_task" in task and "notebook_task" in twin:
        _same_defaults(task["notebook_task"], twin["notebook_task"], {"source": source})


def _inner(task: Body) -> Body:
    inner: Body = (task.get("for_each_task") or {}).get("task") or {}
    return inner
