"""The JSON of an audit is what its published schema says, and the page names every code."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import jsonschema
import pytest

from cmkmigrate.audit.model import CODES, Verdict
from tests.audit.estate import BROKEN
from tests.cli.transcript import Terminal
from tests.house import tree

DOCS = tree.ROOT / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "audit.schema.json").read_text("utf-8"))


def wrong(body: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(body)]


@pytest.fixture(scope="module")
def bodies() -> dict[str, Any]:
    return {}


@pytest.fixture
def body(terminal: Terminal, bodies: dict[str, Any]) -> dict[str, Any]:
    if not bodies:
        bodies.update(terminal("audit --scope scope.yaml -o json").json)
    return copy.deepcopy(bodies)


def test_it_is_as_the_schema_says(body: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert wrong(body) == []
    assert {row["verdict"] for row in body["rows"]} == set(Verdict), "the estate has every verdict"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.pop("limits"),
        lambda body: body.update(more=1),
        lambda body: body.update(schema="2.0"),
        lambda body: body["rows"][0].update(verdict="pass"),
        lambda body: body["rows"][0].pop("causes"),
        lambda body: body["keys"][0].update(enabled="yes"),
    ],
    ids=["missing", "unknown", "version", "verdict", "causes", "enabled"],
)
def test_another_form_is_seen(spoil: Any, body: dict[str, Any]) -> None:
    spoil(body)
    assert wrong(body)


def test_the_keys_are_listed(body: dict[str, Any]) -> None:
    keys = {(one["vault_uri"].split("/")[2].split(".")[0], one["key"]): one for one in body["keys"]}
    assert keys["kv-good", "disabled"]["enabled"] is False
    assert keys["kv-nopurge", "good"]["purge_protection"] is False
    assert keys["kv-policy", "good"]["access"] == "access policies"
    assert (keys["kv-good", "good"]["type"], keys["kv-good", "good"]["size"]) == ("RSA", 2048)
    assert keys["kv-good", "good"]["expires"] == "2096-10-02"
    assert [one["code"] for one in keys["kv-lost", "good"]["problems"]] == ["vault-not-seen"]
    assert {one for one, _ in keys} >= {vault for vault, _, _ in BROKEN.values()}


def test_the_page_explains_every_code_and_verdict() -> None:
    """Each in a row of a table, with what it rests on."""
    text = (DOCS / "audit.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", text, re.MULTILINE))
    assert rows.keys() == {*CODES, *Verdict}
    assert all(len(about) > 20 for about in rows.values())
