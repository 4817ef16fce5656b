"""The ledger on disk: who may read it, which ledgers are refused, what is written once."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cmkmigrate.errors import Fatal, LockHeld
from cmkmigrate.model import Event, State
from cmkmigrate.run import ledger as module
from cmkmigrate.run import mark, schema
from cmkmigrate.run.ledger import FILE, Ledger, Where, has_run, insert_entries
from tests.backends import seen

ITEM = {"step": "s", "kind": "k", "side": "target", "pass": 1, "state": State.PLANNED}
ENTRY = {"side": "source", "kind": "k", "id": "1"}


@pytest.fixture
def ledger(where: Where) -> Iterator[Ledger]:
    made = Ledger.create(where, {"run": "r1"})
    yield made
    made.engine.dispose()


@pytest.fixture
def on_disk(tmp_path: Path) -> Ledger:
    """A run in a folder; what PostgreSQL has instead is in test_postgres.py."""
    return Ledger.create(tmp_path / "on-disk" / "run", {"run": "r1"})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# on disk


def test_only_the_owner_can_read_a_run(on_disk: Ledger) -> None:
    with on_disk.locked("me"):
        on_disk.set_meta("x", "y")
        files = sorted(on_disk.directory.iterdir())
        assert mode(on_disk.directory) == 0o700
        assert [path.name for path in files] == [FILE, f"{FILE}-shm", f"{FILE}-wal", mark.FILE]
        assert {mode(path) for path in files} == {0o600}


def test_a_scratch_ledger_is_private_and_goes_away() -> None:
    with Ledger.scratch() as scratch:
        folder = scratch.directory
        assert (mode(folder), mode(folder / FILE)) == (0o700, 0o600)
        scratch.set_meta("x", "y")
    assert not folder.exists()


def test_a_scratch_ledger_knows_what_another_knows_and_changes_nothing_there(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.set_meta("x", "y")
    with Ledger.scratch(ledger) as scratch:
        assert scratch.meta()["x"] == "y"
        scratch.set_meta("x", "z")
    assert ledger.meta()["x"] == "y"


# what is refused


def refused(path: Where, call: Callable[[Any], Any] = Ledger.open) -> Fatal:
    with pytest.raises(Fatal) as caught:
        call(path)
    return caught.value


def test_no_run_is_made_over_a_run(ledger: Ledger) -> None:
    with pytest.raises(LockHeld, match="somebody else has begun a run "):
        Ledger.create(ledger.where, {"run": "r2"})
    assert Ledger.open(ledger.where).meta()["run"] == "r1"


def test_where_there_is_no_run(tmp_path: Path) -> None:
    assert refused(tmp_path).what == refused(tmp_path / "gone").what == "there is no run here"
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_of_a_newer_tool_is_refused(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.set_meta("schema_version", str(schema.SCHEMA_VERSION + 1))
    error = refused(ledger.where)
    assert error.what == "a newer cmkmigrate wrote this run"
    assert error.why == f"its schema is {schema.SCHEMA_VERSION + 1}, this one knows {schema.SCHEMA_VERSION}"


def test_a_ledger_without_a_readable_version_is_damaged(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.set_meta("schema_version", "one")
    assert refused(ledger.where).what == "the ledger is damaged"


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
def test_what_is_no_database_is_damaged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert refused(tmp_path).what == "the ledger is damaged"


@pytest.mark.parametrize(("page", "at", "size"), [(50, 0, 8192), (50, 8, 40), (20, 3000, 50)])
def test_a_database_with_a_hole_in_it_is_damaged(page: int, at: int, size: int, on_disk: Ledger) -> None:
    with on_disk.locked("me"):
        insert_entries(on_disk, ({**ENTRY, "key": f"{n:05}", "name": "x" * 100} for n in range(2000)))
    on_disk.engine.dispose()
    file = on_disk.directory / FILE
    connection = sqlite3.connect(file)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    data = bytearray(file.read_bytes())
    hole = page * 4096 + at
    assert len(data) > hole + size
    data[hole : hole + size] = bytes(size)
    file.write_bytes(data)
    assert refused(on_disk.directory).what == "the ledger is damaged"


def test_it_is_written_only_while_it_is_locked(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="only while it is locked"):
        ledger.set_meta("x", "y")
    with ledger.locked("me"):
        ledger.set_meta("x", "y")
    with pytest.raises(RuntimeError, match="only while it is locked"):
        ledger.send(schema.meta.delete())
    assert ledger.meta()["x"] == "y"


# what is written, and read


def test_an_original_is_written_once(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.put_originals("jobs", "1", {"pause": json.dumps("UNPAUSED")})
        ledger.put_originals("jobs", "1", {"pause": json.dumps("PAUSED"), "idle": "3"})
        ledger.put_originals("jobs", "2", {})
    kept = {(row.kind, row.key, row.path): row.value for row in Ledger.open(ledger.where).rows(select(schema.original))}
    assert kept == {("jobs", "1", "pause"): '"UNPAUSED"', ("jobs", "1", "idle"): "3"}


def test_an_item_is_changed_in_the_named_columns_alone(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.commit(schema.item.insert(), [{**ITEM, "key": key, "reason": "kept"} for key in "ab"])
        key = {"step": "s", "kind": "k", "key": "a", "side": "target"}
        ledger.set_item({**key, "state": State.INTENT, "lands_by": 5.0}, durable=True)
        rows = {row.key: row for row in ledger.rows(select(schema.item))}
    assert (rows["a"].state, rows["a"].lands_by, rows["a"].reason) == (State.INTENT, 5.0, "kept")
    assert (rows["b"].state, rows["b"].lands_by) == (State.PLANNED, 0.0)
    assert rows["a"].at > rows["b"].at == 0.0


def test_a_durable_intent_is_on_disk_when_it_returns(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.commit(schema.item.insert(), [{**ITEM, "key": "a"}])
        key = {"step": "s", "kind": "k", "key": "a", "side": "target"}
        ledger.set_item({**key, "state": State.INTENT, "lands_by": 7.0}, durable=True)
        assert seen(ledger, "select state, lands_by from item") == [("intent", 7.0)]
        assert (ledger.last_intent("s", "k"), ledger.last_intent("s", "other")) == (7.0, 0.0)


def test_a_page_at_a_time_gives_every_row_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 7)
    with ledger.locked("me"):
        insert_entries(ledger, ({**ENTRY, "key": f"{n:02}"} for n in range(21)))
        e = schema.entry.c
        found = []
        for row in ledger.pages(select(schema.entry).where(e.kind == "k"), (e.key,)):
            found.append(row.key)
            if row.key == "10":  # somebody writes while it is read
                ledger.commit(schema.entry.delete().where(e.key == "15"))
    assert found == [f"{n:02}" for n in range(21) if n != 15]


def test_an_entry_that_is_listed_again_replaces_what_was_known(ledger: Ledger) -> None:
    with ledger.locked("me"):
        insert_entries(ledger, [{**ENTRY, "key": "a", "hint": "1"}])
        insert_entries(ledger, [{**ENTRY, "key": "a", "id": "2"}, {**ENTRY, "key": "b"}])
    assert [(row.key, row.id, row.hint) for row in ledger.rows(select(schema.entry))] == [
        ("a", "2", ""),
        ("b", "1", ""),
    ]


def test_events(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.put_event(Event(1.0, "note", kind="k", text="hello"))
        ledger.commit()
    assert [(row.what, row.text) for row in ledger.rows(select(schema.event))] == [("note", "hello")]


def test_a_run_that_never_began_leaves_nothing(ledger: Ledger) -> None:
    assert ledger.forget_unused()
    assert not has_run(ledger.where)
    assert not isinstance(ledger.where, Path) or not ledger.where.exists()


def test_a_run_that_has_begun_is_kept(ledger: Ledger) -> None:
    with ledger.locked("me"):
        ledger.commit(
            schema.step.insert(), [{"id": "vault", "pass": 1, "state": "running", "reason": "", "outputs": "{}"}]
        )
    assert not ledger.forget_unused()
    assert ledger.meta()["run"] == "r1"


def test_keys_come_in_the_order_of_their_bytes(ledger: Ledger) -> None:
    """A folder before what is in it, and capitals first: not as a dictionary has them."""
    keys = ["/a", "/a b", "/a/b", "/B", "/ä", "/a-b", "a", "Z", "~1", "\U0001f600", "\uffee"]
    e = schema.entry.c
    with ledger.locked("me"):
        insert_entries(ledger, ({**ENTRY, "key": key} for key in keys))
    assert [row.key for row in ledger.pages(select(schema.entry), (e.key,))] == sorted(keys)


def test_any_text_and_any_number_comes_back(ledger: Ledger) -> None:
    texts = ["", "\0", "a\0b\ue000\ue0000", "%s %(x)s %%", "'\"\\", "\U0001f600"]
    e = schema.entry.c
    with ledger.locked("me"):
        insert_entries(ledger, ({**ENTRY, "key": text, "name": text, "seen": 2**62} for text in texts))
        ledger.set_meta("text", "".join(texts))
    assert {(row.key, row.name, row.seen) for row in ledger.rows(select(schema.entry))} == {
        (t, t, 2**62) for t in texts
    }
    assert [row.name for row in ledger.rows(select(schema.entry).where(e.key == texts[2]))] == [texts[2]]
    assert ledger.meta()["text"] == "".join(texts)


def test_a_row_that_comes_twice_in_one_batch_is_written_once(ledger: Ledger) -> None:
    with ledger.locked("me"):
        insert_entries(ledger, [{**ENTRY, "key": "a", "hint": hint} for hint in "12"])
    assert [row.hint for row in ledger.rows(select(schema.entry))] == ["2"]


def test_what_is_asked_needs_no_lock(ledger: Ledger) -> None:
    with ledger.locked("me"):
        other = Ledger.open(ledger.where)
        other.ask({"pause": "ann", "parallelism": "3"})
        other.ask({"pause": ""})
        assert {ledger.meta()[f"ask.{name}"] for name in ("pause", "parallelism")} == {"", "3"}
        ledger.set_meta("x", "y")
    assert ledger.meta()["x"] == "y"
