"""What verify found."""

from __future__ import annotations

import json

import pytest

from cmkmigrate.model import Count, Finding, Outcome
from cmkmigrate.render import verification as render


@pytest.mark.parametrize(
    ("what", "symbol"),
    [
        ("missing", "-"),
        ("extra", "+"),
        ("new", "+"),
        ("differs", "*"),
        ("duplicate", "!"),
        ("failed", "*"),
        ("unreadable", "!"),
    ],
)
def test_symbols(what: str, symbol: str) -> None:
    finding = Finding("s", "jobs", "7\x1b", what, "why", ("name",))
    assert render.line(finding) == f"{symbol} jobs 7\\x1b: {what}, why (name)"


def test_what_failed_and_is_not_there() -> None:
    assert render.line(Finding("s", "jobs", "7", "failed", "why")) == "! jobs 7: failed, why"


def test_what_was_decided_before_is_only_counted() -> None:
    assert [render.line(Finding("s", "jobs", "7", what)) for what in ("excluded", "unsupported")] == ["", ""]


def test_the_summary_says_how_much_was_compared() -> None:
    counts = [Count("jobs", 1, {Outcome.MIGRATED: 1})]
    assert list(render.summary(counts, "names", True, True, {}))[-1] == (
        "Verify: nothing differs; depth names; every step of the run"
    )
    assert "NOT every step" in list(render.summary(counts, "names", False, False, {}))[-1]


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ({"failed": 16, "excluded": 2, "extra": 1}, "all that was moved is equal, 16 could not be moved"),
        ({"failed": 16, "differs": 1}, "not everything is equal"),
        ({"missing": 1}, "not everything is equal"),
    ],
)
def test_what_could_not_be_moved_says_nothing_against_the_rest(findings: dict[str, int], said: str) -> None:
    assert render.verdict(False, findings) == said
    assert list(render.summary([], "names", True, False, findings))[-1].startswith(f"Verify: {said};")


def test_json_and_csv() -> None:
    finding = Finding("s", "jobs", "=7", "differs", "why", ("a", "b"))
    body = json.loads(render.document(render.body([Count("jobs", 1)], "content", True, False), [finding]))
    assert body["findings"][0]["key"] == "=7"
    assert body["counts"][0]["open"] == 1
    assert render.csv_head() == "step,kind,key,what,reason,changes"
    assert render.csv_finding(finding) == "s,jobs,'=7,differs,why,a b"
    assert json.loads(render.json_finding(finding))["type"] == "finding"
