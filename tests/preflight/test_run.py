"""All checks side by side: one that breaks tells of itself alone."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Blocked, Denied, Mistake
from cmkmigrate.model import Action, Do
from cmkmigrate.preflight import run
from cmkmigrate.preflight.model import Check, failed, passed, unknown
from tests.preflight.fakes import Stage, judged


def checks(monkeypatch: pytest.MonkeyPatch, **looks: Any) -> None:
    found = tuple(Check(id, f"about {id}", look) for id, look in looks.items())
    monkeypatch.setattr(run, "discover", lambda: found)


def raises(error: Exception) -> Any:
    def look(ground: Any) -> Any:
        raise error

    return look


def test_the_checks() -> None:
    ids = [one.id for one in run.discover()]
    assert ids == sorted(set(ids)) and ids[0] == "PF01" and ids[-1] == "PF31"
    catalogue = {f"PF{number:02}" for number in range(1, 32)}
    assert set(ids) <= catalogue
    assert catalogue - set(ids) <= {"PF17", "PF21"}, "PF17: no export bundle is made"


def test_one_that_breaks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = {
        "A": lambda ground: [passed("fine")],
        "B": raises(Denied("you may not", status=403)),
        "C": raises(Blocked("closed", why="so it is", next="open it")),
        "D": raises(KeyError("shape")),
        "E": lambda ground: [],
    }
    checks(monkeypatch, **looks)
    found = {one.id: one for one in run.preflight(stage.ground(), {})}
    assert {id: str(one.status) for id, one in found.items()} == {
        "A": "pass", "B": "unknown", "C": "unknown", "D": "unknown", "E": "unknown", "PLAN": "pass"
    }  # fmt: skip
    assert "you may not" in found["B"].seen[0].evidence
    assert found["C"].seen[0].advice == "open it" and "so it is" in found["C"].seen[0].evidence
    assert "shape" in found["D"].seen[0].evidence


def test_what_is_accepted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    checks(monkeypatch, A=lambda g: [unknown("x")], B=lambda g: [failed("y")], C=lambda g: [passed("z")])
    found = run.preflight(stage.ground(), dict.fromkeys("ABC", "because"))
    assert {one.id: (one.accepted, one.blocks) for one in found} == {
        "A": ("because", False), "B": ("", True), "C": ("", False), "PLAN": ("", False)
    }  # fmt: skip
    for strange in ("D", "PLAN"):
        with pytest.raises(Mistake, match=f"no check '{strange}'"):
            run.preflight(stage.ground(), {strange: "because"})


def test_what_planning_met(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    checks(monkeypatch)
    ground = stage.ground()
    ground.problems["vault"] = Blocked("no vault", why="none is named", next="name one")
    ground.refused.append(Action("key", "keys", "k", Do.BLOCK, "k", "it is disabled", (), (), ""))
    (plan,) = run.preflight(ground, {})
    first, second = [*judged([plan.seen[0]]), plan.seen[1]]
    assert plan.blocks and "'vault'" in first.evidence and first.advice == "name one"
    assert "'key'" in second.evidence and "it is disabled" in second.evidence
