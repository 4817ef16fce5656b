"""Assigning principals of the account by their numeric id: repeatable, with homes."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import SCIM, Workspace

ASSIGNMENTS = "/api/2.0/preview/permissionassignments"


def test_assign_twice(old: Workspace, new: Workspace) -> None:
    (user,) = old.get(f"{SCIM}/Users", filter='userName eq "analyst.one@ferry.example"')["Resources"]
    for _ in range(2):
        answer = new.put(f"{ASSIGNMENTS}/principals/{user['id']}", permissions=["USER"])
    assert answer == {
        "principal": {
            "principal_id": int(user["id"]),
            "display_name": "Analyst One",
            "user_name": "analyst.one@ferry.example",
        },
        "permissions": ["USER"],
    }
    assert new.get(f"{SCIM}/Users")["totalResults"] == 1
    assert new.get("/api/2.0/workspace/get-status", path="/Users/analyst.one@ferry.example")


def test_admin(old: Workspace, new: Workspace) -> None:
    (user,) = old.get(f"{SCIM}/Users", filter='userName eq "analyst.one@ferry.example"')["Resources"]
    new.put(f"{ASSIGNMENTS}/principals/{user['id']}", permissions=["ADMIN"])
    rows = new.get(ASSIGNMENTS)["permission_assignments"]
    assert {row["principal"]["principal_id"]: row["permissions"] for row in rows}[int(user["id"])] == ["ADMIN"]
    new.put(f"{ASSIGNMENTS}/principals/{user['id']}", permissions=["USER"])
    assert user["id"] not in new.state.system_group("admins")["members"]


def test_stranger_to_the_account(new: Workspace) -> None:
    assert new.refused("PUT", f"{ASSIGNMENTS}/principals/5", {"permissions": ["USER"]})[0] == 404
