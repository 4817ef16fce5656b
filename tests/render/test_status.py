"""Where a run stands, for people."""

from __future__ import annotations

from typing import Any

from cmkmigrate.render import status as render

STANDING: dict[str, Any] = {
    "run": "r",
    "directory": "runs/a",
    "source": "/subscriptions/s",
    "number": 1,
    "finished": 0.0,
    "holder": None,
    "done": 4,
    "total": 6,
    "hand": None,
    "worked_s": 0.0,
    "steps": {"vault": ("done", ""), "key": ("skipped", "there is one"), "contents": ("running", "")},
    "numbers": {"vault": {"key_vaults": {"done": 1}}, "contents": {"jobs": {"intent": 2, "done": 3}}},
    "unknown": [{"step": "contents", "kind": "jobs", "key": "7", "name": "nightly", "do": "create", "reason": ""}] * 12,
    "unknown_count": 12,
    "landing_s": 30.0,
    "events": [{"at": 0.0, "what": "step", "step": "contents", "kind": "", "key": "", "state": "", "text": ""}],
}


def test_the_table() -> None:
    text = "\n".join(render.table(STANDING))
    assert "State: stopped; cmkmigrate resume runs/a" in text
    assert "key: left out (there is one)" in text
    assert "12 writes under way or without a known result, which may arrive for 30 s still:" in text
    assert text.count("? create jobs nightly (7)") == 10
    assert "... and 2 more" in text
    rows = [line.split() for line in text.splitlines() if line.startswith(("step", "vault", "contents"))]
    assert rows[0] == ["step", "is", "kind", "unknown", "done"]
    assert ["contents", "running", "jobs", "2", "3"] in rows


def test_the_states() -> None:
    holder = {"name": "ann@h", "pid": 7, "host": "h", "silent_s": 1.2, "alive": True}
    at_work = render.state_line({**STANDING, "holder": holder})
    assert at_work == "at work: ann@h, process 7 on h, last sign of life 1 s ago"
    gone = render.state_line({**STANDING, "holder": {**holder, "alive": False}})
    assert gone == "stopped (its process is gone); cmkmigrate resume runs/a"
    assert render.state_line({**STANDING, "finished": 1.0}) == "finished 1970-01-01T00:00:01.000Z"


HAND: dict[str, Any] = {
    "began": 0.0,
    "parallelism": 4,
    "source_share": 0.1,
    "ends": 3600.0,
    "ends_said": "--not-after 01:00",
    "paused_by": "",
    "paused_since": 0.0,
    "paused_s": 0.0,
    "held_before": "",
    "before": 2,
}
HOLDER = {"name": "ann@h", "pid": 7, "host": "h", "silent_s": 1.2, "alive": True}


def test_what_holds_for_an_apply_at_work() -> None:
    body = {**STANDING, "holder": HOLDER, "hand": HAND, "worked_s": 60.0}
    lines = list(render.table(body))
    assert "Done: 4 of 6 that are listed so far, 2 a minute, time left for these about 1 min" in lines
    assert "Works: at most 4 at once of each kind; source at 0.1 of its limits" in lines
    assert "Window: until 1970-01-01T01:00:00.000Z (--not-after 01:00)" in lines
    free = {**body, "hand": {**HAND, "ends": 0.0, "source_share": None, "before": 4}}
    shown = "\n".join(render.table(free))
    assert "source at no limit" in shown and "Window" not in shown and "time left" not in shown


def test_paused_is_said_with_whom_and_since_when() -> None:
    paused = {**HAND, "paused_by": "ann\x1b[2J@h", "paused_since": 90.0}
    line = render.state_line({**STANDING, "holder": HOLDER, "hand": paused})
    assert line.startswith("paused by ann\\x1b[2J@h since 1970-01-01T00:01:30.000Z; ann@h, process 7 on h")
    held = {**STANDING, "holder": HOLDER, "hand": {**paused, "held_before": "cutover"}, "worked_s": 60.0}
    assert "Held: before step cutover; cmkmigrate release runs/a" in list(render.table(held))


def test_csv() -> None:
    assert list(render.csv(STANDING)) == [
        "step,kind,state,number",
        "vault,key_vaults,done,1",
        "contents,jobs,intent,2",
        "contents,jobs,done,3",
    ]
