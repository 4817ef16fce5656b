"""Permissions: direct and inherited entries, whole-request failure, owner and admins rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.databricks.conftest import OPERATOR, Workspace

ROOT = "/api/2.0/permissions"


def user(name: str, level: str) -> dict[str, str]:
    return {"user_name": name, "permission_level": level}


def status(workspace: Workspace, path: str) -> int:
    return int(workspace.get("/api/2.0/workspace/get-status", path=path)["object_id"])


@pytest.fixture
def job(new: Workspace) -> str:
    new.user("a@x.example")
    new.user("b@x.example")
    return f"{ROOT}/jobs/{new.post('/api/2.2/jobs/create')['job_id']}"


def test_shape(new: Workspace, job: str) -> None:
    assert new.get(job) == {
        "object_id": job.removeprefix(ROOT),
        "object_type": "job",
        "access_control_list": [
            {
                "service_principal_name": OPERATOR,
                "display_name": "operator",
                "all_permissions": [{"permission_level": "IS_OWNER", "inherited": False}],
            },
            {
                "group_name": "admins",
                "display_name": "admins",
                "all_permissions": [
                    {"permission_level": "CAN_MANAGE", "inherited": True, "inherited_from_object": ["/jobs/"]}
                ],
            },
        ],
    }


def test_put_replaces_and_patch_merges(new: Workspace, job: str) -> None:
    new.put(job, access_control_list=[user("A@x.example", "IS_OWNER"), user("b@x.example", "CAN_VIEW")])
    new.patch(job, access_control_list=[user("b@x.example", "CAN_MANAGE")])
    levels = {
        entry.get("user_name"): entry["all_permissions"][0]["permission_level"]
        for entry in new.get(job)["access_control_list"]
    }
    assert levels == {"a@x.example": "IS_OWNER", "b@x.example": "CAN_MANAGE", None: "CAN_MANAGE"}


@pytest.mark.parametrize(
    ("entries", "code", "text"),
    [
        ([], "INVALID_PARAMETER_VALUE", "The job must have exactly one owner."),
        ([user("a@x.example", "IS_OWNER"), user("b@x.example", "IS_OWNER")], "INVALID_PARAMETER_VALUE", "The job must"),
        ([{"group_name": "users", "permission_level": "IS_OWNER"}], "INVALID_PARAMETER_VALUE", "The owner of a job"),
        (
            [user("a@x.example", "IS_OWNER"), user("no@x.example", "CAN_VIEW")],
            "RESOURCE_DOES_NOT_EXIST",
            "Principal: UserName(no@x.example) does not exist",
        ),
        ([user("a@x.example", "CAN_READ")], "INVALID_PARAMETER_VALUE", "CAN_READ is not"),
    ],
)
def test_refused_as_a_whole(new: Workspace, job: str, entries: list[Any], code: str, text: str) -> None:
    before = new.get(job)
    _status, found, said = new.refused("PUT", job, {"access_control_list": entries})
    assert found == code and said.startswith(text)
    assert new.get(job) == before


def test_inherited_from_directories(new: Workspace) -> None:
    new.user("a@x.example")
    new.post("/api/2.0/workspace/mkdirs", path="/top/in")
    new.post("/api/2.0/workspace/import", path="/top/in/n", format="SOURCE", language="R", content="")
    top = status(new, "/top")
    new.put(f"{ROOT}/directories/{top}", access_control_list=[user("a@x.example", "CAN_RUN")])
    acl = new.get(f"{ROOT}/notebooks/{status(new, '/top/in/n')}")["access_control_list"]
    assert [(entry["display_name"], entry["all_permissions"]) for entry in acl] == [
        (
            "a@x.example",
            [{"permission_level": "CAN_RUN", "inherited": True, "inherited_from_object": [f"/directories/{top}"]}],
        ),
        (
            "admins",
            [{"permission_level": "CAN_MANAGE", "inherited": True, "inherited_from_object": ["/directories/0"]}],
        ),
    ]


def test_admins_stay_at_the_roots(new: Workspace) -> None:
    admins = {"group_name": "admins", "permission_level": "CAN_MANAGE"}
    for path in (f"{ROOT}/directories/0", f"{ROOT}/authorization/tokens"):
        text = new.refused("PUT", path, {"access_control_list": []})[2]
        assert text == "Cannot change permissions for group 'admins' to None."
        new.put(path, access_control_list=[admins])
        new.patch(path, access_control_list=[])


def test_levels_and_unknown_objects(new: Workspace) -> None:
    id = new.get("/api/2.0/policies/clusters/list")["policies"][0]["policy_id"]
    levels = new.get(f"{ROOT}/cluster-policies/{id}/permissionLevels")["permission_levels"]
    assert [one["permission_level"] for one in levels] == ["CAN_USE"]
    for path in ("notebooks/5", "jobs/5", "clusters/x", "nothing/5", f"notebooks/{status(new, '/Shared')}"):
        assert new.refused("GET", f"{ROOT}/{path}")[0] == 404


def test_loaded_acls(old: Workspace) -> None:
    job = next(id for id, job in old.state.jobs.items() if job["settings"]["name"] == "calls a job that is gone")
    names = [entry.get("group_name") for entry in old.get(f"{ROOT}/jobs/{job}")["access_control_list"]]
    assert "group that was deleted" in names
    warehouse = next(iter(old.state.listed["warehouses"]))
    assert old.get(f"{ROOT}/sql/warehouses/{warehouse}")["object_type"] == "warehouses"


def test_every_job_has_an_owner(old: Workspace, new: Workspace) -> None:
    id = new.post("/api/2.2/jobs/create", name="j")["job_id"]
    for workspace, ids in ((old, old.state.jobs), (new, [id])):
        for one in ids:
            acl = workspace.get(f"{ROOT}/jobs/{one}")["access_control_list"]
            levels = [given["permission_level"] for entry in acl for given in entry["all_permissions"]]
            assert levels.count("IS_OWNER") == 1


def test_the_name_of_the_preview_is_served_too(new: Workspace) -> None:
    id = new.post("/api/2.2/jobs/create", name="j")["job_id"]
    new.user("a@x.example")
    older = f"/api/2.0/preview/permissions/jobs/{id}"
    assert new.get(older) == new.get(f"{ROOT}/jobs/{id}")
    entry = {"user_name": "a@x.example", "permission_level": "CAN_VIEW"}
    assert new.patch(older, access_control_list=[entry]) == new.get(f"{ROOT}/jobs/{id}")
    assert new.refused("PUT", older, {"access_control_list": [entry]})[0] == 400, "no owner"
