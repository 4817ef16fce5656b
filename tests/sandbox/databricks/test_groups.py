"""SCIM groups: local ones and the account's, members with their kind, PATCH, system groups."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import SCIM, Workspace

GROUPS = f"{SCIM}/Groups"


def test_local_group_and_its_members(new: Workspace) -> None:
    user, inner = new.user("a@x.example"), new.post(GROUPS, displayName="inner")
    made = new.post(GROUPS, displayName="outer")
    assert made["meta"] == {"resourceType": "WorkspaceGroup"}
    add = {"op": "add", "value": {"members": [{"value": user}, {"value": inner["id"]}]}}
    new.patch(f"{GROUPS}/{made['id']}", Operations=[add])
    assert new.get(f"{GROUPS}/{made['id']}")["members"] == [
        {"display": "a@x.example", "value": user, "$ref": f"Users/{user}"},
        {"display": "inner", "value": inner["id"], "$ref": f"Groups/{inner['id']}"},
    ]
    assert new.get(f"{GROUPS}/{inner['id']}")["groups"][0]["display"] == "outer"
    gone = {"op": "remove", "path": f'members[value eq "{user}"]'}
    new.patch(f"{GROUPS}/{made['id']}", Operations=[gone])
    assert [one["value"] for one in new.get(f"{GROUPS}/{made['id']}")["members"]] == [inner["id"]]


def test_ids_of_local_groups_differ_between_workspaces(old: Workspace, new: Workspace) -> None:
    (there,) = old.get(GROUPS, filter='displayName eq "analysts"')["Resources"]
    assert new.post(GROUPS, displayName="analysts")["id"] != there["id"]


def test_account_groups_are_assigned_not_made(old: Workspace, new: Workspace) -> None:
    (there,) = old.get(GROUPS, filter='displayName eq "engineers"')["Resources"]
    assert there["meta"]["resourceType"] == "Group"
    assert new.refused("POST", GROUPS, {"displayName": "engineers"})[:2] == (409, "uniqueness")
    new.put(f"/api/2.0/preview/permissionassignments/principals/{there['id']}", permissions=["USER"])
    here = new.get(f"{GROUPS}/{there['id']}")
    assert (here["displayName"], here["meta"]["resourceType"]) == ("engineers", "Group")
    assert {one["value"] for one in here["members"]} == {one["value"] for one in there["members"]}
    change = {"op": "add", "value": {"members": [{"value": new.user("a@x.example")}]}}
    assert new.refused("PATCH", f"{GROUPS}/{there['id']}", {"Operations": [change]})[0] == 403


def test_unknown_member(new: Workspace) -> None:
    assert new.refused("POST", GROUPS, {"displayName": "g", "members": [{"value": "1"}]})[0] == 404


def test_system_groups_stay(new: Workspace) -> None:
    (admins,) = new.get(GROUPS, filter='displayName eq "admins"')["Resources"]
    assert new.refused("DELETE", f"{GROUPS}/{admins['id']}")[0] == 403
    empty = {"op": "replace", "path": "members", "value": []}
    assert new.refused("PATCH", f"{GROUPS}/{admins['id']}", {"Operations": [empty]})[0] == 403


def test_lists_leave_out_the_members_of_large_groups(new: Workspace) -> None:
    users = [{"value": new.user(f"u{number}@x.example")} for number in range(101)]
    large = new.post(GROUPS, displayName="large", members=users)
    (row,) = new.get(GROUPS, filter='displayName eq "large"')["Resources"]
    assert "members" not in row
    assert len(new.get(f"{GROUPS}/{large['id']}")["members"]) == 101
