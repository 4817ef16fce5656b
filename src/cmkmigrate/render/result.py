"""What came of a run: counts per kind, and what was not moved with its reason. Takes counts and rows as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from cmkmigrate.model import Count, Outcome
from cmkmigrate.render.text import plain
from cmkmigrate.render.text import table as columns

ECHO: Final = re.compile(r"[a-z_]+ ('|\").* is not in the target: ", re.DOTALL)  # the reason of what a part is of
LISTED: Final = 20  # things of one reason that the table names


def count_dict(count: Count) -> dict[str, Any]:
    """A Count as it stands in JSON."""
    outcomes = {str(outcome): count.outcomes.get(outcome, 0) for outcome in Outcome}
    return {"kind": count.kind, "source": count.source, **outcomes, "open": open_of(count)}


def open_of(count: Count) -> int:
    """Source objects of a kind that have no outcome yet."""
    return count.source - sum(count.outcomes.values())


def counts_table(counts: Sequence[Count]) -> Iterator[str]:
    """Per kind: what there was, and what became of it. The outcomes add up to what there was."""
    undone = any(open_of(count) for count in counts)
    head = ("kind", "source", *(str(outcome) for outcome in Outcome), *(("open",) if undone else ()))
    rows = []
    for name, group in (*((count.kind, [count]) for count in counts), ("total", counts)):
        numbers = [sum(count.outcomes.get(outcome, 0) for count in group) for outcome in Outcome]
        source = sum(count.source for count in group)
        rows.append((name, source, *numbers, *((source - sum(numbers),) if undone else ())))
    yield from columns(head, rows)


def problem_dict(row: Any) -> dict[str, Any]:
    """An item that was not moved, as it stands in JSON."""
    names = ("step", "kind", "key", "name", "state", "reason")
    return {name: getattr(row, name) for name in names}


def problems_table(rows: Iterable[Any]) -> Iterator[str]:
    """What was not moved, by kind and reason. `rows` come ordered by kind."""
    for kind, of_kind in groupby(rows, key=lambda row: row.kind):
        groups: dict[tuple[str, str], list[str]] = {}
        more: dict[tuple[str, str], int] = {}
        for row in of_kind:
            group = (row.state, reason_of(row.kind, row.reason))
            more[group] = more.get(group, 0) + 1
            if more[group] <= LISTED:
                groups.setdefault(group, []).append(named(row.key, row.name))
        for (state, reason), names in groups.items():
            yield f"  ! {kind}, {state} ({more[state, reason]}): {plain(reason) or 'no reason given'}"
            yield from (f"      {name}" for name in names)
            if more[state, reason] > LISTED:
                yield f"      ... and {more[state, reason] - LISTED} more"


def reason_of(kind: str, reason: str) -> str:
    """A reason as lists have it. An ACL that is lost with its object does not repeat the reason of the object, which
    has a line of its own: all such ACLs are one group."""
    return "what they belong to is not moved" if kind == "permissions" and ECHO.match(reason) else reason


def named(key: str, name: str) -> str:
    """How a thing is called in a list."""
    return plain(key) if not name or name == key else f"{plain(name)} ({plain(key)})"
