"""What a preflight found: for people, and as lines for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cmkmigrate.render.text import csv_lines, json_document, json_line, plain

_MARKS: Final = {"pass": " ", "warn": "!", "unknown": "?", "fail": "x"}
_HEAD: Final = ("check", "title", "status", "evidence", "fix", "accepted")


def rows(results: Sequence[Any]) -> list[dict[str, Any]]:
    """Results of preflight.run as plain data."""
    return [
        {
            "check": one.id,
            "title": one.title,
            "status": str(one.status),
            "blocks": one.blocks,
            "seen": [{"status": str(seen.status), "evidence": seen.evidence, "fix": seen.fix} for seen in one.seen],
            "accepted": one.accepted,
        }
        for one in results
    ]


def table(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each check, and below it what was seen and what mends it."""
    for one in found:
        yield f"{_MARKS[one['status']]} {one['check']:<5} {one['status']:<8} {one['title']}"
        for seen in one["seen"]:
            if seen["status"] == one["status"]:
                yield f"      {plain(seen['evidence'])}"
                if seen["fix"]:
                    yield f"      -> {plain(seen['fix'])}"
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
        (one["check"], one["title"], seen["status"], seen["evidence"], seen["fix"], one["accepted"])
        for one in found
        for seen in one["seen"]
    )
    return csv_lines(_HEAD, cells)
