"""An audit as table, JSON, JSON lines or CSV. Takes the rows as plain mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cmkmigrate.render.text import csv_lines, json_document, json_line, plain, plural
from cmkmigrate.render.text import table as columns

COLUMNS: Final = (
    "subscription", "workspace", "name", "location", "sku", "feature",
    "verdict", "reason", "vault_uri", "key_name", "key_version", "note",
)  # fmt: skip
Rows = Sequence[Mapping[str, Any]]


def table(population: Rows, rows: Rows, findings: int) -> Iterator[str]:
    """The audit for people."""
    shown = [
        (row["name"], row["location"], row["sku"], row["feature"], row["verdict"], _key_or_reason(row)) for row in rows
    ]
    if shown:
        yield from columns(("workspace", "region", "plan", "feature", "verdict", "key, or why"), shown)
        yield ""
    for one in population:
        name = f"{one['subscription']} {one['name']}".strip()
        if one["problem"]:
            yield f"! subscription {plain(name)}: could not be read: {plain(one['problem'])}"
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("cmk", "platform-key", "unknown")}
    workspaces = len({row["workspace"].lower() for row in rows})
    unread = sum(bool(one["problem"]) for one in population)
    seen = f"{plural(len(population), 'subscription')}" + (f" ({unread} not readable)" if unread else "")
    numbers = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    yield f"Audit: {plural(workspaces, 'workspace')} in {seen}; features: {numbers}; {plural(findings, 'finding')}"


def _key_or_reason(row: Mapping[str, Any]) -> str:
    if row["verdict"] == "cmk":
        key = "/".join(part for part in (row["vault_uri"].rstrip("/"), row["key_name"], row["key_version"]) if part)
        return f"{key}  ({row['note']})" if row["note"] else key
    return str(row["reason"])


def document(population: Rows, rows: Rows, findings: int) -> str:
    """The audit as one JSON document."""
    return json_document({"type": "audit", "findings": findings, "population": list(population), "rows": list(rows)})


def lines(population: Rows, rows: Rows, findings: int) -> Iterator[str]:
    """The audit as JSON lines, the count of findings last."""
    for row in rows:
        yield json_line({"type": "feature", **row})
    for one in population:
        yield json_line({"type": "population", **one})
    yield json_line({"type": "summary", "findings": findings})


def csv(rows: Rows) -> Iterator[str]:
    """The features for a spreadsheet; what could not be read is not in it, the exit code tells."""
    yield from csv_lines(COLUMNS, ([row[name] for name in COLUMNS] for row in rows))
