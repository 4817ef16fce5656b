"""Ledgers of every schema that was released are taken up: a copy first, all or nothing, whenever the process dies.

`golden/schemaN.sql` is what a program of that time wrote; each says where it is from.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from cmkmigrate.errors import Fatal, LockHeld
from cmkmigrate.run import disk, locks, postgres, schema, seal, upgrade
from cmkmigrate.run.ledger import FILE, Ledger, Where
from cmkmigrate.run.postgres import Shared

GOLDEN = Path(__file__).parent / "golden"
NOW = str(schema.SCHEMA_VERSION)
Rows = dict[str, list[tuple[Any, ...]]]


def golden(where: Where, version: int = 1) -> None:
    """Put a ledger of an earlier schema there."""
    script = (GOLDEN / f"schema{version}.sql").read_text("utf-8")
    if isinstance(where, Path):
        where.mkdir(mode=0o700)
        os.close(os.open(where / FILE, os.O_WRONLY | os.O_CREAT, 0o600))
        connection = sqlite3.connect(where / FILE)
        connection.executescript(script)
        connection.close()
        return
    old = sqlite3.connect(":memory:")
    old.executescript(script)
    old.row_factory = sqlite3.Row
    (held,) = (dict(row) for row in old.execute("select * from lock"))
    postgres.create(where, [dict(row) for row in old.execute("select * from meta")], [{**held, "pid": 0}])
    engine = postgres.open_engine(where)
    with engine.begin() as connection:
        for table in schema.metadata.sorted_tables:
            rows = [dict(row) for row in old.execute(f"select * from {table.name}")]
            if rows and table.name not in ("meta", "lock"):
                connection.execute(table.insert(), rows)
        connection.execute(schema.lock.update().values(beat=0.0))
    engine.dispose()
    old.close()


def rows_of(ledger: Ledger) -> Rows:
    """Everything but who holds it, and the number of the schema."""
    found = {
        table.name: sorted(tuple(row) for row in ledger.rows(select(table)))
        for table in schema.metadata.sorted_tables
        if table.name != "lock"
    }
    found["meta"] = [row for row in found["meta"] if row[0] != "schema_version"]
    return found


def copied(where: Where) -> str | None:
    """The number of the schema in the copy that was made; None where there is none."""
    if isinstance(where, Path):
        file = upgrade.copy_of(where, 1)
        if not file.exists():
            return None
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        connection = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
        found = connection.execute("select v from meta where k = 'schema_version'").fetchone()[0]
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("select count(*) from entry").fetchone() == (223,)
        connection.close()
        return str(found)
    engine = postgres.open_engine(where)
    try:
        with engine.connect() as connection:
            name = upgrade.copy_in_state(where, 1)
            if not connection.execute(text("select 1 from pg_namespace where nspname = :n"), {"n": name}).first():
                return None
            assert connection.exec_driver_sql(f'select count(*) from "{name}".entry').scalar() == 223
            found = connection.exec_driver_sql(f"select v from \"{name}\".meta where k = 'schema_version'").scalar()
            return str(found)
    finally:
        engine.dispose()


def test_there_is_a_golden_ledger_of_every_earlier_schema() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"schema{n}.sql" for n in range(1, schema.SCHEMA_VERSION)}
    assert set(upgrade.CHANGES) == set(range(2, schema.SCHEMA_VERSION + 1))


def test_it_is_taken_up_by_who_takes_the_lock(where: Where) -> None:
    golden(where)
    ledger = Ledger.open(where)
    before = rows_of(ledger)
    assert ledger.meta()["schema_version"] == "1" and copied(where) is None, "reading changes nothing"
    with ledger.locked("me"):
        ledger.commit()
    again = Ledger.open(where)
    assert again.meta()["schema_version"] == NOW
    assert rows_of(again) == before and len(before["entry"]) == 223
    assert copied(where) == "1"
    if isinstance(where, Shared):
        assert [one.name for one in postgres.runs(where.url) if one.name.endswith(where.name)] == [where.name]
    with again.locked("me"):
        pass


def test_a_run_that_somebody_is_at_work_on_is_left_alone(where: Where) -> None:
    golden(where)
    ledger = Ledger.open(where)
    with ledger.engine.begin() as connection:
        values = {"host": "elsewhere", "pid": 7, "beat": locks.clock(connection)}
        connection.execute(schema.lock.update().values(values))
    with pytest.raises(LockHeld), ledger.locked("me"):
        raise AssertionError
    assert ledger.meta()["schema_version"] == "1" and copied(where) is None


def test_an_older_program_refuses_what_was_taken_up(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    golden(where)
    with Ledger.open(where).locked("me"):
        pass
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 1)
    with pytest.raises(Fatal, match="a newer cmkmigrate wrote this run"):
        Ledger.open(where)


def test_a_change_of_tables_is_carried_out(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the next schema will have one: on both backends, sealed anew, with the copy of before."""
    golden(where)
    changes = {**upgrade.CHANGES, 3: ("alter table step add column more varchar not null default 'x'",)}
    monkeypatch.setattr(upgrade, "CHANGES", changes)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 3)
    with Ledger.open(where).locked("me"):
        pass
    ledger = Ledger.open(where)
    assert ledger.meta()["schema_version"] == "3"
    assert {row[0] for row in ledger.rows(text("select more from step"))} == {"x"}
    assert copied(where) == "1"


