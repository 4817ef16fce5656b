"""A ledger that was damaged on disk: it is seen before anything is written, or what is read is what was written.

`pytest tests/run/test_damage.py --junit-xml=FILE` writes down how many of each.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.errors import Fatal, OperatorError, Stopped
from cmkmigrate.model import Event, State
from cmkmigrate.run import mark, schema, seal
from cmkmigrate.run.ledger import FILE, Ledger, insert_entries

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261122
FLIPS, CUTS = 100, 20
ENTRY = {"kind": "notebooks", "of_kind": "directories", "of_key": "/Users/somebody"}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose process was killed: a ledger, a write-ahead log that is not in it yet, a mark."""
    run = tmp_path_factory.mktemp("killed") / "run"
    ledger = Ledger.create(run, {"run": "r1", "params": '{"target": "new"}'})
    keys = [f"/Users/somebody/notebook-{number:03}" for number in range(60)]
    with ledger.locked("me"):
        for side in ("source", "target"):
            insert_entries(ledger, ({**ENTRY, "side": side, "key": key, "id": key[-3:]} for key in keys))
        items = [
            {"step": "s", "kind": "notebooks", "key": key, "side": "target", "pass": 1, "state": State.PLANNED}
            for key in keys
        ]
        ledger.commit(schema.item.insert(), items)
        with ledger.engine.connect() as connection:
            connection.exec_driver_sql("pragma wal_checkpoint(passive)")
        for number, key in enumerate(keys[:40]):
            at = {"step": "s", "kind": "notebooks", "key": key, "side": "target"}
            ledger.set_item({**at, "state": State.INTENT, "lands_by": 1e9 + number / 3}, durable=True)
            ledger.put_event(Event(float(number), "note", key=key, text="something worth telling"))
        ledger.commit()
        copy = tmp_path_factory.mktemp("copy") / "run"
        shutil.copytree(run, copy)
    return copy


@pytest.fixture(scope="module")
def closed(killed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with everything in the ledger's own file."""
    copy = tmp_path_factory.mktemp("closed") / "run"
    shutil.copytree(killed, copy)
    Ledger.open(copy).engine.dispose()
    assert not (copy / f"{FILE}-wal").exists()
    return copy


def content(directory: Path) -> list[Any]:
    """All rows that the tool may read, by every way that it has to them."""
    copy = directory.with_name(f"{directory.name}.read")  # closing takes the log away
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory, copy)
    connection = sqlite3.connect(copy / FILE)
    try:
        tables = [connection.execute(f'select * from "{name}"').fetchall() for name in schema.metadata.tables]
        by_id = "select key from entry indexed by entry_id where side = ? and kind = ? and id = ?"
        tables.append([connection.execute(by_id, (row[0], row[1], row[3])).fetchall() for row in tables_of(connection)])
        open_ones = "select key from item indexed by item_open where step = 's' and kind = 'notebooks' order by key"
        return [*tables, connection.execute(open_ones).fetchall()]
    finally:
        connection.close()


def tables_of(connection: sqlite3.Connection) -> list[Any]:
    return connection.execute("select * from entry").fetchall()


def used(directory: Path) -> None:
    """What every command that writes does first. Raises what stops it."""
    ledger = Ledger.open(directory)
    try:
        with ledger.locked("me"):
            pass
    finally:
        ledger.engine.dispose()


def judged(directory: Path, whole: list[Any], damage: Callable[[Path], None], tmp: Path) -> str:
    """Damage a copy: how it was seen, or "no effect" where what is read is what was written. Raises AssertionError."""
    shutil.rmtree(tmp, ignore_errors=True)
    shutil.copytree(directory, tmp)
    damage(tmp)
    try:
        ledger = Ledger.open(tmp)
        ledger.engine.dispose()
        found = content(tmp)
        used(tmp)
    except OperatorError as error:
        assert error.exit_code in (5, 7) and error.next and error.subject, vars(error)
        return error.what
    assert found == whole, "it was read, and is not what was written"
    return "no effect"


def flip(name: str, at: float, bit: int) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        data = bytearray((directory / name).read_bytes())
        data[int(at * len(data))] ^= 1 << bit
        (directory / name).write_bytes(data)

    return damage


@pytest.mark.parametrize("which", ["closed", pytest.param("killed", marks=pytest.mark.ci)])
def test_every_flipped_bit_is_seen_or_has_no_effect(
    which: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None], tmp_path: Path
) -> None:
    directory: Path = request.getfixturevalue(which)
    chance = random.Random(SEED)
    whole, seen = content(directory), Counter[str]()
    names = [FILE] if which == "closed" else [FILE, f"{FILE}-wal", f"{FILE}-wal", f"{FILE}-shm", mark.FILE]
    for number in range(FLIPS):
        damage = flip(names[number % len(names)], chance.random(), chance.randrange(8))
        seen[judged(directory, whole, damage, tmp_path / "run")] += 1
    record_property(which, dict(seen))
    assert seen.total() == FLIPS and seen["no effect"] < 0.8 * FLIPS


def test_a_letter_that_changed_in_a_value_is_seen(closed: Path, tmp_path: Path) -> None:
    def damage(directory: Path) -> None:
        data = (directory / FILE).read_bytes()
        (directory / FILE).write_bytes(data.replace(b"something worth telling", b"something worth felling", 1))

    assert judged(closed, content(closed), damage, tmp_path / "run") == "the ledger is damaged"
    connection = sqlite3.connect(tmp_path / "run" / FILE)
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)], "which SQLite does not see"
    connection.close()


