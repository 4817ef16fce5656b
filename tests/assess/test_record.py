"""The JSON of an assessment is what its published schema says, and the page names every code."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import jsonschema
import pytest

from cmkmigrate.assess.model import BLOCKERS, Remedy, Want
from cmkmigrate.audit.model import Verdict
from tests.house import tree

DOCS = tree.ROOT / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "assess.schema.json").read_text("utf-8"))


def wrong(body: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(body)]


def test_it_is_as_the_schema_says(whole: Any, networked: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert wrong(whole["body"]) == [] and wrong(networked) == []
    assert {one["remedy"] for one in whole["body"]["workspaces"]} == {*Remedy} - {Remedy.MIGRATE}
    assert networked["wanted"] == ["new-network"] and networked["counts"]["migrate"] == len(networked["workspaces"])


def test_the_words_of_the_schema_are_those_of_the_code() -> None:
    of = SCHEMA["$defs"]
    assert of["remedy"]["enum"] == [*Remedy] and of["want"]["enum"] == [*Want]
    assert of["verdict"]["enum"] == [*Verdict] and of["blocker"]["properties"]["code"]["enum"] == [*BLOCKERS]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.pop("limits"),
        lambda body: body.update(more=1),
        lambda body: body.update(schema="2.0"),
        lambda body: body["workspaces"][0].update(remedy="in-place"),
        lambda body: body["workspaces"][0].update(reasons=[]),
        lambda body: body["workspaces"][0]["features"].pop("dbfs_root"),
        lambda body: body["workspaces"][0]["size"].update(hours="2"),
        lambda body: body["workspaces"][0]["rights"].update(state="ok"),
    ],
    ids=["missing", "unknown", "version", "remedy", "reasons", "features", "hours", "rights"],
)
def test_another_form_is_seen(spoil: Any, whole: Any) -> None:
    body = copy.deepcopy(whole["body"])
    spoil(body)
    assert wrong(body)


def test_the_page_explains_every_remedy_reason_and_blocker() -> None:
    """Each in a row of a table, with what it rests on."""
    text = (DOCS / "assess.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z][a-z -]*)` \| (.+) \|$", text, re.MULTILINE))
    assert {*Remedy, *Want, *BLOCKERS} == rows.keys()
    assert all(len(about) > 20 for about in rows.values())


def test_the_scope_file_of_the_page_is_one() -> None:
    from cmkmigrate.assess.wants import parse
    from cmkmigrate.audit.scope import parse as parse_scope

    text = (DOCS / "assess.md").read_text("utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(parse(block, "assess.md")) == 1
    parse_scope(block, "assess.md")
