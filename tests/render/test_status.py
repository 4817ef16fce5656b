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


def test_csv() -> None:
    assert list(render.csv(STANDING)) == [
        "step,kind,state,number",
        "vault,key_vaults,done,1",
        "contents,jobs,intent,2",
        "contents,jobs,done,3",
    ]
