"""The ledger: opening it, reading it, and the few ways in which it is written.

Readers use connections of their own and see every commit. Where it is: disk.py, postgres.py.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, Table, case, func, select
from sqlalchemy.exc import DatabaseError

from cmkmigrate.errors import Fatal, Stopped
from cmkmigrate.model import Event, State
from cmkmigrate.run import disk, locks, mark, postgres, schema, seal, statements, trouble, upgrade
from cmkmigrate.run.disk import FILE as FILE
from cmkmigrate.run.postgres import Shared
from cmkmigrate.run.writer import Writer

EARLIER = "earlier"  # in meta: playbook and parameters of the passes before this one
PAGE = 500  # rows a reader holds at a time
Where = Path | Shared  # of a run: its folder, or its name in the shared state
_EVENT = schema.event.insert()


class Ledger:
    """One run, in a folder or in the shared state. Reading needs no lock; writing needs `locked()`.

    directory: what commands call it, a name without a folder where it is shared. Every use of a shared one can raise
    Stopped, NotAllowed, Blocked and Fatal (`postgres.told`).
    """

    def __init__(self, where: Where, *, scratch: bool = False) -> None:
        self.where, self._scratch = where, scratch
        self.directory = where if isinstance(where, Path) else Path(where.name)
        again = disk.AGAIN if scratch else ""
        self.engine = (
            disk.open_engine(where / FILE, again=again) if isinstance(where, Path) else postgres.open_engine(where)
        )
        self._reader = self.engine.execution_options(reading=True)
        if isinstance(where, Shared):
            self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._ahead: float | None = None  # of this process's monotonic clock
        self.writer: Writer | None = None
        self._opened = self.now()
        new = isinstance(where, Path) and not (where / FILE).stat().st_size
        self.number = 1 if new else int(self.meta().get("pass", "1"))

    @classmethod
    def create(cls, directory: Where, meta: Mapping[str, str]) -> Ledger:
        """A new run. The directory is made (0700); Fatal when it holds something else, or others can write to it;
        LockHeld when somebody else was faster.

        Killed at any moment, it leaves a whole ledger, or none and a file that the next try takes away.
        """
        rows = [{"k": key, "v": value} for key, value in {**meta, "schema_version": str(schema.SCHEMA_VERSION)}.items()]
        held = []  # by whoever begins it, from its first moment
        if meta.get("begun_by"):
            host = locks.here(isinstance(directory, Shared))
            by = {"one": 1, "token": 1, "holder": meta["begun_by"], "host": host, "pid": os.getpid()}
            held.append({**by, "beat": time.time()})
        if isinstance(directory, Shared):
            postgres.create(directory, rows, held)
            return cls(directory)
        disk.create(directory, rows, held)
        return cls(directory)

    @classmethod
    def open(cls, directory: Where) -> Ledger:
        """The run in `directory`. Fatal when there is none, it is damaged, newer than this tool, or open to others.

        All of a file is read, and held against its seal: a minute for some ten million rows.
        """
        if not has_run(directory):
            raise Fatal(
                "there is no run here", subject=str(directory), next="cmkmigrate apply PLAYBOOK --run DIR starts one"
            )
        if isinstance(directory, Path):
            disk.check_private(directory)
        try:
            if isinstance(directory, Path):
                trouble.check_header(directory / FILE)
            ledger, broken = cls(directory), dict[str, str]()
            version = int(ledger.meta().get("schema_version", "0"))
            if isinstance(directory, Path) and version <= schema.SCHEMA_VERSION:  # a server sees to its own pages
                with ledger.engine.connect() as connection:
                    broken = seal.broken(disk.raw(connection))
        except (DatabaseError, sqlite3.DatabaseError, ValueError) as error:
            raise trouble.damaged(directory, str(getattr(error, "orig", error))) from None
        if broken:
            raise trouble.damaged(directory, "; ".join(f"{name}: {why}" for name, why in broken.items()))
        if version > schema.SCHEMA_VERSION:
            why = f"its schema is {version}, this one knows {schema.SCHEMA_VERSION}"
            raise Fatal(
                "a newer cmkmigrate wrote this run", subject=str(directory), why=why, next="finish it with that version"
            )
        return ledger

    @classmethod
    @contextmanager
    def scratch(cls, like: Ledger | None = None) -> Iterator[Ledger]:
        """A ledger that is thrown away: for plan and verify, which write nothing. `like`: a copy of what that knows."""
        folder = Path(tempfile.mkdtemp(prefix="cmkmigrate-"))
        try:
            os.close(os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            if like and isinstance(like.where, Path):
                with like.engine.connect() as connection, closing(sqlite3.connect(folder / FILE)) as target:
                    disk.raw(connection).backup(target)
                    seal.remove(target)
            ledger = cls(folder, scratch=True)
            schema.metadata.create_all(ledger.engine)
            ledger.writer = Writer(ledger.engine, 0)
            try:
                if like and isinstance(like.where, Shared):
                    ledger._copy(like)
                yield ledger
            finally:
                ledger.writer.close()
                ledger.engine.dispose()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def locked(self, holder: str, *, force: bool = False) -> Iterator[None]:
        """Hold the run and write to it. Raises LockHeld, Fatal where commits are missing, Stopped where there is no
        room."""
        on_disk, kept = isinstance(self.where, Path), None
        if on_disk:
            with self.engine.connect() as connection:
                mark.check(self.directory, disk.raw(connection))
        token = locks.take(self.engine, holder, force=force)
        try:
            upgrade.upgrade(self.where, self.engine)
            if on_disk:
                with self.engine.connect() as connection:
                    kept = mark.Mark(self.directory, disk.raw(connection))
            self.writer = Writer(self.engine, token, kept)
            yield
        finally:
            if self.writer is not None:
                self.writer.close()
            self.writer = None
            if kept:
                kept.close()
            with suppress(Stopped):  # a server that is gone, a disk that is full: the lock is stale by itself later
                locks.release(self.engine, token)

    def _copy(self, like: Ledger) -> None:
        """Write down all that another ledger knows, as it was at one moment."""
        with like.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            for table in schema.metadata.sorted_tables:
                for page in connection.execution_options(yield_per=PAGE).execute(select(table)).mappings().partitions():
                    self.send(table.insert(), [dict(row) for row in page])
        self.commit()
        self.number = like.number

    # reading

    def now(self) -> float:
        """The time (Unix seconds) that the run is told in: on disk, it begins at this machine's clock, or after what
        the ledger was told last; where several hosts see the ledger it is its server's, so that no request counts as
        landed because two clocks differ. It never goes back and never jumps, whatever is done to a clock meanwhile."""
        if self._ahead is None:
            self._ahead = self._begun_at() - time.monotonic()
        return self._ahead + time.monotonic()

    def _begun_at(self) -> float:
        if not isinstance(self.where, Path):
            with self._reader.connect() as connection:
                return locks.clock(connection)
        i, e, b = schema.item.c, schema.entry.c, schema.lock.c
        latest = select(*(select(func.max(one)).scalar_subquery() for one in (i.at, e.seen, b.beat)))
        try:
            written, seen, beat = (float(one or 0.0) for one in self.first(latest))
        except DatabaseError:  # a ledger that is thrown away, and has no tables yet
            written = seen = beat = 0.0
        return max(time.time(), written, seen / 1e9, beat)

    def now_ns(self) -> int:
        """`now` in nanoseconds."""
        return int(self.now() * 1e9)

    def meta(self) -> dict[str, str]:
        try:
            return {row.k: row.v for row in self.rows(select(schema.meta))}
        except DatabaseError:
            if not self._scratch:
                raise
            return {}

    def rows(self, statement: Any, values: Mapping[str, Any] | None = None) -> list[Any]:
        with self._reader.connect() as connection:
            return list(connection.execute(statement, values or {}))

    def first(self, statement: Any, values: Mapping[str, Any] | None = None) -> Any:
        with self._reader.connect() as connection:
            return connection.execute(statement, values or {}).first()

    def pages(self, statement: Any, keys: tuple[Any, ...]) -> Iterator[Any]:
        """The rows of `statement` in the order of `keys`, a page at a time, so that writers are never kept waiting."""
        ordered = statement.order_by(*keys).limit(PAGE)
        last: tuple[Any, ...] | None = None
        while True:
            from sqlalchemy import tuple_

            page = self.rows(ordered if last is None else ordered.where(tuple_(*keys) > tuple_(*last)))
            yield from page
            if len(page) < PAGE:
                return
            last = tuple(getattr(page[-1], key.name) for key in keys)

    def begun(self) -> bool:
        """Whether a step of this run has ever begun."""
        return bool(self.rows(select(schema.step.c.id).limit(1)))

    def forget_unused(self) -> bool:
        """Remove the run if no step of it has ever begun; whether it was removed."""
        if self.begun():
            return False
        self.engine.dispose()
        if isinstance(self.where, Shared):
            postgres.drop(self.where)
            return True
        disk.remove(self.directory)
        return True

    def unfinished(self) -> bool:
        """Whether this run has not come to its end."""
        return self.meta().get("finished", "") == ""

    # writing

    def _writer(self) -> Writer:
        if self.writer is None:
            raise RuntimeError("the ledger is written only while it is locked")
        return self.writer

    def send(self, statement: Executable, rows: Any = None) -> None:
        self._writer().send(statement, rows)

    def commit(self, statement: Executable | None = None, rows: Any = None) -> None:
        self._writer().commit(statement, rows)

    def upsert(self, table: Table) -> Any:
        """An INSERT that can say what happens to a row that is there. One statement, one row: PostgreSQL refuses to
        touch a row twice in a statement."""
        return statements.upsert(table, self.engine.dialect.name)

    def set_meta(self, key: str, value: str) -> None:
        self.set_metas({key: value})

    def set_metas(self, values: Mapping[str, str]) -> None:
        """All of them, or none: they are one commit."""
        statement = self.upsert(schema.meta)
        statement = statement.on_conflict_do_update(index_elements=["k"], set_={"v": statement.excluded.v})
        self.commit(statement, [{"k": key, "v": value} for key, value in values.items()])

    def ask(self, changes: Mapping[str, str]) -> None:
        """Ask something of whoever holds the run, or take it back (""); needs no lock, and touches nothing else."""
        with self.engine.connect().execution_options(immediate=True) as connection:
            for name, value in sorted(changes.items()):  # in one order: two who ask cannot wait for each other
                statement = self.upsert(schema.meta).values(k=f"{locks.ASK}{name}", v=value)
                connection.execute(statement.on_conflict_do_update(index_elements=["k"], set_={"v": value}))
            connection.commit()

    def set_item(self, row: Mapping[str, Any], *, durable: bool = False) -> None:
        """Write the columns of `row` (its key and what changes). durable: return only when it is on disk."""
        values = {f"new_{name}": value for name, value in {**row, "at": self.now()}.items()}
        statement = statements.item_update(tuple(sorted(values)))
        self.commit(statement, values) if durable else self.send(statement, values)

    def put_originals(self, kind: str, key: str, values: Mapping[str, str]) -> None:
        """Keep what was there, durably; what is already kept stays as it is."""
        rows = [{"kind": kind, "key": key, "path": path, "value": value} for path, value in values.items()]
        if rows:
            self.commit(statements.keep(self.engine.dialect.name), rows)

    def put_event(self, one: Event) -> None:
        row = {"at": one.at, "what": one.what, "step": one.step, "kind": one.kind}
        self.send(_EVENT, {**row, "key": one.key, "state": one.state, "text": one.text})

    def last_intent(self, step: str, kind: str) -> float:
        """Until when (`now`) a request of an item without a result may still land; 0.0: there is none.

        What a process before this one has sent is waited for in full, from when the ledger was opened: the clock may
        have been set forward since."""
        i, opened = schema.item.c, self._opened
        lands_by = case((i.at < opened, opened + i.lands_by - i.at), else_=i.lands_by)
        statement = select(func.max(lands_by)).where(i.step == step, i.kind == kind, i.state == State.INTENT)
        return float(self.first(statement)[0] or 0.0)


def has_run(where: Where) -> bool:
    """Whether there is a run. Raises what a shared state can raise."""
    return (where / FILE).is_file() if isinstance(where, Path) else postgres.exists(where)


def insert_entries(ledger: Ledger, rows: Iterable[Mapping[str, Any]], *, wait: bool = True) -> None:
    """Add listed entries; the same (side, kind, key) again replaces the row. wait: return when it is durable."""
    statement = statements.entry_upsert(ledger.engine.dialect.name)
    batch: list[Mapping[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == PAGE:
            ledger.send(statement, batch)
            batch = []
    if wait:
        ledger.commit(statement, batch)
    elif batch:
        ledger.send(statement, batch)