# killed


def killed_at(where: Where, number: int) -> bool:
    """Whether a child that takes the ledger up died at its n-th statement (from 1); otherwise it came to the end."""
    child = os.fork()
    if not child:
        try:
            left = [number]

            def one(*_: Any) -> None:
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)

            make = upgrade.upgrade

            def counted(place: Any, engine: Engine) -> int:
                if isinstance(place, Path):  # every statement, those past SQLAlchemy too
                    engine.dispose()
                    event.listen(engine, "connect", lambda connection, _: connection.set_trace_callback(one))
                else:
                    event.listen(engine, "before_cursor_execute", one)
                    event.listen(engine, "commit", one)
                return make(place, engine)

            upgrade.upgrade = counted
            with Ledger(where).locked("me"):
                os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def kill_everywhere(where: Where, step: int) -> int:
    """Take a golden ledger up, killed at every step-th statement, each time from the start; how many deaths."""
    deaths, number = 0, 1
    while True:
        place: Where = where / str(number) if isinstance(where, Path) else Shared(where.url, f"{where.name}-{number}")
        if isinstance(where, Path):
            where.mkdir(mode=0o700, exist_ok=True)
        golden(place)
        before = rows_of(Ledger(place))
        died = killed_at(place, number)
        ledger = Ledger.open(place)
        version = ledger.meta()["schema_version"]
        assert version in ("1", NOW) and rows_of(ledger) == before
        if isinstance(place, Path):
            with ledger.engine.connect() as connection:
                sealed = [name for (name,) in connection.exec_driver_sql("select name from sqlite_master")]
            assert (seal.TABLE in sealed) == (version == NOW), "the old or the new, never a mixture"
        else:
            assert (copied(place) == "1") == (version == NOW)
        with ledger.engine.begin() as connection:  # whoever died on another host would be waited for
            connection.execute(schema.lock.update().values(beat=0.0, pid=0))
        with ledger.locked("me"):
            pass
        assert Ledger.open(place).meta()["schema_version"] == NOW and copied(place) == "1"
        assert rows_of(Ledger.open(place)) == before
        ledger.engine.dispose()
        if not died:
            return deaths
        deaths, number = deaths + 1, number + step


def test_a_kill_in_the_middle_leaves_the_old_or_the_new(where: Where) -> None:
    assert kill_everywhere(where, 25 if isinstance(where, Path) else 6) >= 2


@pytest.mark.ci
def test_a_kill_at_many_statements_leaves_the_old_or_the_new(where: Where) -> None:
    assert kill_everywhere(where, 3 if isinstance(where, Path) else 1) >= 12


def test_a_copy_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    run = tmp_path / "run"
    golden(run)
    (run / f"{disk.NEW}.copy").write_bytes(b"half")
    with Ledger.open(run).locked("me"):
        pass
    assert copied(run) == "1" and not (run / f"{disk.NEW}.copy").exists()
