"""SCIM users: numeric ids shared by the account, 1-based pages, filters, the SCIM error shape, homes."""

from __future__ import annotations

import json

from tests.sandbox.databricks.conftest import OPERATOR, SCIM, Workspace

USERS = f"{SCIM}/Users"


def test_me_is_the_caller(new: Workspace) -> None:
    me = new.get(f"{SCIM}/Me")
    assert me["userName"] == OPERATOR
    assert [group["display"] for group in me["groups"]] == ["admins", "users"]


def test_assigned_user_has_the_same_id_and_a_home(old: Workspace, new: Workspace) -> None:
    name = "Data.Engineer@ferry.example"
    before = old.get(USERS, filter=f'userName eq "{name.lower()}"')["Resources"][0]
    assert new.refused("POST", "/api/2.0/workspace/mkdirs", {"path": f"/Users/{name}"})[1] == "DIRECTORY_PROTECTED"
    made = new.post(USERS, userName=name.lower())
    assert (made["id"], made["userName"]) == (before["id"], name)
    assert made["id"].isdigit()
    assert new.get("/api/2.0/workspace/get-status", path=f"/Users/{name}")["object_type"] == "DIRECTORY"


def test_duplicate_has_the_scim_shape(new: Workspace) -> None:
    new.user("a@x.example")
    response = new.send("POST", USERS, body={"userName": "A@x.example"})
    assert response.status == 409
    assert json.loads(response.body) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": "User with username A@x.example already exists.",
        "status": "409",
        "scimType": "uniqueness",
    }


def test_pages_start_at_one(new: Workspace) -> None:
    for number in range(5):
        new.user(f"u{number}@x.example")
    page = new.get(USERS, startIndex=3, count=2)
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 3, 2)
    assert [user["userName"] for user in page["Resources"]] == ["u2@x.example", "u3@x.example"]
    assert "Resources" not in new.get(USERS, startIndex=6, count=2)


def test_filters_and_attributes(new: Workspace) -> None:
    new.user("one@x.example")
    new.user("two@x.example")
    found = new.get(USERS, filter='userName sw "ONE" or displayName co "two"', attributes="userName")["Resources"]
    assert [sorted(user) for user in found] == [["id", "schemas", "userName"]] * 2
    assert new.get(USERS, filter='userName ne "one@x.example"')["totalResults"] == 1
    assert new.refused("GET", USERS, filter="userName like x")[:2] == (400, "invalidFilter")


def test_patch_entitlements(new: Workspace) -> None:
    id = new.user("a@x.example")
    add = {"op": "add", "path": "entitlements", "value": [{"value": "allow-cluster-create"}]}
    assert new.patch(f"{USERS}/{id}", Operations=[add, add]) == {}
    assert new.get(f"{USERS}/{id}")["entitlements"] == [{"value": "allow-cluster-create"}]
    remove = {"op": "remove", "path": 'entitlements[value eq "allow-cluster-create"]'}
    new.patch(f"{USERS}/{id}", Operations=[remove])
    assert new.get(f"{USERS}/{id}")["entitlements"] == []


def test_deleted_user_leaves_the_home(new: Workspace) -> None:
    id = new.user("a@x.example")
    assert new.send("DELETE", f"{USERS}/{id}").status == 204
    assert new.refused("GET", f"{USERS}/{id}")[0] == 404
    assert new.get("/api/2.0/workspace/get-status", path="/Users/a@x.example")


def test_strangers_are_refused(new: Workspace) -> None:
    new.state.unassign(new.get(f"{SCIM}/Me")["id"])
    assert new.refused("GET", USERS)[:2] == (403, "PERMISSION_DENIED")
