"""The verdict on a folder of exchanges, as lines for people, and whether it is a bad one."""

from __future__ import annotations

from pathlib import Path

from tests.evidence import definitions, exchange
from tests.evidence.judge import Result, judge
from tests.evidence.table import summary

MOST = 60  # lines of what is wrong
SERVICES = ("ARM ", "Vault ", "Graph ", "GET /api/", "POST /api/", "PUT /api/", "PATCH /api/")


def report(folder: Path, *, whole: bool) -> tuple[list[str], bool]:
    """(lines, bad). `whole`: everything ran, so what was not needed, and what was never called, is wrong as well."""
    result = judge(exchange.read(folder))
    lines = [summary(result)]
    if not definitions.present():
        lines.append(f"{definitions.ABSENT}: Azure was not judged")
    wrong = result.wrong
    if whole and definitions.present():
        wrong += [f"not needed any more, to be taken out of tests/evidence/exceptions.py: {n}" for n in result.unneeded]
        wrong += [f"nothing of {name.strip()} was judged" for name in unjudged(result)]
    lines += [f"FAILED {one}" for one in wrong[:MOST]]
    if len(wrong) > MOST:
        lines.append(f"FAILED and {len(wrong) - MOST} more")
    lines.append("python -m tests.evidence.table shows all operations")
    return lines, bool(wrong)


def unjudged(result: Result) -> list[str]:
    """The services of which no request of the product, or no answer, was judged."""
    rows = [row for row in result.rows.values() if row.source and row.by_product and row.requests and row.answers]
    return [name for name in SERVICES if not any(row.operation.startswith(name) for row in rows)]
