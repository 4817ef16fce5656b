"""Jobs as older tools list them: 2.0 in one answer without tasks, 2.1 by offset."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import Workspace
from tests.sandbox.databricks.test_jobs import task


def test_one_answer_without_tasks(new: Workspace) -> None:
    made = [
        new.post("/api/2.2/jobs/create", name=f"j{n}", tasks=[task("a")], tags={"n": f"{n}"})["job_id"]
        for n in range(130)
    ]
    jobs = new.get("/api/2.0/jobs/list")["jobs"]
    assert {job["job_id"] for job in jobs} == set(made) and len(jobs) == 130
    for job in jobs:
        assert job["settings"]["format"] == "MULTI_TASK" and "tasks" not in job["settings"]
        assert job["settings"]["tags"] and job["creator_user_name"] and job["created_time"]
    assert new.get("/api/2.2/jobs/get", job_id=made[0])["settings"]["tasks"], "the job itself has them still"


def test_no_jobs_is_an_empty_object(new: Workspace) -> None:
    assert new.get("/api/2.0/jobs/list") == {}


def test_the_two_lists_together_have_every_task(old: Workspace) -> None:
    """As databrickslabs/migrate puts them together: every id from 2.0, then 25 at a time by offset from 2.1."""
    jobs = {job["job_id"]: job for job in old.get("/api/2.0/jobs/list")["jobs"]}
    assert jobs.keys() == old.state.jobs.keys()
    offset, more = 0, True
    while more:
        page = old.get("/api/2.1/jobs/list", expand_tasks="true", offset=offset, limit=5)
        offset, more = offset + 5, page["has_more"]
        jobs |= {job["job_id"]: job for job in page["jobs"]}
    assert jobs.keys() == old.state.jobs.keys()
    for id, job in jobs.items():
        assert len(job["settings"]["tasks"]) == min(100, len(old.state.jobs[id]["settings"]["tasks"]))
