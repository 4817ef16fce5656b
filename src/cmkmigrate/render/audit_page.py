"""An audit as one HTML page that needs nothing else: no script, nothing remote, everything escaped.

The same data stand in the page as JSON (`<script type="application/json">`, which no browser runs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cmkmigrate.render.audit import key_of, seen
from cmkmigrate.render.page import rendered
from cmkmigrate.render.report import FEATURES

TEMPLATE: Final = "audit.html"
STYLE: Final = "audit.css"
# A sign and a word for each verdict: colour only repeats them.
SIGNS: Final = {
    "cmk": ("✓", "good", "under a healthy key of your own"),
    "cmk-future-writes-only": ("◐", "bad", "your key covers what was written since it was put on, and nothing older"),
    "cmk-degraded": ("!", "bad", "your key is set, and something is wrong with it"),
    "platform-key": ("✗", "bad", "under a key of Microsoft"),
    "not-eligible": ("–", "bad", "the plan or the kind of workspace does not offer it"),
    "excepted": ("○", "set", "not under a healthy key, and accepted by a person until a day"),
    "unknown": ("?", "bad", "nobody can tell; no pass"),
}


WORDS: Final = {
    "managed_services": "managed services",
    "managed_disks": "managed disks",
    "dbfs_root": "DBFS root",
    "storage_account": "storage account",
    "orphaned": "leftover group",
}


def page(record: Mapping[str, Any]) -> str:
    """The page for what audit/record.py gave."""
    return rendered(
        TEMPLATE,
        STYLE,
        record=record,
        filters={"key": key_of, "words": WORDS.__getitem__},
        features=FEATURES,
        signs=SIGNS,
        seen=seen(record),
        matrix=matrix(record),
        left=[row for row in record["rows"] if row["verdict"] not in ("cmk", "excepted")],
        excepted=[row for row in record["rows"] if row["owner"]],
    )


def matrix(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each workspace, with its features by name."""
    found: dict[str, dict[str, Any]] = {}
    for row in record["rows"]:
        mine = found.setdefault(row["workspace"].lower(), {"of": row, "features": {}})
        mine["features"][row["feature"]] = row
    return list(found.values())
