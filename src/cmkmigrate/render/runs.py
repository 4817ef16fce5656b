"""The runs of a folder, as table or CSV. Takes them as plain mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cmkmigrate.render.events import stamp
from cmkmigrate.render.text import csv_lines, plain
from cmkmigrate.render.text import table as columns

HEAD: Final = ("directory", "state", "pass", "done", "total", "created", "finished", "source", "run", "why")


def table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The runs for people."""
    if not rows:
        yield "There is no run."
        return
    cells = [(*(row[name] for name in ("directory", "state", "pass")), _done(row), *_times(row)) for row in rows]
    yield from columns(("run", "is", "pass", "done", "begun", "finished"), cells)
    for row in rows:
        if row["why"]:
            yield f"{plain(row['directory'])}: {plain(row['why'])}"


def csv(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The runs for a spreadsheet."""
    times = (dict(row) | dict(zip(("created", "finished"), _times(row), strict=True)) for row in rows)
    yield from csv_lines(HEAD, ([row[name] for name in HEAD] for row in times))


def _done(row: Mapping[str, Any]) -> str:
    return f"{row['done']}/{row['total']}" if row["total"] else ""


def _times(row: Mapping[str, Any]) -> tuple[str, str]:
    begun, finished = (stamp(row[name]) if row[name] else "" for name in ("created", "finished"))
    return begun, finished
