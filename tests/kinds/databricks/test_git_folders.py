from __future__ import annotations

from cmkmigrate.kinds.databricks.git_folders import REPOS, GitFolders
from cmkmigrate.model import Asset, Body, Entry
from tests.kinds.fake_site import FakeSite, by_key, tree

KIND = GitFolders()
BODY: Body = {"url": "https://git.test/a.git", "provider": "gitHub", "path": "/Repos/a/b", "branch": "main"}


def test_those_of_the_tree_and_those_of_the_command_line() -> None:
    site = tree(
        FakeSite(),
        {"path": "/r", "object_type": "REPO", "object_id": 77, "modified_at": 5},
        {"path": "/cli", "directory_info": {"is_git_folder": True}},
    )
    found = by_key(KIND, site)
    assert found["/r"].id == "77" and not found["/r"].unsupported and not found["/r"].hint
    assert "command line" in found["/cli"].unsupported


def test_a_folder_on_no_branch_keeps_what_the_target_checked_out() -> None:
    site = FakeSite().on(f"{REPOS}/77", {**BODY, "id": 77, "path": "/Workspace/Repos/a/b", "branch": ""})
    loaded = KIND.load(site, Entry("77", "/Repos/a/b")).body
    assert loaded is not None and loaded["path"] == "/Repos/a/b" and "branch" not in loaded
    assert KIND.fit(loaded, BODY)["branch"] == "main"


def test_the_provider_s_case_is_no_difference() -> None:
    assert KIND.fit({**BODY, "provider": "GITHUB"}, BODY) == BODY


def test_made_from_its_url_then_set_to_its_branch() -> None:
    site = FakeSite().on(REPOS, {"id": 5})
    made = KIND.create(site, Asset("77", "/Repos/a/b", body=BODY))
    have = Asset(made.id, "/Repos/a/b", body={**BODY, "branch": "main"})
    KIND.update(site, Asset("77", "/Repos/a/b", body={**BODY, "branch": "dev"}), have)
    assert site.written == [
        ("POST", REPOS, {name: value for name, value in BODY.items() if name != "branch"}),
        ("PATCH", f"{REPOS}/5", {"branch": "dev"}),
    ]
