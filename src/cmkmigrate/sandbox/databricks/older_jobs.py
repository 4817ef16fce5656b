"""The list of jobs under API 2.0, which older tools ask first; creating and changing them is not served there.

Evidence: databrickslabs/migrate (`JobsClient.get_jobs_list`) takes one answer for all jobs, reads `format` from it, and
says that jobs of the format MULTI_TASK come without their tasks there. Assumption: without the other lists that 2.1
added (job_clusters and so on) too. Under 2.1 the list is that of 2.2 (`jobs.py`), with `offset` beside page tokens.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks import job_settings
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route


@route("GET", "/api/2.0/jobs/list")
def list_all_jobs(state: WorkspaceState, request: Request) -> Response:
    """Every job at once, newest first."""
    held = sorted(state.jobs.values(), key=lambda job: (job["created_time"], job["job_id"]), reverse=True)
    shown: list[Body] = []
    for job in held:
        settings: Body = {key: value for key, value in job["settings"].items() if key not in job_settings.PAGED}
        told: Body = {key: job[key] for key in ("job_id", "created_time", "creator_user_name") if key in job}
        shown.append({**told, "settings": {"format": "MULTI_TASK", **settings}})
    return json_response({"jobs": shown} if shown else {})
