"""What has changed since an earlier audit, and which files are no earlier audit."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.audit.delta import changes, load
from cmkmigrate.audit.record import SCHEMA
from cmkmigrate.errors import Mistake
from cmkmigrate.render.audit import table
from cmkmigrate.render.audit_page import page
from tests.audit.estate import OTHER
from tests.cli.transcript import Terminal
from tests.render.audit_record import WORKSPACE, record, row


def body(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return record(rows=list(rows), storage=[], orphaned=[], **more)


def test_new_changed_and_gone() -> None:
    due, done = [{"code": "key-expires-soon"}], [{"code": "key-expired"}]
    other = WORKSPACE + "2"
    old = body(row(), row(feature="managed_disks", verdict="cmk-degraded", causes=due), row(workspace=other, name="w2"))
    new = body(
        row(workspace=WORKSPACE.upper(), verdict="platform-key", causes=[{"code": "no-key"}]),
        row(feature="managed_disks", verdict="cmk-degraded", causes=done),
        row(feature="managed_services"),
    )
    said = [(one["change"], one["name"], one["feature"], one["was"], one["now"]) for one in changes(old, new)]
    assert said == [
        ("changed", "w", "dbfs_root", "cmk", "platform-key (no-key)"),
        ("changed", "w", "managed_disks", "cmk-degraded (key-expires-soon)", "cmk-degraded (key-expired)"),
        ("new", "w", "managed_services", "", "cmk"),
        ("gone", "w2", "dbfs_root", "cmk", ""),
    ]
    assert changes(new, new) == []


@pytest.mark.parametrize(("subscription", "why"), [("s2", "403: no"), ("s3", "no role"), ("s9", "not looked at")])
def test_what_is_not_seen_is_not_gone(subscription: str, why: str) -> None:
    (one,) = changes(body(row(subscription=subscription)), body())
    assert one["change"] == "not seen" and why in one["now"]


def test_accounts_and_leftovers() -> None:
    old, new = record(), record(storage=[{**record()["storage"][0], "verdict": "cmk", "causes": []}], orphaned=[])
    said = {(one["change"], one["feature"]) for one in changes(old, new)}
    assert said == {("changed", "storage_account"), ("gone", "orphaned")}


def test_it_is_shown() -> None:
    told = {"file": "old.json", "ended": "2026-01-01T00:00:00Z", "changes": changes(body(row()), body())}
    for text in ("\n".join(table(record(delta=told))), page(record(delta=told))):
        assert "2026-01-01T00:00:00Z" in text and "gone" in text
    told["changes"] = []
    assert "no change" in "\n".join(table(record(delta=told))) and "Nothing has changed" in page(record(delta=told))


def test_end_to_end(terminal: Terminal) -> None:
    """Nothing has changed on its own; in a part of the subscriptions the rest is not seen."""
    first = terminal("audit -o json --out first.json")
    assert first.code == 3
    same = terminal("audit -o json --since first.json").json["delta"]
    assert same["changes"] == []
    part = terminal(f"audit -o json --since first.json --subscription {OTHER}").json["delta"]["changes"]
    assert part and {one["change"] for one in part} == {"not seen"}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda one: one.update(schema="1.0"), "schema"),
        (lambda one: one.update(type="report"), "no audit"),
        (lambda one: one["rows"].pop(), "its counts"),
        (lambda one: one["rows"][1].update(verdict="cmk"), "counts"),
        (lambda one: one["rows"][0].update(verdict="fine"), "verdict"),
        (lambda one: one["rows"][0].pop("causes"), "causes"),
        (lambda one: one.update(findings=0), "findings"),
        (lambda one: one.pop("storage"), "storage"),
        (lambda one: one.pop("ended"), "ended"),
    ],
)
def test_a_file_that_is_no_such_audit(spoil: Any, why: str, tmp_path: Path) -> None:
    bad = [{"code": "no-key"}]
    one = record(
        rows=[row(), row(feature="managed_disks", verdict="platform-key", causes=bad)], storage=[], orphaned=[]
    )
    one |= {"counts": {"cmk": 1, "platform-key": 1, "unknown": 0}, "findings": 3, "schema": SCHEMA}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(one), "utf-8")
    assert load(path, SCHEMA)["findings"] == 3
    spoiled = copy.deepcopy(one)
    spoil(spoiled)
    path.write_text(json.dumps(spoiled), "utf-8")
    with pytest.raises(Mistake, match="earlier audit") as caught:
        load(path, SCHEMA)
    assert why in str(caught.value) + caught.value.why


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[", "utf-8")
    for name in ("x.json", "none.json"):
        with pytest.raises(Mistake, match="cannot be read"):
            load(tmp_path / name, SCHEMA)
