"""What a preflight found: for people, and as lines for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any, Final

from cmkmigrate.render.text import csv_lines, json_document, json_line, plain

_MARKS: Final = {"pass": " ", "warn": "!", "unknown": "?", "fail": "x"}
_HEAD: Final = ("check", "title", "status", "evidence", "fix", "advice", "accepted")


def rows(results: Sequence[Any]) -> list[dict[str, Any]]:
    """Results of preflight.run as plain data."""
    return [
        {
            "check": one.id,
            "title": one.title,
            "status": str(one.status),
            "blocks": one.blocks,
            "seen": [asdict(seen) | {"status": str(seen.status)} for seen in one.seen],
            "accepted": one.accepted,
        }
        for one in results
    ]


def table(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each check, and below it what decided, and what mends it: once, where it mends several."""
    for one in found:
        yield f"{_MARKS[one['status']]} {one['check']:<5} {one['status']:<8} {one['title']}"
        decided = [seen for seen in one["seen"] if seen["status"] == one["status"]]
        for (fix, advice), group in groupby(decided, lambda seen: (seen["fix"], seen["advice"])):
            yield from (f"      {plain(seen['evidence'])}" for seen in group)
            if fix:
                yield f"      -> {plain(fix)}"
            if advice:
                yield f"         {plain(advice)}"
        if one["accepted"]:
            yield f"      accepted: {plain(one['accepted'])}"
    yield ""
    yield summary(found)


def short(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The same without what passed."""
    return table([one for one in found if one["status"] != "pass"])


def summary(found: Sequence[Mapping[str, Any]]) -> str:
    """The counts, and whether anything stops an apply."""
    count = Counter(one["status"] for one in found)
    numbers = ", ".join(f"{count[status]} {status}" for status in _MARKS if count[status])
    stops = sum(bool(one["blocks"]) for one in found)
    return f"Preflight: {numbers or 'nothing to tell'}; " + (f"{stops} stop an apply" if stops else "nothing stops it")


def document(playbook: str, found: Sequence[Mapping[str, Any]]) -> str:
    """One JSON object."""
    blocked = any(one["blocks"] for one in found)
    return json_document({"type": "preflight", "playbook": playbook, "blocked": blocked, "checks": list(found)})


def lines(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line of JSON for each check."""
    return (json_line({"type": "check", **one}) for one in found)


def csv(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each thing that a check saw."""
    cells = (
        (one["check"], one["title"], *(seen[name] for name in ("status", "evidence", "fix", "advice")), one["accepted"])
        for one in found
        for seen in one["seen"]
    )
    return csv_lines(_HEAD, cells)
