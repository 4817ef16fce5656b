"""Jobs, API 2.2 (and the same under 2.1). Names are not unique: two creates make two jobs.

A job is made with its creator as owner unless the request's ACL names one, and runs as its creator unless it says
otherwise. Nothing runs here: a job that is not paused stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from cmkmigrate.sandbox.databricks import job_settings, permissions
from cmkmigrate.sandbox.databricks.refusals import invalid
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Handler, Principal, Request, Response, json_response, route


def both(method: str, verb: str) -> Callable[[Handler], Handler]:
    """The route under API 2.2, and under 2.1 for older clients."""

    def mark(handler: Handler) -> Handler:
        return route(method, f"/api/2.1/jobs/{verb}")(route(method, f"/api/2.2/jobs/{verb}")(handler))

    return mark


def _held(state: WorkspaceState, id: object) -> Body:
    """The job. Raises a 400, as the service does for a job that is not there."""
    job = state.jobs.get(int(id)) if isinstance(id, int) or (isinstance(id, str) and id.isdigit()) else None
    if job is None:
        raise invalid(f"Job {id} does not exist.")
    return job


def _runs_as(who: Principal) -> Body:
    return {"user_name" if who.kind == "user" else "service_principal_name": who.name}


def _set(state: WorkspaceState, job: Body, settings: Body) -> None:
    """Put complete settings into a job, with the name that it runs as. Raises a 400 for an unknown one."""
    run_as = settings["run_as"]
    for field, kind in permissions.KINDS.items():
        if field in run_as and not state.has(kind, str(run_as[field])):
            raise invalid(f"run_as: {run_as[field]} does not exist in this workspace.")
    job["settings"] = settings
    job["run_as_user_name"] = next((str(name) for name in run_as.values()), "")


@both("POST", "create")
def create_job(state: WorkspaceState, request: Request) -> Response:
    who = state.caller(request)
    body = request.json()
    job_settings.check(body)
    acl = permissions.requested(state, body.get("access_control_list") or [], "jobs")
    owners = [entry for entry in acl if entry.level == "IS_OWNER"]
    if len(owners) > 1:
        raise invalid("The job must have exactly one owner.")
    mine = permissions.own_entry(who, "IS_OWNER")
    if not owners:
        acl = [mine, *(entry for entry in acl if (entry.field, entry.name) != (mine.field, mine.name))]
    permissions.check_owner("jobs", acl)
    job: Body = {"creator_user_name": who.name}
    _set(state, job, job_settings.complete(body, _runs_as(who)))
    id = state.ids.number()
    state.jobs[id] = {"job_id": id, **job, "created_time": state.clock.ms()}
    state.acls[("jobs", str(id))] = acl
    return json_response({"job_id": id})


@both("GET", "get")
def get_job(state: WorkspaceState, request: Request) -> Response:
    """100 elements of each list at a time."""
    job = _held(state, request.arg("job_id"))
    number = int(request.arg("page_token", "0") or 0)
    settings, more = job_settings.page(job["settings"], number)
    answer = {**job, "settings": settings}
    if more:
        answer["has_more"], answer["next_page_token"] = True, str(number + 1)
    return json_response(answer)


@both("GET", "list")
def list_jobs(state: WorkspaceState, request: Request) -> Response:
    """Newest first. `name` filters without case. Tokens count from the newest: new jobs shift the pages."""
    limit = int(request.arg("limit", "20") or 20)
    if not 0 < limit <= 100:
        raise invalid("limit must be between 1 and 100.")
    at = int(request.arg("page_token") or request.arg("offset") or 0)
    name = request.arg("name").lower()
    held = [job for job in state.jobs.values() if not name or str(job["settings"].get("name", "")).lower() == name]
    held.sort(key=lambda job: (job["created_time"], job["job_id"]), reverse=True)
    expand = request.arg("expand_tasks").lower() == "true"
    shown: list[Body] = []
    for job in held[at : at + limit]:
        settings, more = job_settings.page(job["settings"], 0)
        if not expand:
            settings = {key: value for key, value in settings.items() if key not in job_settings.PAGED}
        told = {key: value for key, value in job.items() if key != "run_as_user_name"}  # jobs/get has it, a list not
        shown.append({**told, "settings": settings, **({"has_more": True} if expand and more else {})})
    answer: Body = {"jobs": shown} if shown else {}
    answer["has_more"] = len(held) > at + limit
    if answer["has_more"]:
        answer["next_page_token"] = str(at + limit)
    if at:
        answer["prev_page_token"] = str(max(0, at - limit))
    return json_response(answer)


@both("POST", "reset")
def reset_job(state: WorkspaceState, request: Request) -> Response:
    """Replaces all settings; without run_as the old one stays."""
    body = request.json()
    job, new = _held(state, body.get("job_id")), body.get("new_settings")
    if not isinstance(new, dict):
        raise invalid("new_settings is required.")
    job_settings.check(new)
    _set(state, job, job_settings.complete(new, _old_run_as(job)))
    return json_response({})


def _old_run_as(job: Body) -> Body:
    """What a job runs as so far; of a loaded job that only says the name, by that name."""
    given = job["settings"].get("run_as")
    if isinstance(given, dict) and given:
        return given
    name = str(job.get("run_as_user_name", ""))
    return {"user_name" if "@" in name else "service_principal_name": name}


@both("POST", "update")
def update_job(state: WorkspaceState, request: Request) -> Response:
    """Merges: elements of tasks and job_clusters by key, other fields as a whole; `fields_to_remove` goes first."""
    body = request.json()
    job = _held(state, body.get("job_id"))
    settings = job_settings.without(job["settings"], list(body.get("fields_to_remove") or []))
    settings = job_settings.merged(settings, body.get("new_settings") or {})
    job_settings.check(settings)
    old = _old_run_as(job)
    complete = job_settings.complete(settings, old)
    if complete["run_as"] == old:  # not looked up again: a job may outlive the user that it runs as
        if "run_as" not in settings:
            del complete["run_as"]
        job["settings"] = complete
    else:
        _set(state, job, complete)
    return json_response({})


@both("POST", "delete")
def delete_job(state: WorkspaceState, request: Request) -> Response:
    job = _held(state, request.json().get("job_id"))
    del state.jobs[job["job_id"]]
    state.forget_acl("jobs", job["job_id"])
    return json_response({})


@both("GET", "runs/list")
def list_runs(state: WorkspaceState, request: Request) -> Response:
    """Nothing runs here."""
    return json_response({"has_more": False})
