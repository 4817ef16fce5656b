"""Events as lines: their published schema, and that it only grows."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cmkmigrate.model import Count, Event, Outcome, State
from cmkmigrate.render.events import FORMAT, TYPES, Events, stamp
from cmkmigrate.render.result import count_dict
from tests.render.event_lines import SCHEMA, wrong

# Format 1 as it was first published: what readers of it rely on. Add to it; change nothing that stands in it.
KEPT: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "events_format_1.json").read_text("utf-8"))
WHATS = ("begin", "phase", "step", "kind", "item", "done", "error", "note", "wait", "pause", "go", "end")
LAST = (State.DONE, State.FAILED, State.BLOCKED, State.DRIFTED, State.EXCLUDED, State.UNSUPPORTED)


def as_line(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(Events("w", "r").event(event, 3, 4)))
    return found


def every() -> list[Event]:
    """An event of each sort, and an item in each last state."""
    found = [
        Event(1.5, what, step="s", kind="jobs", key="7", text="t") for what in WHATS if what not in ("item", "done")
    ]
    found += [Event(1.5, "item", step="s", kind="jobs", key="7", state=str(state)) for state in LAST]
    return found + [Event(1.5, "done", step="s", state=state, text="t") for state in ("done", "skipped")]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["title"].endswith(f"format {FORMAT}")


@pytest.mark.parametrize("event", every(), ids=lambda event: f"{event.what}-{event.state}")
def test_each_line_is_as_published(event: Event) -> None:
    line = as_line(event)
    assert wrong(line) == []
    assert (line["ts"], line["run_id"], line["workspace"], line["step_id"]) == (
        "1970-01-01T00:00:01.500Z",
        "r",
        "w",
        "s",
    )


def test_types() -> None:
    types = {event.what: as_line(event)["type"] for event in every() if event.state != "drifted"}
    assert types == {what: TYPES.get(what, "diagnostic") for what in WHATS}
    assert as_line(Event(0, "item", kind="jobs", key="7", state="drifted"))["type"] == "drift"
    assert as_line(Event(0, "kind", kind="jobs", total=0))["total"] == 0


def test_first_and_last() -> None:
    events = Events("w")
    count = Count("jobs", 2, {Outcome.MIGRATED: 1})
    lines = [events.version("1.0"), events.error("what", "of", "why", "next"), events.summary([count_dict(count)])]
    lines.append(events.end(5))
    assert [wrong(line) for line in lines] == [[]] * 4
    assert [line["type"] for line in lines] == ["version", "diagnostic", "change_summary", "run_end"]
    assert stamp(None).endswith("Z")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.pop("run_id"),
        lambda line: line.update(more=1),
        lambda line: line.update(state="odd"),
        lambda line: line.update(done="3"),
        lambda line: line.update(type="item"),
        lambda line: line.update(ts="now"),
    ],
    ids=["missing", "unpublished", "state", "text", "type", "time"],
)
def test_another_form_is_seen(spoil: Any) -> None:
    line = as_line(Event(0, "item", step="s", kind="jobs", key="7", state="done"))
    spoil(line)
    assert wrong(line)


def taken_away(schema: dict[str, Any]) -> list[str]:
    """What readers of format 1 rely on, and the schema does not promise any more."""
    found = []
    for name, fields in KEPT.items():
        part = schema if name == "every line" else schema["$defs"].get(name, {"required": [], "properties": {}})
        if name not in ("every line", "count") and {"$ref": f"#/$defs/{name}"} not in schema["oneOf"]:
            found.append(name)
        for field, kind in fields.items():
            told = part["properties"].get(field, {})
            told = schema["$defs"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told
            named = json.dumps([told["const"]] if "const" in told else told.get("enum", []))
            known = told.get("type") or ("string" if '"' in named else "integer")
            if field not in part["required"] or known != kind:
                found.append(f"{name}.{field}")
    return found


def test_the_schema_only_grows() -> None:
    assert taken_away(SCHEMA) == []


def test_what_is_taken_away_is_seen() -> None:
    less = copy.deepcopy(SCHEMA)
    less["$defs"]["run_end"]["required"].remove("exit_code")
    less["$defs"]["step_progress"]["properties"]["done"]["type"] = "string"
    less["oneOf"].remove({"$ref": "#/$defs/drift"})
    del less["$defs"]["phase_start"]
    assert set(taken_away(less)) >= {"run_end.exit_code", "step_progress.done", "drift", "phase_start.phase"}
    more = copy.deepcopy(SCHEMA)
    more["$defs"]["run_end"]["properties"]["seconds"] = {"type": "number"}
    more["oneOf"].append({"$ref": "#/$defs/new"})
    assert taken_away(more) == []
