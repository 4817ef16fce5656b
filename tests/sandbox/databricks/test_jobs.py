"""Jobs: pages, order, defaults, merging, duplicates, owners, what is refused."""

from __future__ import annotations

from typing import Any

from tests.sandbox.databricks.conftest import OPERATOR, Workspace

JOBS = "/api/2.2/jobs"


def task(key: str, **more: Any) -> dict[str, Any]:
    return {"task_key": key, "notebook_task": {"notebook_path": "/n"}, **more}


def got(workspace: Workspace, id: int, **query: Any) -> Any:
    return workspace.get(f"{JOBS}/get", job_id=id, **query)


def test_defaults(new: Workspace) -> None:
    waits = [{"task_key": "b"}, {"task_key": "a"}]
    machine = {"spark_version": "x", "apply_policy_default_values": True}
    id = new.post(f"{JOBS}/create", name="j", tasks=[task("c", depends_on=waits, new_cluster=machine)], new_field=1)[
        "job_id"
    ]
    assert isinstance(id, int)
    settings = got(new, id)["settings"]
    assert settings == {
        "name": "j",
        "new_field": 1,
        "tasks": [
            {
                "task_key": "c",
                "notebook_task": {"notebook_path": "/n", "source": "WORKSPACE"},
                "depends_on": [{"task_key": "a"}, {"task_key": "b"}],
                "new_cluster": {"spark_version": "x"},
                "run_if": "ALL_SUCCESS",
                "timeout_seconds": 0,
                "email_notifications": {},
                "webhook_notifications": {},
            }
        ],
        "email_notifications": {},
        "webhook_notifications": {},
        "timeout_seconds": 0,
        "max_concurrent_runs": 1,
        "run_as": {"service_principal_name": OPERATOR},
        "format": "MULTI_TASK",
    }
    assert got(new, id)["run_as_user_name"] == OPERATOR


def test_the_same_twice_makes_two(new: Workspace) -> None:
    assert new.post(f"{JOBS}/create", name="j")["job_id"] != new.post(f"{JOBS}/create", name="j")["job_id"]


def test_get_gives_a_hundred_elements_at_a_time(new: Workspace) -> None:
    tasks = [task(f"t{number:03}") for number in range(250)]
    machines = [{"job_cluster_key": "k", "new_cluster": {}}]
    id = new.post(f"{JOBS}/create", tasks=tasks, job_clusters=machines)["job_id"]
    pages = [got(new, id)]
    while "next_page_token" in pages[-1]:
        pages.append(got(new, id, page_token=pages[-1]["next_page_token"]))
    assert [len(page["settings"]["tasks"]) for page in pages] == [100, 100, 50]
    assert [len(page["settings"]["job_clusters"]) for page in pages] == [1, 0, 0]
    assert pages[0]["has_more"] is True and "has_more" not in pages[2]


def test_list_is_newest_first(new: Workspace) -> None:
    ids = []
    for number in range(5):
        ids.append(new.post(f"{JOBS}/create", name=f"J{number % 2}", tasks=[task("a")])["job_id"])
        new.state.jobs[ids[-1]]["created_time"] = number
    page = new.get(f"{JOBS}/list", limit=2)
    assert [job["job_id"] for job in page["jobs"]] == [ids[4], ids[3]]
    assert page["has_more"] and "tasks" not in page["jobs"][0]["settings"]
    after = new.get(f"{JOBS}/list", limit=2, page_token=page["next_page_token"], expand_tasks="true")
    assert [job["job_id"] for job in after["jobs"]] == [ids[2], ids[1]]
    assert len(after["jobs"][0]["settings"]["tasks"]) == 1
    assert [job["job_id"] for job in new.get(f"{JOBS}/list", name="j1")["jobs"]] == [ids[3], ids[1]]
    assert new.refused("GET", f"{JOBS}/list", limit=101)[0] == 400


def test_missing_job_is_a_400(new: Workspace) -> None:
    refused = new.refused("GET", f"{JOBS}/get", job_id=7)
    assert refused == (400, "INVALID_PARAMETER_VALUE", "Job 7 does not exist.")


def test_update_merges_by_key(new: Workspace) -> None:
    id = new.post(f"{JOBS}/create", tasks=[task("a"), task("b")], tags={"x": "1"}, description="d")["job_id"]
    changes = {"tasks": [task("b", max_retries=2), task("c")], "tags": {"y": "2"}}
    new.post(f"{JOBS}/update", job_id=id, new_settings=changes, fields_to_remove=["description", "tasks/a"])
    settings = got(new, id)["settings"]
    assert [(one["task_key"], one.get("max_retries")) for one in settings["tasks"]] == [("b", 2), ("c", None)]
    assert (settings["tags"], "description" in settings) == ({"y": "2"}, False)


def test_reset_replaces_but_keeps_run_as(new: Workspace) -> None:
    new.user("a@x.example")
    id = new.post(f"{JOBS}/create", name="j", tags={"x": "1"}, run_as={"user_name": "a@x.example"})["job_id"]
    new.post(f"{JOBS}/reset", job_id=id, new_settings={"name": "k"})
    settings = got(new, id)["settings"]
    assert (settings["name"], "tags" in settings, settings["run_as"]) == ("k", False, {"user_name": "a@x.example"})


def test_what_is_refused(new: Workspace) -> None:
    for body in (
        {"tasks": [task(str(number)) for number in range(1001)]},
        {"tags": {str(number): "" for number in range(26)}},
        {"git_source": {"git_url": "https://x.example/r"}},
        {"run_as": {"user_name": "nobody@x.example"}},
    ):
        assert new.refused("POST", f"{JOBS}/create", body)[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert new.get(f"{JOBS}/list") == {"has_more": False}


def test_access_control_list_is_a_create_parameter(new: Workspace) -> None:
    new.user("a@x.example")
    acl = [{"user_name": "a@x.example", "permission_level": "IS_OWNER"}]
    id = new.post(f"{JOBS}/create", access_control_list=acl)["job_id"]
    assert "access_control_list" not in got(new, id)["settings"]
    entries = new.get(f"/api/2.0/permissions/jobs/{id}")["access_control_list"]
    assert entries[0]["user_name"] == "a@x.example"
    assert all(OPERATOR not in entry.values() for entry in entries)
    body = {"access_control_list": [{"user_name": "gone@x.example", "permission_level": "CAN_VIEW"}]}
    assert new.refused("POST", f"{JOBS}/create", body)[1] == "RESOURCE_DOES_NOT_EXIST"


def test_loaded_jobs_are_as_the_estate_says(old: Workspace) -> None:
    jobs = old.state.jobs.values()
    names = [job["settings"]["name"] for job in jobs]
    assert names.count("refresh prices") == 2
    assert max(len(job["settings"]["tasks"]) for job in jobs) == 150
    assert old.get("/api/2.1/jobs/list", limit=1)["jobs"][0]["settings"]["name"] == "always on"
