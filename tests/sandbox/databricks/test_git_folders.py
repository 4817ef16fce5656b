"""Git folders: unique by path, parents must be there, pages by next_page_token, content of a known remote."""

from __future__ import annotations

from typing import Any

from tests.sandbox.databricks.conftest import Workspace

REPOS = "/api/2.0/repos"
URL = "https://git.example/ferry/demand-forecast.git"


def made(workspace: Workspace, path: str, **more: Any) -> Any:
    return workspace.post(REPOS, **{"url": URL, "provider": "GitLab", "path": path, **more})


def test_create_and_check_out(old: Workspace, new: Workspace) -> None:
    new.post("/api/2.0/workspace/mkdirs", path="/Repos/team")
    repo = made(new, "/Repos/team/forecast")
    assert (repo["provider"], repo["branch"]) == ("gitLab", "release")
    new.patch(f"{REPOS}/{repo['id']}", branch="dev")
    assert new.get(f"{REPOS}/{repo['id']}")["branch"] == "dev"
    new.patch(f"{REPOS}/{repo['id']}", tag="v1")
    assert new.get(f"{REPOS}/{repo['id']}")["branch"] == ""
    paths = [one["path"] for one in new.get("/api/2.0/workspace/list", path="/Repos/team/forecast")["objects"]]
    assert paths == ["/Repos/team/forecast/model.py", "/Repos/team/forecast/train"]


def test_what_is_refused(new: Workspace) -> None:
    body = {"url": URL, "provider": "gitLab", "path": "/Repos/team/x"}
    assert new.refused("POST", REPOS, body)[1] == "RESOURCE_DOES_NOT_EXIST"
    new.post("/api/2.0/workspace/mkdirs", path="/Repos/team")
    made(new, "/Repos/team/x")
    assert new.refused("POST", REPOS, body)[1] == "RESOURCE_ALREADY_EXISTS"
    assert new.refused("POST", REPOS, {**body, "provider": "svn"})[1] == "INVALID_PARAMETER_VALUE"
    assert new.refused("POST", REPOS, {**body, "path": "/Repos/x"})[1] == "INVALID_PARAMETER_VALUE"


def test_sparse_checkout_is_said_at_creation(new: Workspace) -> None:
    plain = made(new, "/Shared/plain")
    sparse = {"patterns": ["a"]}
    assert new.refused("PATCH", f"{REPOS}/{plain['id']}", {"sparse_checkout": sparse})[0] == 400
    assert made(new, "/Shared/sparse", sparse_checkout=sparse)["sparse_checkout"] == sparse


def test_pages_and_prefixes(new: Workspace) -> None:
    new.post("/api/2.0/workspace/mkdirs", path="/Repos/team")
    for number in range(23):
        made(new, f"/Repos/team/r{number}")
    made(new, "/Shared/elsewhere")
    first = new.get(REPOS)
    assert len(first["repos"]) == 20
    rest = new.get(REPOS, next_page_token=first["next_page_token"])
    assert len(rest["repos"]) == 3 and "next_page_token" not in rest
    assert [one["path"] for one in new.get(REPOS, path_prefix="/Workspace/Shared")["repos"]] == ["/Shared/elsewhere"]
