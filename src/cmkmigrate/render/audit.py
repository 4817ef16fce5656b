"""An audit as table, JSON, JSON lines or CSV. Takes what audit/record.py gave, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cmkmigrate.render.text import csv_lines, json_document, json_line, plain, plural
from cmkmigrate.render.text import table as columns

COLUMNS: Final = (
    "subscription", "workspace", "name", "location", "sku", "feature", "verdict", "judged", "codes", "reason",
    "vault_uri", "key_name", "key_version", "note", "since", "since_from", "owner", "expires",
)  # fmt: skip
ALWAYS: Final = ("cmk", "platform-key", "unknown")  # counted aloud even where there are none
Record = Mapping[str, Any]


def table(record: Record) -> Iterator[str]:
    """The audit for people."""
    shown = [
        (row["name"], row["location"], row["sku"], row["feature"], row["verdict"], key_or_reason(row))
        for row in record["rows"]
    ]
    if shown:
        yield from columns(("workspace", "region", "plan", "feature", "verdict", "key, or why"), shown)
        yield ""
    yield from around(record)
    counts = record["counts"]
    numbers = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number or verdict in ALWAYS)
    yield f"Audit: {seen(record)}; features: {numbers}; {plural(record['findings'], 'finding')}"


def seen(record: Record) -> str:
    """How much was looked at, in words."""
    workspaces = len({row["workspace"].lower() for row in record["rows"]})
    unread = sum(bool(one["problem"]) for one in record["population"])
    where = plural(len(record["population"]), "subscription") + (f" ({unread} not readable)" if unread else "")
    return f"{plural(workspaces, 'workspace')} in {where}"


def around(record: Record) -> Iterator[str]:
    """What is no feature of a workspace: subscriptions out of sight, leftovers, entries that fit nothing."""
    for one in record["population"]:
        name = plain(f"{one['subscription']} {one['name']}".strip())
        if one["problem"]:
            yield f"! subscription {name}: could not be read: {plain(one['problem'])}"
        elif one["cut"]:
            yield f"! subscription {name}: the listing may be cut: {plain(one['cut'])}"
    for one in record["orphaned"]:
        sure = "is gone" if one["sure"] else "is not in sight"
        yield f"! orphaned: the managed group {plain(one['group'])}, whose workspace {plain(one['workspace'])} {sure}"
    for entry in record["unmatched"]:
        yield f"! scope file: this workspace was not met: {plain(entry)}"
    for note in record["notes"]:
        yield f"! {plain(note)}"


def key_or_reason(row: Mapping[str, Any]) -> str:
    """The key of a row that passes, else why it does not."""
    if row["verdict"] == "cmk":
        key = key_of(row)
        return f"{key}  ({row['note']})" if row["note"] else key
    return str(row["reason"])


def key_of(row: Mapping[str, Any]) -> str:
    """Vault, key and version in one."""
    return "/".join(part for part in (row["vault_uri"].rstrip("/"), row["key_name"], row["key_version"]) if part)


def document(record: Record) -> str:
    """The audit as one JSON document (docs/audit.schema.json)."""
    return json_document(record)


def lines(record: Record) -> Iterator[str]:
    """The audit as JSON lines, the count of findings last."""
    for row in record["rows"]:
        yield json_line({"type": "feature", **row})
    for one in record["population"]:
        yield json_line({"type": "population", **one})
    for one in record["orphaned"]:
        yield json_line({"type": "orphaned", **one})
    yield json_line({"type": "summary", "schema": record["schema"], "findings": record["findings"]})


def csv(record: Record) -> Iterator[str]:
    """The features for a spreadsheet; what is no feature is not in it (`around`, and the exit code)."""
    for_cells = ({**row, "codes": " ".join(one["code"] for one in row["causes"])} for row in record["rows"])
    yield from csv_lines(COLUMNS, ([row[name] for name in COLUMNS] for row in for_cells))
