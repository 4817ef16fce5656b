"""The questions as a whole: each with an expected answer, no open point left out, nothing made unsaid."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cmkmigrate.cli.live import check, run
from cmkmigrate.cli.live.check import Check, NotSettled, Verdict
from cmkmigrate.cli.live.scrub import Scrub
from cmkmigrate.errors import Mistake, Unknown
from cmkmigrate.kinds import discover
from tests.house import tree

IDS = [one.id for one in run.CHECKS]
PAGE = (tree.ROOT / "docs" / "selftest.md").read_text("utf-8")


def test_every_question_has_an_expected_answer_and_every_answer_a_question() -> None:
    assert len(set(IDS)) == len(IDS)
    assert set(check._expected()) == set(IDS)
    assert all(one.expected for one in run.CHECKS)


def test_every_open_point_is_asked_or_said_not_to_be() -> None:
    asked, left = {one.point for one in run.CHECKS} - {0}, {point for point, _ in run.NOT_ASKED}
    assert asked | left == set(range(1, 18))
    rows = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 18)]


def test_the_page_names_every_question() -> None:
    assert [id for id in IDS if f"`{id}`" not in PAGE] == []


def test_what_a_kind_rests_on_names_questions_that_there_are() -> None:
    facts = [fact for kind in discover().values() for fact in kind.unverified]
    named = [id for fact in facts for id in re.findall(r"\(selftest: ([^)]*)\)", fact) for id in id.split(", ")]
    assert facts and named
    assert [id for id in named if id not in IDS] == []
    assert [fact for fact in facts if "selftest" not in fact] == []


def test_what_was_not_allowed_is_not_asked_and_said() -> None:
    without = run.asked("", False)
    assert {one.needs for one in without} == {""}
    said = " ".join(why for _, why in run.not_asked(without))
    assert all(one.id in said for one in run.CHECKS if one.needs)
    assert len(run.asked("northeurope", True)) == len(run.CHECKS)
    assert run.not_asked(run.CHECKS) == sorted(run.NOT_ASKED)


def test_only_some() -> None:
    assert [one.id for one in run.asked("", False, ["bodies"])] == ["bodies"]
    assert (8, "no-such-key: it was left out with --only") in run.not_asked(run.asked("", False, ["bodies"]))
    with pytest.raises(Mistake, match="there is no question 'body'"):
        run.asked("", False, ["body"])
    with pytest.raises(Mistake, match="nothing is left to ask"):
        run.asked("", False, ["other-region"])


def test_what_is_made_is_said_with_its_price_and_what_stays() -> None:
    text = "\n".join(run.announcement("rg-x", "delete x", run.asked("", False), whole=True, compute=False))
    assert all(one.id in text for one in run.asked("", False) if one.makes != "nothing")
    assert all(page in text for _, page in run.BILLED)
    assert "virtual-machines" not in text
    assert "nobody can purge it" in text.lower() and text.endswith("type: delete x")
    assert "second region" not in text
    text = "\n".join(run.announcement("rg-x", "delete x", run.CHECKS, whole=False, compute=True))
    assert all(page in text for _, page in run.BILLED_COMPUTE)
    assert "the one in the second region" in text
    assert "as far as the questions that are asked rest on it" in text


def ground() -> Any:
    return SimpleNamespace(scrub=Scrub({"mine": "NAME"}))


def test_what_one_question_meets_does_not_stop_the_next() -> None:
    def lost(_: Any) -> dict[str, Any]:
        raise Unknown("mine is lost")

    def open_(_: Any) -> dict[str, Any]:
        raise NotSettled("not here, in mine")

    first = run.CHECKS[0]
    same = replace(first, ask=lambda _: dict(first.expected))
    other = replace(first, ask=lambda _: {**first.expected, "status": 200, "more": "of mine"})
    asked: tuple[Check, ...] = (replace(first, ask=lost), replace(first, ask=open_), same, other)
    told: list[str] = []
    found = list(run.put(ground(), asked, told.append))
    assert [one.verdict for one in found] == [Verdict.OPEN, Verdict.OPEN, Verdict.SAME, Verdict.DIFFERS]
    assert [one.why for one in found[:2]] == ["NAME is lost", "not here, in NAME"]
    assert found[3].differs == ["status", "more"]
    assert found[3].seen["more"] == "of NAME"
    assert found[2].as_dict()["differs"] == []
    assert len(told) == 4
