"""What verify found, as table, JSON, JSON lines or CSV. Symbols: = same, - missing, + extra, * differs, ! failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from cmkmigrate.model import Count, Finding
from cmkmigrate.render.result import count_dict, counts_table
from cmkmigrate.render.text import csv_lines, json_document, json_line, plain

SYMBOLS: Final = {"same": "=", "missing": "-", "extra": "+", "new": "+", "differs": "*"}
KNOWN: Final = ("excluded", "unsupported")  # decided before, counted in the table
EXPECTED: Final = ("same", "failed", "excluded", "unsupported", "extra")  # findings that say nothing against a copy
COLUMNS: Final = ("step", "kind", "key", "what", "reason", "changes")


def line(finding: Finding) -> str:
    """One finding for people; "" for what the counts say already."""
    if finding.what in KNOWN:
        return ""
    there = finding.what == "failed" and finding.changes  # made, and something of it is still to be done
    symbol = "*" if there else SYMBOLS.get(finding.what, "!")
    why = f", {plain(finding.reason)}" if finding.reason else ""
    changes = f" ({', '.join(plain(path) for path in finding.changes[:8])})" if finding.changes else ""
    return f"{symbol} {finding.kind} {plain(finding.key)}: {finding.what}{why}{changes}"


def verdict(clean: bool, findings: Mapping[str, int]) -> str:
    """What one verification found, in a few words. findings: how many there are of each sort."""
    if clean:
        return "nothing differs"
    if {what for what, number in findings.items() if number} <= {*EXPECTED}:
        return f"all that was moved is equal, {findings.get('failed', 0)} could not be moved"
    return "not everything is equal"


def summary(
    counts: Sequence[Count], depth: str, complete: bool, clean: bool, findings: Mapping[str, int]
) -> Iterator[str]:
    """What stands below the findings, of which there are `findings` of each sort."""
    yield from counts_table(counts)
    yield ""
    whole = "every step of the run" if complete else "NOT every step of the run (it is not finished)"
    yield f"Verify: {verdict(clean, findings)}; depth {depth}; {whole}"


def body(counts: Sequence[Count], depth: str, complete: bool, clean: bool) -> dict[str, Any]:
    """The result as it stands in JSON."""
    counted = [count_dict(count) for count in counts]
    return {"type": "verify", "depth": depth, "complete": complete, "clean": clean, "counts": counted}


def document(result: dict[str, Any], findings: Sequence[Finding]) -> str:
    """The whole as one JSON document."""
    return json_document({**result, "findings": [asdict(finding) for finding in findings]})


def json_finding(finding: Finding) -> str:
    """One finding as a JSON line."""
    return json_line({"type": "finding", **asdict(finding)})


def csv_head() -> str:
    """The first line of the CSV."""
    return next(csv_lines(COLUMNS, ()))


def csv_finding(finding: Finding) -> str:
    """One finding for a spreadsheet."""
    row = [finding.step, finding.kind, finding.key, finding.what, finding.reason, " ".join(finding.changes)]
    return list(csv_lines(COLUMNS, [row]))[1]
