"""An audit for people and machines."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from cmkmigrate.render import audit as render
from tests.render.audit_record import record, row


def test_the_table() -> None:
    lines = [" ".join(line.split()) for line in render.table(record())]
    assert lines[1] == "w westeurope premium dbfs_root cmk https://v/k/1 (n)"
    assert lines[2] == "w westeurope premium managed_disks unknown state Failed"
    assert lines[5] == "sa westeurope access-connector platform-key under a key of Microsoft"
    assert lines[7:10] == [
        "What mends it, or shows what to do (read each before you paste it):",
        "az resource show --ids /W",
        "az storage account update",
    ]
    assert lines[-6] == "! subscription s2: could not be read: 403: no"
    assert lines[-5] == "! subscription s3: the listing may be cut: no role"
    assert lines[-4].startswith("! orphaned: the managed group left")
    assert lines[-3] == "! storage: the storage accounts of subscription s2 could not be listed: 403"
    assert lines[-2].startswith("! scope file:")
    assert lines[-1] == (
        "Audit: 1 workspace in 3 subscriptions (1 not readable); features: 1 cmk, 0 platform-key, 1 unknown; 5 findings"
    )


def test_the_other_formats() -> None:
    body = json.loads(render.document(record()))
    assert body == record()
    types = [json.loads(line)["type"] for line in render.lines(record())]
    assert types == ["feature"] * 2 + ["storage"] + ["population"] * 3 + ["orphaned", "summary"]
    assert next(render.csv(record())) == ",".join(render.COLUMNS)
    assert len(list(render.csv(record()))) == 4


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(begins: str) -> None:
    """A workspace's name, tags and reasons are other people's words."""
    evil = f"{begins}cmd|' /C calc'!A0"
    body = record() | {"rows": [row(name=evil, reason=evil, owner=evil, key_name=evil, location=evil)]}
    text = "\r\n".join(render.csv(body)) + "\r\n"
    cells, _account = list(csv.DictReader(text.splitlines(keepends=True)))
    assert {cells[one] for one in ("name", "reason", "owner", "key_name", "location")} == {f"'{evil}"}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells.values())


def test_nothing_steers_a_terminal() -> None:
    body: dict[str, Any] = record() | {"rows": [row(name="\x1b[2Jw")], "notes": ["\x1b]0;x\x07"]}
    assert "\x1b" not in "".join(render.table(body))
