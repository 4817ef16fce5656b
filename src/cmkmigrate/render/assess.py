"""An assessment as table, JSON, JSON lines or CSV. Takes what assess/record.py gave, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cmkmigrate.render.audit import around as around_audit
from cmkmigrate.render.text import csv_lines, json_document, json_line, plain, plural
from cmkmigrate.render.text import table as columns

FEATURES: Final = ("managed_services", "managed_disks", "dbfs_root")
COLUMNS: Final = (
    "subscription", "workspace", "name", "location", "sku", *FEATURES, "remedy", "needs", "reasons", "steps",
    "commands", "blockers", "rights", "missing_rights", "grants", "size", "objects", "hours", "size_reason", "owned_by",
)  # fmt: skip
NO_SIGN: Final = "no sign seen"
Record = Mapping[str, Any]
Row = Mapping[str, Any]


def table(record: Record) -> Iterator[str]:
    """The assessment for people: a line for each workspace, then what is to be done, workspace by workspace."""
    shown = [
        (one["name"], one["location"], *(one["features"][name] for name in FEATURES), one["remedy"],
         ", ".join(step["code"] for step in one["blockers"]) or "-", size(one), one["rights"]["state"], owner(one))
        for one in record["workspaces"]
    ]  # fmt: skip
    if shown:
        head = ("workspace", "region", "services", "disks", "root", "remedy", "blockers", "size", "rights", "owned by")
        yield from columns(head, shown)
        yield ""
    for one in record["workspaces"]:
        if lines := list(_details(one)):
            yield f"{plain(one['name'])}: {one['remedy']}"
            yield from lines
            yield ""
    yield from around(record)
    yield summary(record)


def _details(one: Row) -> Iterator[str]:
    if not one["needs"]:
        return
    for reason in one["reasons"]:
        yield f"  why: {plain(reason)}"
    for step in one["blockers"]:
        yield from _step("in the way", step)
    yield from (f"  missing right: {right['action']} on {plain(right['scope'])}" for right in one["rights"]["missing"])
    yield from (f"  $ {plain(command)}" for command in one["rights"]["commands"])
    if one["rights"]["state"] == "unknown":
        yield f"  rights: unknown: {plain(one['rights']['reason'])}"
    for sign in one["owners"]:
        yield f"  owned by {plain(sign['tool'])}: {plain(sign['seen'])}"
    if one["size"]["reason"]:
        yield f"  size: {one['size']['state']}: {plain(one['size']['reason'])}"
    if one["size"]["command"]:
        yield f"  $ {plain(one['size']['command'])}"
    for step in one["steps"]:
        yield from _step("to do", step)


def _step(title: str, step: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {title}: {plain(step['text'])}"
    if step["command"]:
        yield f"  $ {plain(step['command'])}"


def around(record: Record) -> Iterator[str]:
    """What is no workspace: subscriptions out of sight, entries that fit nothing, what was not asked."""
    yield from around_audit({**record, "orphaned": (), "storage_gaps": ()})
    if record["orphaned"]:
        yield f"! {plural(record['orphaned'], 'managed group')} of workspaces that are gone: see the audit"
    if not record["contents"] and record["workspaces"]:
        yield "Contents were not counted: --contents signs in to the workspaces and lists what they hold."


def summary(record: Record) -> str:
    """One line: how many need what."""
    counts = ", ".join(f"{number} {remedy}" for remedy, number in record["counts"].items() if number) or "no workspace"
    where = plural(len(record["population"]), "subscription")
    return f"Assessment: {plural(len(record['workspaces']), 'workspace')} in {where}: {counts}; {needing(record)}"


def needing(record: Record) -> str:
    """How many need something, in words."""
    return f"{record['needing']} {'needs' if record['needing'] == 1 else 'need'} something"


def size(one: Row) -> str:
    """Objects and hours in one cell."""
    said = one["size"]
    if said["state"] in ("not asked", "unknown"):
        return str(said["state"])
    least = "at least " if said["state"] == "at least" else ""
    return f"{least}{plural(said['objects'], 'object')}, {time(said['hours'])}"


def time(hours: float) -> str:
    """Hours as people say them; what is under a tenth of an hour is minutes."""
    return f"{max(1, round(hours * 60))} min" if hours < 1 else f"{hours:.1f} h"


def owner(one: Row) -> str:
    """The tools of which a sign was seen."""
    return ", ".join(dict.fromkeys(sign["tool"] for sign in one["owners"])) or NO_SIGN


def document(record: Record) -> str:
    """The assessment as one JSON document (docs/assess.schema.json)."""
    return json_document(record)


def lines(record: Record) -> Iterator[str]:
    """The assessment as JSON lines, the count last."""
    for one in record["workspaces"]:
        yield json_line({"type": "workspace", **one})
    for one in record["population"]:
        yield json_line({"type": "population", **one})
    yield json_line({"type": "summary", "schema": record["schema"], "needing": record["needing"]})


def csv(record: Record) -> Iterator[str]:
    """The workspaces for a spreadsheet; what is no workspace is not in it (`around`, and the exit code)."""
    yield from csv_lines(COLUMNS, ([_cells(one)[name] for name in COLUMNS] for one in record["workspaces"]))


def _cells(one: Row) -> dict[str, Any]:
    rights, said = one["rights"], one["size"]
    return {
        **one,
        **one["features"],
        "needs": "yes" if one["needs"] else "no",
        "reasons": "; ".join(one["reasons"]),
        "steps": "; ".join(step["text"] for step in one["steps"]),
        "commands": "\n".join(step["command"] for step in one["steps"] if step["command"]),
        "blockers": "; ".join(f"{step['code']}: {step['text']}" for step in one["blockers"]),
        "rights": rights["state"],
        "missing_rights": "; ".join(f"{right['action']} on {right['scope']}" for right in rights["missing"]),
        "grants": "\n".join(rights["commands"]),
        "size": said["state"],
        "objects": said["objects"] if said["hours"] is not None else "",
        "hours": said["hours"] if said["hours"] is not None else "",
        "size_reason": said["reason"],
        "owned_by": "; ".join(f"{sign['tool']} ({sign['seen']})" for sign in one["owners"]) or NO_SIGN,
    }
