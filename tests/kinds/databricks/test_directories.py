from __future__ import annotations

import pytest

from cmkmigrate.errors import NotFound, Refused
from cmkmigrate.kinds.databricks import tree as walks
from cmkmigrate.kinds.databricks.directories import Directories
from cmkmigrate.model import Asset, Entry
from cmkmigrate.portable import portable
from tests.kinds.fake_site import FakeSite, by_key, entries, tree

KIND = Directories()


def test_every_folder_comes_after_the_one_it_is_in() -> None:
    site = tree(
        FakeSite(),
        {"path": "/b"},
        {"path": "/b/empty"},
        {"path": "/a"},
        {"path": "/a b"},
        {"path": "/a/deep"},
        {"path": "/a/notebook", "object_type": "NOTEBOOK"},
    )
    found = entries(KIND, site)
    assert [one.key for one in found] == ["/", "/a", "/a/deep", "/a b", "/b", "/b/empty"]
    assert found[0].of is None and found[0].id == "0"
    assert found[2].of == ("directories", "/a")


def test_git_folders_and_trash_are_not_entered() -> None:
    site = tree(
        FakeSite(),
        {"path": "/Users"},
        {"path": "/Users/a@contoso.example"},
        {"path": "/Users/a@contoso.example/Trash"},
        {"path": "/Users/a@contoso.example/repo", "object_type": "REPO"},
        {"path": "/Users/a@contoso.example/cli", "directory_info": {"is_git_folder": True}},
    )
    found = by_key(KIND, site)
    assert set(found) == {"/", "/Users", "/Users/a@contoso.example", "/Users/a@contoso.example/Trash"}
    assert found["/Users/a@contoso.example/Trash"].excluded == "in the trash"
    assert {query["path"] for path, query in site.asked if path.endswith("/list")} == {
        "/", "/Users", "/Users/a@contoso.example",
    }  # fmt: skip


def test_the_tree_is_walked_once_for_all_kinds_of_one_observation() -> None:
    site = tree(FakeSite(), {"path": "/a"})
    entries(KIND, site)
    asked = len(site.asked)
    list(walks.of_type(site, "NOTEBOOK"))
    assert len(site.asked) == asked
    site.cache.clear()
    entries(KIND, site)
    assert len(site.asked) == 2 * asked


def test_a_folder_that_cannot_be_read_is_not_an_empty_one() -> None:
    site = tree(FakeSite(), {"path": "/a"}).on(walks.LIST, Refused("no", status=403), path="/a")
    with pytest.raises(Refused):
        entries(KIND, site)


def test_a_folder_that_was_deleted_meanwhile_is_left_out() -> None:
    site = tree(FakeSite(), {"path": "/a"}, {"path": "/b"}).on(walks.LIST, NotFound("gone"), path="/a")
    assert list(by_key(KIND, site)) == ["/", "/b"]


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/Workspace/Users/x", "/Users/x"),
        ("/Workspace", "/"),
        ("/Workspaces/x", "/Workspaces/x"),
        ("//a///b/", "/a/b"),
        ("dbfs:/x", "dbfs:/x"),
        ("<FILE_PATH>", "<FILE_PATH>"),
        ("", ""),
    ],
)
def test_both_spellings_of_a_path_are_one_key(path: str, plain: str) -> None:
    assert KIND.as_key(path) == plain


@pytest.mark.parametrize(
    ("path", "seeded"),
    [("/", True), ("/Shared", True), ("/Repos", True), ("/Users/a@b", True), ("/Users/a@b/x", False), ("/x", False)],
)
def test_what_the_service_makes_itself(path: str, seeded: bool) -> None:
    assert KIND.seeded(FakeSite(), Entry("1", path)) is seeded


def test_a_home_points_at_its_principal_and_other_folders_at_nobody() -> None:
    def links(path: str) -> list[str]:
        return [link.value for link in portable(KIND, {"path": path}, lambda kind, id: None).links]

    assert links("/Users/a@contoso.example") == ["a@contoso.example"]
    assert links("/Users/a@contoso.example/x") == links("/Shared") == []


def test_making_one() -> None:
    site = FakeSite()
    KIND.create(site, Asset("1", "/a", body={"path": "/a"}))
    assert site.written == [("POST", "/api/2.0/workspace/mkdirs", {"path": "/a"})]
