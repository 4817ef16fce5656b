"""The one writer of a ledger: a thread that commits what is waiting as one group.

A caller that waits goes on only when its own rows are durable (WAL, synchronous=FULL). Every commit checks the fencing
token inside its transaction: who lost the lock commits nothing, and every later call gets the error.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Executable, Float, bindparam, cast, func, select, update
from sqlalchemy.sql.compiler import SQLCompiler

from cmkmigrate.errors import LockHeld
from cmkmigrate.run.locks import SHARED
from cmkmigrate.run.mark import Mark
from cmkmigrate.run.schema import lock

BEAT_S = 5.0  # an idle writer says this often that it is alive
LINGER_S = 0.05  # how long rows that nobody waits for are gathered; whoever waits ends it at once
GROUP = 2000  # rows of one commit at most
PREPARED = 200  # statements that are kept as text

Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
_Job = tuple[Executable | None, Rows, "Future[None] | None"]
_MINE = update(lock).where(lock.c.token == bindparam("mine"))
_BEAT = _MINE.values(beat=bindparam("now"))
_BEAT_SHARED = _MINE.values(beat=cast(func.extract("epoch", func.clock_timestamp()), Float))


class _Prepared:
    """A statement as text, and the names of its values in their order; no names: SQLAlchemy has to fill in defaults.

    It keeps the statement, so that no other can come to have its id.
    """

    def __init__(self, statement: Executable, dialect: Dialect, row: Mapping[str, Any]) -> None:
        self.statement = statement
        given: Any = statement
        compiled: SQLCompiler = given.compile(dialect=dialect, column_keys=list(row))
        self.text = str(compiled)
        filled_in = compiled.insert_prefetch or compiled.update_prefetch
        self.named = not compiled.positional
        self.names = [] if filled_in else list((compiled.binds if self.named else compiled.positiontup) or ())

    def values(self, row: Mapping[str, Any]) -> Any:
        """A row as the driver takes it."""
        return {name: row[name] for name in self.names} if self.named else tuple(row[name] for name in self.names)


class Writer:
    """Group commit for one ledger. token 0: a scratch ledger that nobody else can reach, not fenced."""

    def __init__(self, engine: Engine, token: int, mark: Mark | None = None) -> None:
        self._engine, self._token, self._mark = engine, token, mark
        self._queue: queue.Queue[_Job | None] = queue.Queue(maxsize=50_000)
        self._error: BaseException | None = None
        self._prepared: dict[tuple[Any, ...], _Prepared] = {}  # by the statement's id and the names of its values
        self._thread = threading.Thread(target=self._loop, name="ledger-writer", daemon=True)
        self._thread.start()

    def send(self, statement: Executable, rows: Rows = None) -> None:
        """Write some time soon. Raises what ended the writer."""
        self._check()
        self._queue.put((statement, rows, None))

    def commit(self, statement: Executable | None = None, rows: Rows = None) -> None:
        """Write, and return when it and all sent before it are durable. None: only wait for what was sent."""
        self._check()
        done: Future[None] = Future()
        self._queue.put((statement, rows, done))
        while True:
            try:
                return done.result(timeout=1.0)
            except TimeoutError:
                if not self._thread.is_alive():
                    self._check()
                    raise LockHeld("the writer of the ledger has ended") from None

    def close(self) -> None:
        """Write what is waiting, then end."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _check(self) -> None:
        if self._error:
            raise self._error

    def _loop(self) -> None:
        ending, batch = False, list[_Job]()
        try:
            with self._engine.connect().execution_options(immediate=True) as connection:
                while not ending:
                    batch, ending = self._gather()
                    self._write(connection, batch)
                    for _, _, done in batch:
                        if done:
                            done.set_result(None)
                    batch = []
        except BaseException as error:  # also where nobody knows whether the last commit took effect
            self._error = error
            self._fail(batch, error)

    def _gather(self) -> tuple[list[_Job], bool]:
        batch: list[_Job] = []
        waiting, until = False, 0.0
        try:
            job = self._queue.get(timeout=BEAT_S)
            while job is not None:
                batch.append(job)
                if len(batch) >= GROUP:
                    return batch, False
                waiting = waiting or job[2] is not None
                until = until or time.monotonic() + LINGER_S
                left = 0.0 if waiting else until - time.monotonic()
                job = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            return batch, True
        except queue.Empty:
            return batch, False

    def _write(self, connection: Connection, batch: list[_Job]) -> None:
        with connection.begin():
            if self._token:
                if connection.dialect.name == SHARED:
                    beat = self._execute(connection, _BEAT_SHARED, [{"mine": self._token}])
                else:
                    beat = self._execute(connection, _BEAT, [{"now": time.time(), "mine": self._token}])
                if beat.rowcount != 1:
                    holder = connection.execute(select(lock.c.holder)).scalar()
                    raise LockHeld("this run was taken over", why=f"by {holder}", next="cmkmigrate status")
            for statement, rows, _ in batch:
                if statement is None or (isinstance(rows, list) and not rows):
                    continue
                self._execute(connection, statement, rows)
            if self._mark:
                driver: Any = connection.connection.driver_connection
                self._mark.count(driver)
        if self._mark:
            self._mark.keep(1)

    def _execute(self, connection: Connection, statement: Executable, rows: Rows) -> Any:
        """Run a statement; one that is used again and again as the text that it was compiled to the first time."""
        if rows is None:
            return connection.execute(statement)
        many = [rows] if isinstance(rows, Mapping) else rows
        at = (id(statement), *many[0])
        if at not in self._prepared:
            if len(self._prepared) >= PREPARED:
                self._prepared.clear()
            self._prepared[at] = _Prepared(statement, connection.dialect, many[0])
        prepared = self._prepared[at]
        if not prepared.names:
            return connection.execute(statement, rows)
        return connection.exec_driver_sql(prepared.text, [prepared.values(row) for row in many])

    def _fail(self, batch: list[_Job], error: BaseException) -> None:
        while True:
            for _, _, done in batch:
                if done:
                    done.set_exception(error)
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return
            batch = [job] if job else []
