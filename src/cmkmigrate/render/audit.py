"""An audit as table, JSON, JSON lines or CSV. Takes what audit/record.py gave, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cmkmigrate.render.text import csv_lines, json_document, json_line, plain, plural
from cmkmigrate.render.text import table as columns

COLUMNS: Final = (
    "subscription", "workspace", "name", "location", "sku", "feature", "verdict", "judged", "codes", "reason",
    "vault_uri", "key_name", "key_version", "note", "since", "since_from", "owner", "expires", "remedy",
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
    accounts = [
        (one["name"], one["location"] or "?", _ways(one), one["verdict"], key_or_reason(one))
        for one in record["storage"]
    ]
    if accounts:
        yield from columns(("storage account", "region", "known by", "verdict", "key, or why"), accounts)
        yield ""
    commands = remedies(record)
    if commands:
        yield "What mends it, or shows what to do (read each before you paste it):"
        yield from (f"  {command}" for command in commands)
        yield ""
    yield from since(record)
    yield from around(record)
    counts = record["counts"]
    numbers = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number or verdict in ALWAYS)
    yield f"Audit: {seen(record)}; features: {numbers}; {plural(record['findings'], 'finding')}"


def since(record: Record) -> Iterator[str]:
    """What has changed since the earlier audit that it was compared with; nothing without one."""
    if record["delta"] is None:
        return
    changes = record["delta"]["changes"]
    yield f"Since {record['delta']['ended']}: {plural(len(changes), 'change') if changes else 'no change'}"
    if changes:
        cells = [(one["change"], one["name"], one["feature"], one["was"], one["now"]) for one in changes]
        yield from columns(("change", "name", "feature", "was", "is"), cells)
    yield ""


def remedies(record: Record) -> list[str]:
    """The commands of all causes that are findings, each once."""
    found = [*record["rows"], *record["storage"]]
    causes = (cause for one in found if one["verdict"] not in ("cmk", "excepted") for cause in one["causes"])
    return list(dict.fromkeys(plain(cause["remedy"]) for cause in causes if cause["remedy"]))


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
    for gap in record.get("storage_gaps", ()):  # an assessment, which is told by this too, has none
        yield f"! storage: {plain(gap)}"
    for entry in record["unmatched"]:
        yield f"! scope file: this workspace was not met: {plain(entry)}"
    for note in record["notes"]:
        yield f"! {plain(note)}"


def key_or_reason(row: Mapping[str, Any]) -> str:
    """The key of a row that passes, else why it does not."""
    if row["verdict"] == "cmk":
        key = key_of(row)
        return f"{key}  ({row['note']})" if row.get("note") else key
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
    for one in record["storage"]:
        yield json_line({"type": "storage", **one})
    for one in record["population"]:
        yield json_line({"type": "population", **one})
    for one in record["orphaned"]:
        yield json_line({"type": "orphaned", **one})
    for one in (record["delta"] or {}).get("changes", ()):
        yield json_line({"type": "change", **one})
    yield json_line({"type": "summary", "schema": record["schema"], "findings": record["findings"]})


def csv(record: Record) -> Iterator[str]:
    """The features for a spreadsheet, and storage accounts as further lines: their ARM id in place of the workspace's,
    `storage_account` as the feature. What is neither is not in it (`around`, and the exit code)."""
    accounts = ({"workspace": one["id"], "feature": "storage_account", "judged": one["verdict"],
                 "note": _users(one), **one} for one in record["storage"])  # fmt: skip
    for_cells = (
        {**row, "codes": " ".join(one["code"] for one in row["causes"]),
         "remedy": " ; ".join(dict.fromkeys(one["remedy"] for one in row["causes"] if one["remedy"]))}
        for row in (*record["rows"], *accounts)
    )  # fmt: skip
    yield from csv_lines(COLUMNS, ([row.get(name, "") for name in COLUMNS] for row in for_cells))


def _ways(account: Mapping[str, Any]) -> str:
    return ", ".join(dict.fromkeys(use["how"] for use in account["uses"]))


def _users(account: Mapping[str, Any]) -> str:
    return "; ".join(f"{one['how']} {one['name']}" for one in account["uses"])
