"""A preflight for people and machines."""

from __future__ import annotations

import csv
import json
from typing import Any

from cmkmigrate.preflight.model import Result, failed, passed, unknown, warned
from cmkmigrate.render import preflight as render


def found() -> list[dict[str, Any]]:
    return render.rows(
        [
            Result("PF01", "Subscription", [passed("it is Enabled")]),
            Result("PF05", "Locks", [passed("none here"), warned("one there", advice="nothing now")]),
            Result("PF06", "Policies", [unknown("not read", "az x")], accepted="read by ann"),
            Result(
                "PF31", "Rights", [passed("no"), failed("a", "az 1"), failed("b", "az 1"), failed("c", "az 2", "ask")]
            ),
        ]
    )


def lines(made: Any) -> list[str]:
    return [" ".join(line.split()) for line in made]


def test_as_a_table() -> None:
    """Only what decided; a command that mends several stands once, below them."""
    assert lines(render.table(found())) == [
        "PF01 pass Subscription",
        "it is Enabled",
        "! PF05 warn Locks",
        "one there",
        "nothing now",
        "? PF06 unknown Policies",
        "not read",
        "-> az x",
        "accepted: read by ann",
        "x PF31 fail Rights",
        "a",
        "b",
        "-> az 1",
        "c",
        "-> az 2",
        "ask",
        "",
        "Preflight: 1 pass, 1 warn, 1 unknown, 1 fail; 1 stop an apply",
    ]


def test_the_short_form_leaves_out_what_passed() -> None:
    assert "PF01 pass Subscription" not in lines(render.short(found()))
    assert lines(render.short(render.rows([Result("A", "a", [passed("x")])])))[-1].endswith("nothing stops it")


def test_as_one_document() -> None:
    told = json.loads(render.document("cmk-migration", found()))
    assert (told["type"], told["playbook"], told["blocked"]) == ("preflight", "cmk-migration", True)
    assert [one["blocks"] for one in told["checks"]] == [False, False, False, True]
    wanted = {"status": "fail", "evidence": "c", "fix": "az 2", "advice": "ask"}
    assert wanted.items() <= told["checks"][3]["seen"][3].items()


def test_as_lines() -> None:
    told = [json.loads(line) for line in render.lines(found())]
    assert [(one["type"], one["check"]) for one in told] == [
        ("check", "PF01"), ("check", "PF05"), ("check", "PF06"), ("check", "PF31")
    ]  # fmt: skip


def test_as_csv() -> None:
    told = list(csv.DictReader(render.csv(found())))
    assert len(told) == 8
    assert told[-1] == {
        "check": "PF31", "title": "Rights", "status": "fail", "evidence": "c", "fix": "az 2", "advice": "ask",
        "accepted": "",
    }  # fmt: skip


def test_what_comes_from_a_workspace_moves_no_cursor_and_no_formula() -> None:
    bad = render.rows([Result("PF18", "Compute", [warned("cluster \x1b[2J is running")])])
    assert not any("\x1b" in line for line in render.table(bad))
    bad = render.rows([Result("PF18", "Compute", [warned("=cmd()")])])
    assert next(csv.DictReader(render.csv(bad)))["evidence"].startswith("'=")