@pytest.mark.parametrize("which", ["closed", "killed"])
def test_every_cut_is_seen_or_has_no_effect(
    which: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None], tmp_path: Path
) -> None:
    directory: Path = request.getfixturevalue(which)
    whole, seen = content(directory), Counter[str]()
    for number in range(CUTS):
        name = f"{FILE}-wal" if which == "killed" and number % 2 else FILE

        def cut(place: Path, name: str = name, share: float = number / CUTS) -> None:
            os.truncate(place / name, int((place / name).stat().st_size * share))

        seen[judged(directory, whole, cut, tmp_path / "run")] += 1
    record_property(which, dict(seen))
    if which == "closed":
        assert seen == {"the ledger is damaged": CUTS}
    assert seen["no effect"] <= 1, "what was lost is missed"


def test_a_log_that_is_gone_is_missed(killed: Path, tmp_path: Path) -> None:
    def damage(directory: Path) -> None:
        (directory / f"{FILE}-wal").unlink()

    assert judged(killed, content(killed), damage, tmp_path / "a").startswith("the ledger is")


def test_a_log_that_went_while_the_ledger_is_whole_is_missed(closed: Path, tmp_path: Path) -> None:
    """A power loss, or somebody who tidied up: the ledger is as it was a while ago, and says nothing."""
    old, run = tmp_path / "old", tmp_path / "run"
    shutil.copytree(closed, run)
    shutil.copytree(closed, old)
    ledger = Ledger.open(run)
    with ledger.locked("me"):
        ledger.set_meta("x", "y")
    ledger.engine.dispose()
    shutil.copy(old / FILE, run / FILE)
    with pytest.raises(Fatal, match="older than what was written") as caught:
        used(run)
    assert "state repair" in caught.value.next
    (run / mark.FILE).unlink()
    with pytest.raises(Fatal, match="older than what was written"):
        used(run)


def test_the_index_of_the_log_is_made_anew(killed: Path, tmp_path: Path) -> None:
    def damage(directory: Path) -> None:
        (directory / f"{FILE}-shm").unlink()

    assert judged(killed, content(killed), damage, tmp_path / "run") == "no effect"


def test_an_empty_file(closed: Path, tmp_path: Path) -> None:
    def damage(directory: Path) -> None:
        (directory / FILE).write_bytes(b"")

    assert judged(closed, [], damage, tmp_path / "run") == "the ledger is damaged"
    assert (tmp_path / "run" / FILE).stat().st_size == 0, "nothing is written to it"


def test_a_database_of_another_program(closed: Path, tmp_path: Path) -> None:
    def damage(directory: Path) -> None:
        (directory / FILE).unlink()
        connection = sqlite3.connect(directory / FILE)
        connection.execute("create table bookmarks (url text)")
        connection.commit()
        connection.close()

    assert judged(closed, [], damage, tmp_path / "run") == "the ledger is damaged"


def test_what_may_not_be_written(closed: Path, tmp_path: Path) -> None:
    """As the owner without a right to write; root is first deprived of its power to write all the same."""
    run = tmp_path / "run"
    shutil.copytree(closed, run)
    (run / FILE).chmod(stat.S_IRUSR)
    (run / mark.FILE).chmod(stat.S_IRUSR)
    run.chmod(0o500)
    code = "import sys; from pathlib import Path; from tests.run.test_damage import used; used(Path(sys.argv[1]))"
    weak = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    found = subprocess.run([*weak, sys.executable, "-c", code, str(run)], capture_output=True, text=True, cwd=ROOT)
    run.chmod(0o700)
    assert "Unwritable: the ledger cannot be written" in found.stderr, found.stderr
    assert content(run) == content(closed)


def test_a_table_that_was_changed_behind_the_seal(closed: Path, tmp_path: Path) -> None:
    def damage(directory: Path) -> None:
        connection = sqlite3.connect(directory / FILE)
        connection.execute("drop trigger seal_item_update")
        connection.execute("update item set ours = 1")
        connection.commit()
        connection.close()

    assert judged(closed, content(closed), damage, tmp_path / "run") == "the ledger is damaged"


def test_nobody_writes_past_the_seal(closed: Path, tmp_path: Path) -> None:
    shutil.copytree(closed, tmp_path / "run")
    connection = sqlite3.connect(tmp_path / "run" / FILE)
    with pytest.raises(sqlite3.OperationalError, match=seal.FUNCTION):
        connection.execute("update item set ours = 1")
    connection.close()


def test_stopped_says_what_to_do(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "run", {"run": "r"})
    with ledger.engine.connect() as connection:
        pages = int(connection.exec_driver_sql("pragma page_count").scalar() or 0)
    ledger.engine.dispose()

    from sqlalchemy import event

    @event.listens_for(ledger.engine, "connect")
    def small(connection: Any, _: Any) -> None:
        connection.execute(f"pragma max_page_count = {pages + 2}")

    with pytest.raises(Stopped) as caught, ledger.locked("me"):
        for number in range(2000):
            ledger.put_event(Event(float(number), "note", text="x" * 1000))
        ledger.commit()
    error = caught.value
    assert (error.what, error.exit_code) == ("the ledger cannot be written", 5)
    assert "disk is full" in error.why and f"resume {ledger.directory}" in error.next
    ledger.engine.dispose()
    used(ledger.directory)
