"""Judges lines of `apply -o jsonl` by the published schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

import jsonschema

from tests.house import tree

SCHEMA: dict[str, Any] = json.loads((tree.ROOT / "docs" / "events.schema.json").read_text("utf-8"))
# Readers must let fields pass that they do not know; here none may go out that is not published.
CLOSED = {**copy.deepcopy(SCHEMA), "unevaluatedProperties": False}
CLOSED["$defs"]["count"]["additionalProperties"] = False


def wrong(line: Any) -> list[str]:
    """What of a line is not as published; a field that is not published counts."""
    return [error.message for error in jsonschema.Draft202012Validator(CLOSED).iter_errors(line)]


def judged(text: str, *, ended: bool = True) -> list[dict[str, Any]]:
    """The lines of one command. Raises AssertionError where one is not as published, or the first or last is another.

    ended: False for a command that was killed.
    """
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line, found) for line in lines if (found := wrong(line))] == []
    assert lines and lines[0]["type"] == "version", text
    types = [line["type"] for line in lines]
    assert types.count("version") == 1 and types.count("run_end") == int(ended), types
    assert not ended or types[-1] == "run_end", types
    assert len({(line["run_id"], line["workspace"]) for line in lines}) == 1
    _counted(line for line in lines if line["type"] in ("step_progress", "drift"))
    return lines


def _counted(lines: Iterable[dict[str, Any]]) -> None:
    """`done` grows by one with each thing of a kind, up to `total`."""
    last: dict[tuple[str, str], int] = {}
    for line in lines:
        at = (line["step_id"], line["kind"])
        assert line["done"] == last.get(at, line["done"] - 1) + 1 <= line["total"], line
        last[at] = line["done"]
