"""The tree: list, get-status, mkdirs, delete; homes and top folders."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import Workspace

WS = "/api/2.0/workspace"


def test_mkdirs_makes_parents_and_may_be_repeated(new: Workspace) -> None:
    for _ in range(2):
        new.post(f"{WS}/mkdirs", path="/Shared/a//b/")
    objects = new.get(f"{WS}/list", path="/Workspace/Shared/a")["objects"]
    assert [(one["object_type"], one["path"]) for one in objects] == [("DIRECTORY", "/Shared/a/b")]
    assert isinstance(objects[0]["object_id"], int)
    assert new.get(f"{WS}/list", path="/Shared/a/b") == {}


def test_mkdirs_through_a_notebook(new: Workspace) -> None:
    new.post(f"{WS}/import", path="/Shared/n", format="SOURCE", language="PYTHON", content="")
    assert new.refused("POST", f"{WS}/mkdirs", {"path": "/Shared/n/x"})[1] == "RESOURCE_ALREADY_EXISTS"


def test_homes_are_for_principals(new: Workspace) -> None:
    for path in ("/Users/nobody@x.example/sub", "/Users/anything", "/Repos/nobody@x.example"):
        assert new.refused("POST", f"{WS}/mkdirs", {"path": path})[:2] == (400, "DIRECTORY_PROTECTED")
    new.user("a@x.example")
    new.post(f"{WS}/mkdirs", path="/Users/a@x.example/sub")
    new.post(f"{WS}/mkdirs", path="/Repos/production")


def test_home_of_a_deleted_user_is_as_loaded(old: Workspace) -> None:
    assert new_names(old, "/Users/former.colleague@ferry.example") == ["old prices"]


def new_names(workspace: Workspace, path: str) -> list[str]:
    return [one["path"].rsplit("/", 1)[1] for one in workspace.get(f"{WS}/list", path=path).get("objects", [])]


def test_names_are_compared_as_they_are(old: Workspace) -> None:
    names = new_names(old, "/Shared/odd names")
    assert {"etl", "ETL", "\u00e9t\u00e9", "e\u0301te\u0301", " spaces at both ends ", ".hidden"} <= set(names)
    assert len(names) == 11


def test_missing_path(new: Workspace) -> None:
    status, code, text = new.refused("GET", f"{WS}/get-status", path="/nope")
    assert (status, code, text) == (404, "RESOURCE_DOES_NOT_EXIST", "Path (/nope) doesn't exist.")


def test_delete(new: Workspace) -> None:
    new.post(f"{WS}/mkdirs", path="/a/b")
    assert new.refused("POST", f"{WS}/delete", {"path": "/a"})[1] == "DIRECTORY_NOT_EMPTY"
    new.post(f"{WS}/delete", path="/a", recursive=True)
    assert new.refused("GET", f"{WS}/list", path="/a")[0] == 404
    assert new.refused("POST", f"{WS}/delete", {"path": "/Shared", "recursive": True})[1] == "DIRECTORY_PROTECTED"


def test_a_listing_shows_every_type(old: Workspace) -> None:
    kinds = {old.state.tree.by_id[id].kind for id in old.state.tree.by_id}
    assert kinds == {"DIRECTORY", "NOTEBOOK", "FILE", "REPO", "DASHBOARD"}
    (one,) = old.get(f"{WS}/list", path="/Shared/lib/routes.csv")["objects"]
    assert (one["object_type"], one["size"]) == ("FILE", 54)
