"""Events as lines: types and fields that others rely on."""

from __future__ import annotations

import json
from typing import Any

from cmkmigrate.model import Event
from cmkmigrate.render.events import Events, stamp


def as_line(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(Events("r", "w").event(event)))
    return found


def test_each_line_says_when_which_run_and_where() -> None:
    for what in ("step", "kind", "item", "note", "wait", "end"):
        line = as_line(Event(1.5, what, step="s"))
        assert (line["ts"], line["run_id"], line["workspace"], line["step_id"]) == (
            "1970-01-01T00:00:01.500Z",
            "r",
            "w",
            "s",
        )


def test_types() -> None:
    whats = ("step", "kind", "item", "note", "wait", "end")
    types = [as_line(Event(0, what))["type"] for what in whats]
    assert types == ["step_start", "kind_start", "item", "diagnostic", "wait", "apply_complete"]
    assert as_line(Event(0, "item", state="drifted"))["type"] == "drift"
    assert as_line(Event(0, "kind", total=0))["total"] == 0


def test_first_and_last() -> None:
    events = Events("r", "w")
    assert events.version("1.0")["cmkmigrate"] == "1.0"
    assert events.end([{"kind": "jobs"}], 3)["exit_code"] == 3
    assert events.error("what", "of", "why", "next", 5)["message"] == "what"
    assert stamp(None).endswith("Z")
