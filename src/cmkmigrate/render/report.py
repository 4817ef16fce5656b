"""The report: one HTML page that needs nothing else. No script, nothing remote, everything escaped.

The data stand in the page as JSON too (`<script type="application/json">`, which no browser runs), with `<` escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cmkmigrate.render.page import rendered
from cmkmigrate.render.result import named, reason_of
from cmkmigrate.render.verification import verdict

TEMPLATE: Final = "report.html"
STYLE: Final = "report.css"
FEATURES: Final = {
    "managed_services": "managed services: source and metadata of notebooks, secrets, SQL queries and their history, "
    "credentials for Git",
    "managed_disks": "managed disks: the data disks of classic compute while it runs",
    "dbfs_root": "DBFS root: the workspace's own storage account, with results of jobs and of notebooks",
}
OUTCOMES: Final = ("migrated", "excluded", "unsupported", "failed")
SECTIONS: Final = {  # what was not moved, what needs a person first; any other state is no outcome yet
    "Failed": ("failed", "blocked", "drifted"),
    "Without an outcome yet": (),
    "Unsupported": ("unsupported",),
    "Excluded": ("excluded",),
}


def page(record: Mapping[str, Any], tool: str, now: float) -> str:
    """The page for what engine/record.py gave. now: Unix seconds of its making."""
    return rendered(
        TEMPLATE,
        STYLE,
        record=record,
        filters={"moment": moment, "verdict": _verdict, "indented": _indented},
        tool=tool,
        now=now,
        totals=totals(record["counts"]),
        verified=_verified(record["counts"]),
        outcomes=OUTCOMES,
        left=sections(record["problems"]),
        features=_features(record["posture"]),
        target=_target(record),
        in_place="raw" in record["posture"],
        named=named,
    )


def moment(at: Any) -> str:
    """Unix seconds as people read them, in UTC; "" for none."""
    return datetime.fromtimestamp(float(at), UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def totals(counts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The sums over all kinds."""
    return {name: sum(count[name] for count in counts) for name in ("source", *OUTCOMES, "open")}


def _verified(counts: Sequence[Mapping[str, Any]]) -> int | None:
    """What the last verification found again, of all kinds; None where there was none."""
    numbers = [count["verified"] for count in counts if count["verified"] is not None]
    return sum(numbers) if numbers else None


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True)


def grouped(problems: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was not moved, by kind, state and reason."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in problems:
        group = (one["kind"], one["state"], reason_of(one["kind"], one["reason"]))
        groups.setdefault(group, []).append(named(one["key"], one["name"]))
    return [
        {"kind": kind, "state": state, "reason": why, "names": names} for (kind, state, why), names in groups.items()
    ]


def sections(problems: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The groups below the headings of the page; a heading without any is left out."""
    heading = {state: title for title, states in SECTIONS.items() for state in states}
    found: dict[str, list[dict[str, Any]]] = {title: [] for title in SECTIONS}
    for group in grouped(problems):
        found[heading.get(group["state"], "Without an outcome yet")].append(group)
    return [
        {"title": title, "number": sum(len(group["names"]) for group in groups), "groups": groups}
        for title, groups in found.items()
        if groups
    ]


def _verdict(proof: Mapping[str, Any]) -> str:
    return verdict(proof["clean"], proof["findings"])


def _features(posture: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per feature, with both sides."""
    rows = []
    for feature, about in FEATURES.items():
        sides = {}
        for side in ("source", "target"):
            found = [one for one in posture.get(side) or () if one["feature"] == feature]
            sides[side] = found[0] if found else None
        rows.append({"about": about, **sides})
    return rows


def _target(record: Mapping[str, Any]) -> str:
    for row in record["posture"].get("target") or ():
        return str(row["workspace"])
    params = record["params"]
    return str(params.get("existing_target") or params.get("target") or params.get("target_name") or "")
