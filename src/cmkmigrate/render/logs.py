"""What happened in a run, a line for each thing. Takes plain mappings in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cmkmigrate.model import State
from cmkmigrate.render.events import stamp
from cmkmigrate.render.result import named
from cmkmigrate.render.text import csv_lines, plain

HEAD: Final = ("at", "what", "step", "kind", "key", "name", "do", "state", "tries", "text")


def table(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """For people: when, what, and what was said of it."""
    for row in rows:
        state = "unknown" if row["state"] == State.INTENT else row["state"]
        thing = named(row["key"], row.get("name", "")) if row["key"] else ""
        words = (row["what"], row["step"], row["kind"], thing, row.get("do", ""), state)
        line = f"{stamp(row['at'])}  {plain(' '.join(word for word in words if word))}"
        yield f"{line}: {plain(row['text'])}" if row["text"] else line


def csv(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """For a spreadsheet."""
    yield from csv_lines(HEAD, ([stamp(row["at"]), *(row.get(name, "") for name in HEAD[1:])] for row in rows))
