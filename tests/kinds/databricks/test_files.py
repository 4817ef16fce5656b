from __future__ import annotations

import pytest

from cmkmigrate.errors import Unknown
from cmkmigrate.kinds.databricks import files
from cmkmigrate.kinds.databricks import tree as tree_of
from cmkmigrate.kinds.databricks.files import Files
from cmkmigrate.kinds.databricks.notebooks import EXPORT
from tests.kinds.fake_site import FakeSite, by_key, content, tree

KIND = Files()
LIKE_A_NOTEBOOK = b"# Databricks notebook source\nprint(1)\n"


def test_a_file_stays_a_file_whatever_is_in_it() -> None:
    site = tree(FakeSite(), {"path": "/x.py", "object_type": "FILE", "modified_at": 3})
    site.on(EXPORT, [LIKE_A_NOTEBOOK[:5], LIKE_A_NOTEBOOK[5:]])
    asset = KIND.load(site, by_key(KIND, site)["/x.py"])
    assert (asset.body, asset.hint) == ({"path": "/x.py"}, "1:3")
    assert content(asset) == LIKE_A_NOTEBOOK
    assert site.asked[-1] == (EXPORT, {"path": "/x.py", "format": "RAW", "direct_download": True})
    KIND.create(site, asset)
    KIND.update(site, asset, asset)
    assert site.uploaded == [
        ({"path": "/x.py", "format": "RAW", "overwrite": "false"}, LIKE_A_NOTEBOOK),
        ({"path": "/x.py", "format": "RAW", "overwrite": "true"}, LIKE_A_NOTEBOOK),
    ]


def test_what_was_cut_off_is_seen_by_the_size_that_the_workspace_says() -> None:
    site = tree(FakeSite(), {"path": "/x", "object_type": "FILE", "size": 9})
    asset = KIND.load(site, by_key(KIND, site)["/x"])
    site.on(EXPORT, [b"abc", b"def", b"ghi"])
    asked = len(site.asked)
    assert content(asset) == b"abcdefghi" and len(site.asked) == asked + 1, "one request, where it is as it was listed"
    site.on(EXPORT, [b"abc", b"def"])
    site.on(tree_of.STATUS, {"path": "/x", "object_type": "FILE", "size": 9})
    with pytest.raises(Unknown, match="6 bytes of /x have come, and the workspace says that it has 9"):
        content(asset)
    site.on(tree_of.STATUS, {"path": "/x", "object_type": "FILE", "size": 6})
    assert content(asset) == b"abcdef", "it was changed since it was listed"


def test_loading_reads_nothing() -> None:
    site = tree(FakeSite(), {"path": "/x", "object_type": "FILE"})
    found = by_key(KIND, site)["/x"]
    asked = len(site.asked)
    KIND.load(site, found)
    assert len(site.asked) == asked and found.hint == ""


def test_of_a_large_one_the_size_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read while it is written, so that its length has to be known, as it is now and not as it was listed."""
    monkeypatch.setattr(files, "LARGE", 8)
    small, large = ({"path": path, "object_type": "FILE", "size": size} for path, size in (("/s", 8), ("/l", 9)))
    site = tree(FakeSite(), small, large)
    found = by_key(KIND, site)
    site.on(tree_of.STATUS, {"path": "/l", "object_type": "FILE", "size": 10})
    asked = len(site.asked)
    assert KIND.load(site, found["/s"]).size == -1 and len(site.asked) == asked
    asset = KIND.load(site, found["/l"])
    assert asset.size == 10 and site.asked[asked:] == [(tree_of.STATUS, {"path": "/l"})]
    site.on(EXPORT, [b"0123456789"])
    KIND.create(site, asset)
    assert site.uploaded[0][1] == b"0123456789"
    assert site.held == [False], "of the bytes nobody keeps more than a block"
    site.on(tree_of.STATUS, {"path": "/l", "object_type": "FILE"})
    assert KIND.load(site, found["/l"]).size == -1, "the workspace does not say: it is read before"


def test_files_that_stand_for_something_else_are_not_moved_as_files() -> None:
    site = tree(
        FakeSite(), {"path": "/a.dbalert.json", "object_type": "FILE"}, {"path": "/b.json", "object_type": "FILE"}
    )
    found = by_key(KIND, site)
    assert found["/a.dbalert.json"].unsupported and not found["/b.json"].unsupported
