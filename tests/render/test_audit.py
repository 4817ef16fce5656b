"""An audit for people and machines."""

from __future__ import annotations

import json
from typing import Any

from cmkmigrate.render import audit as render

POPULATION = [
    {"subscription": "s1", "name": "one", "workspaces": 1, "problem": ""},
    {"subscription": "s2", "name": "", "workspaces": 0, "problem": "403: no"},
]
ROW: dict[str, Any] = dict.fromkeys(render.COLUMNS, "") | {"workspace": "/W", "name": "w", "feature": "dbfs_root"}
ROWS = [
    {**ROW, "verdict": "cmk", "vault_uri": "https://v/", "key_name": "k", "key_version": "1", "note": "n"},
    {**ROW, "verdict": "unknown", "workspace": "/w", "reason": "state Failed"},
]


def test_the_table() -> None:
    lines = [" ".join(line.split()) for line in render.table(POPULATION, ROWS, 2)]
    assert lines[1] == "w dbfs_root cmk https://v/k/1 (n)"
    assert lines[2] == "w dbfs_root unknown state Failed"
    assert lines[-2] == "! subscription s2: could not be read: 403: no"
    assert lines[-1] == (
        "Audit: 1 workspace in 2 subscriptions (1 not readable); features: 1 cmk, 0 platform-key, 1 unknown; 2 findings"
    )


def test_the_other_formats() -> None:
    body = json.loads(render.document(POPULATION, ROWS, 2))
    assert (body["findings"], len(body["rows"]), len(body["population"])) == (2, 2, 2)
    assert [json.loads(line)["type"] for line in render.lines(POPULATION, ROWS, 2)] == [
        "feature",
        "feature",
        "population",
        "population",
        "summary",
    ]
    assert next(render.csv(ROWS)) == ",".join(render.COLUMNS)
    assert len(list(render.csv(ROWS))) == 3
