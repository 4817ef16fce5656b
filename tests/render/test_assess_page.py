"""The page of an assessment: whole without a script, nothing remote, safe, and opened in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.assess.model import Remedy
from cmkmigrate.render.assess_page import SIGNS, page
from tests.render.assess_record import healthy, record, workspace
from tests.render.test_audit_page import CHROMIUM, EVIL, Tags, browse, remote, requested, served


def spoilt(value: Any) -> Any:
    """The same data with every text that somebody else may have written replaced."""
    if isinstance(value, dict):
        fixed = ("remedy", "features", "state", "code", "kinds", "left")
        return {name: one if name in fixed else spoilt(one) for name, one in value.items()}
    if isinstance(value, list):
        return [spoilt(one) for one in value]
    return EVIL if isinstance(value, str) else value


def test_it_needs_nothing_else() -> None:
    text = page(record())
    tags = Tags(text)
    assert remote(tags) == []
    policy = next(given["content"] for tag, given in tags.tags if given.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert "@import" not in text and "url(" not in text
    assert not [given for _, given in tags.tags if "style" in given], "the policy forbids styles in attributes"


def test_the_words_of_others_do_nothing() -> None:
    body = spoilt(record())
    tags = Tags(page(body))
    assert remote(tags) == []
    assert EVIL in tags.text


def test_the_same_data_are_in_it() -> None:
    match = re.search(r'<script type="application/json" id="record">(.*?)</script>', page(record()), re.DOTALL)
    assert match is not None
    assert json.loads(match[1]) == record()


def test_meaning_is_not_by_colour_alone() -> None:
    """Each remedy has a sign and its word in the text, and no two share a sign."""
    assert SIGNS.keys() == set(Remedy)
    assert len({sign for sign, _, _ in SIGNS.values()}) == len(SIGNS)
    for remedy, (sign, _, meaning) in SIGNS.items():
        text = Tags(page(record(workspaces=[workspace(remedy=remedy)], counts={remedy: 1}))).text
        assert sign in text and remedy in text and meaning in text


def test_everything_that_is_known_stands_in_it() -> None:
    text = " ".join(Tags(page(record())).text.split())
    for words in (
        "2 need something; 2 workspaces in 2 subscriptions", "the hub goes away", "a lock", "az lock delete --ids /l",
        "a/b/write on", "az role assignment create --assignee me", "Terraform: tag managed-by: terraform", "move it",
        "cmkmigrate plan cmk-migration", "at least 1,202 objects, 1.2 h", "1200 notebooks, 2 jobs", "3 dashboards",
        "limits that nobody publishes: jobs read", "not read: 403: no", "scope.yaml:3", "a ledger was not read",
        "no sign seen", "gone: 1;",
    ):  # fmt: skip
        assert words in text, words


def test_where_there_is_nothing() -> None:
    text = Tags(page(record(workspaces=[], counts={}, needing=0, contents=False))).text
    assert "No workspace was met." in text and "No workspace needs anything." in text
    assert "Contents were not counted" in text
    assert "No workspace needs anything." in Tags(page(record(workspaces=[healthy()]))).text


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian: apt-get install chromium)")
def test_in_a_browser(tmp_path: Path) -> None:
    (tmp_path / "assess.html").write_text(page(spoilt(record())), encoding="utf-8")
    with served(tmp_path) as (address, asked):
        dom, console, log = browse(tmp_path, f"{address}/assess.html")
        assert "Which remedy" in dom and "application/json" in dom
        assert console == []
        assert {url.removeprefix(address) for url in requested(log)} - {"/favicon.ico"} == {"/assess.html"}
        assert [path for path in asked if path != "/favicon.ico"] == ["/assess.html"]
