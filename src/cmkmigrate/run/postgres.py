"""Runs in a shared PostgreSQL database: where they are, how it is spoken to, and what its errors mean.

One namespace (a schema of PostgreSQL's) for each run, with the same tables as the file of a run in a folder: every
statement of the engine is the same on both, a run is dropped or dumped by itself, and none can read another's rows by a
forgotten condition. The driver is the extra `postgres`, imported when the first connection is made.

No secret is kept or said: the URL is handed to the driver alone, and what the driver says of a URL that it cannot read
is not repeated, as it repeats the URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import QueuePool

from cmkmigrate.errors import Blocked, Fatal, LockHeld, Mistake, NotAllowed, OperatorError, Stopped
from cmkmigrate.run import locks, schema

VARIABLE: Final = "CMKMIGRATE_STATE"
PREFIX: Final = "cmkmigrate_"  # of the namespace of a run; what follows is its name
CONNECTIONS: Final = 24  # at most, of one process: a server takes a hundred by default
AGAIN: Final = "see that the server answers, then: cmkmigrate resume"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")  # with the prefix of a backup at most 63 bytes
# Where neither the URL nor libpq's variables say otherwise. A line that is cut is noticed within half a minute; of
# several hosts the one is taken that can be written to.
_DEFAULTS: Final = {
    "connect_timeout": "10",
    "application_name": "cmkmigrate",
    "target_session_attrs": "read-write",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
# A commit is answered when it is on the server's disk, whatever the role or the database prefer. A transaction of ours
# whose process is gone ends by itself, so that it cannot keep the lock's table for hours.
_SESSION: Final = """
select set_config('search_path', %s, false), set_config('idle_in_transaction_session_timeout', '60s', false),
  set_config('lock_timeout', '30s', false), set_config('tcp_keepalives_idle', '20', false),
  set_config('synchronous_commit', case when current_setting('synchronous_commit') = 'remote_apply'
    then 'remote_apply' else 'on' end, false), current_setting('fsync')
"""
# The words of a server that lets nobody in: the driver gives no code for a connection that was never made.
_NOT_LET_IN: Final = ("authentication failed", "no pg_hba.conf entry", "no password supplied", "does not exist",
                      "permission denied", "is not permitted to log in", "certificate")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shared:
    """One run in the shared state, or with name "" the state itself. Its text is the name; the URL is never shown."""

    url: str = field(repr=False)
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def namespace(self) -> str:
        return PREFIX + self.name


def named(url: str, name: str) -> Shared:
    """The run of this name. Raises Mistake for what is no name or no URL of PostgreSQL."""
    if not url.startswith(("postgresql://", "postgres://")):
        why = "it does not begin with postgresql://"
        raise Mistake("this is no shared state", subject=VARIABLE, why=why, next="postgresql://USER@HOST/DATABASE")
    if name and not _NAME.fullmatch(name):
        why = "at most 40 letters, digits, dots, dashes and underscores"
        next = f"another name; for a run in a folder unset {VARIABLE}"
        raise Mistake("a run in the shared state has a name, and no folder", subject=name, why=why, next=next)
    return Shared(url, name)


# --- connections ------------------------------------------------------------------------------------------------------


def open_engine(at: Shared) -> Engine:
    """An engine whose every connection sees the tables of this run alone, and whose errors are an operator's.

    Raises Mistake where the driver is not installed or cannot read the URL.
    """
    driver, parameters = _driver(), _parameters(at.url)
    path = '"' + at.namespace.replace('"', '""') + '"'

    def connect() -> Any:
        connection = driver.connect(**parameters)
        _keep_nul(connection)
        settings = connection.execute(_SESSION, (path,)).fetchone()
        connection.commit()
        if settings[-1] != "on":
            connection.close()
            why = "fsync is off: what it says is written may be lost"
            raise Blocked("the server keeps nothing safe", subject=VARIABLE, why=why, next="fsync = on")
        return connection

    engine = create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=QueuePool, pool_size=8, max_overflow=CONNECTIONS - 8
    )

    @event.listens_for(engine, "handle_error")
    def say(context: Any) -> OperatorError | None:
        return told(context.original_exception, at.name)

    return engine


@cache
def _driver() -> Any:
    try:
        import psycopg
    except ImportError:
        next = "pip install 'cmkmigrate[postgres]'"
        raise Mistake("the driver for PostgreSQL is not installed", subject=VARIABLE, next=next) from None

    class Connection(psycopg.Connection[Any]):
        def __del__(self, *_: Any, **__: Any) -> None:
            """No warning: a ledger that nobody needs any more takes its connections with it, as on SQLite."""

    return Connection


def _parameters(url: str) -> dict[str, Any]:
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = conninfo_to_dict(url)
        # A password that is not escaped is cut in two, and half of it would be told as the name of a host.
        ports = str(given.get("port") or "").replace(",", "")
        if (ports and not ports.isdigit()) or any("@" in str(given.get(name) or "") for name in ("host", "dbname")):
            raise Error
    except Error:
        why = "the driver cannot read it; what stands in a password is written as %XX"
        raise Mistake("this is no URL of a database", subject=VARIABLE, why=why) from None
    import os

    asked = {"connect_timeout": "PGCONNECT_TIMEOUT", "target_session_attrs": "PGTARGETSESSIONATTRS"}
    defaults = {name: value for name, value in _DEFAULTS.items() if asked.get(name, "") not in os.environ}
    return {**defaults, **{name: value for name, value in given.items() if value is not None}}


# --- what PostgreSQL cannot keep --------------------------------------------------------------------------------------

_ESCAPE: Final = "\ue000"
_ESCAPED: Final = re.compile(f"{_ESCAPE}([e0])")


def _kept(value: str) -> str:
    return value.replace(_ESCAPE, f"{_ESCAPE}e").replace("\0", f"{_ESCAPE}0")


def _as_it_was(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\0" if found[1] == "0" else _ESCAPE, value)


@cache
def _adapters() -> tuple[type, type]:
    from psycopg.types.string import StrDumperUnknown, TextLoader

    class Dumper(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(_kept(obj) if "\0" in obj or _ESCAPE in obj else obj)

    class Loader(TextLoader):
        def load(self, data: Any) -> Any:
            value = super().load(data)
            return _as_it_was(value) if isinstance(value, str) and _ESCAPE in value else value

    return Dumper, Loader


def _keep_nul(connection: Any) -> None:
    """U+0000 may stand in a name, and cannot stand in a text of PostgreSQL: it is written as two other characters."""
    dumper, loader = _adapters()
    connection.adapters.register_dumper(str, dumper)
    for type in ("text", "varchar"):
        connection.adapters.register_loader(type, loader)


# --- errors -----------------------------------------------------------------------------------------------------------


def told(error: BaseException | None, name: str = "") -> OperatorError | None:
    """What an error of the driver means for the operator; None for what is not the server's, or is a mistake of ours.

    https://www.postgresql.org/docs/current/errcodes-appendix.html has the codes.
    """
    if isinstance(error, OperatorError):
        return error
    if error is None or not type(error).__module__.startswith("psycopg"):
        return None
    code = str(getattr(error, "sqlstate", None) or "")
    why = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    subject = f"run {name} in the shared state" if name else "the shared state"
    if code.startswith("28") or code == "42501" or (not code and any(word in why for word in _NOT_LET_IN)):
        next_ = "docs/shared-state.md says which rights the role needs"
        return NotAllowed("the shared state lets this role not in", subject=subject, why=why, next=next_)
    if code in ("42P01", "3F000"):
        next_ = "cmkmigrate apply PLAYBOOK --run NAME starts one"
        return Fatal("the run is gone from the shared state", subject=subject, why=why, next=next_)
    if code == "54000":
        next_ = f"a run in a folder takes it: unset {VARIABLE}"
        return Fatal("a name is longer than the shared state can keep", subject=subject, why=why, next=next_)
    if code in ("XX001", "XX002"):
        next_ = "restore the database, or its last backup"
        return Fatal("the shared state is damaged", subject=subject, why=why, next=next_)
    lost = type(error).__name__ in ("OperationalError", "InterfaceError", "AdminShutdown", "CrashShutdown")
    if lost or code[:2] in ("08", "25", "40", "53", "55", "57", "58"):
        return Stopped("the shared state cannot be reached", subject=subject, why=why, next=AGAIN)
    return None


# --- runs -------------------------------------------------------------------------------------------------------------


@contextmanager
def _asked(at: Shared) -> Iterator[Connection]:
    engine = open_engine(at)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def exists(at: Shared) -> bool:
    """Whether there is a run of this name. Raises NotAllowed where it is there and this role may not look into it."""
    with _asked(at) as connection:
        statement = text("select has_schema_privilege(oid, 'USAGE') from pg_namespace where nspname = :name")
        usable = connection.execute(statement, {"name": at.namespace}).scalar()
    if usable is False:
        next = "its owner grants it: docs/shared-state.md"
        raise NotAllowed("this role may not look into the run", subject=at.name, next=next)
    return bool(usable)


def runs(url: str) -> list[Shared]:
    """The runs of the shared state that this role may look into, by name."""
    statement = text(
        "select nspname from pg_namespace where starts_with(nspname, :prefix) and has_schema_privilege(oid, 'USAGE')"
    )
    with _asked(Shared(url, "")) as connection:
        found = [str(row[0]).removeprefix(PREFIX) for row in connection.execute(statement, {"prefix": PREFIX})]
    return [Shared(url, name) for name in sorted(found) if _NAME.fullmatch(name)]


def create(at: Shared, rows: list[dict[str, str]], held: list[dict[str, Any]]) -> None:
    """Make the tables of a new run, with these rows of `meta` and of `lock`: all of it in one transaction.

    Raises LockHeld where somebody has just made a run of this name, NotAllowed without the right CREATE.
    """
    with _asked(at) as connection:
        made = connection.execute(text("select 1 from pg_namespace where nspname = :name"), {"name": at.namespace})
        if made.first():
            next = f"cmkmigrate status {at.name}"
            raise LockHeld("somebody else has begun a run of this name", subject=at.name, next=next)
        try:
            connection.exec_driver_sql(f'create schema "{at.namespace}"')
        except Exception as error:
            if getattr(getattr(error, "orig", None), "sqlstate", "") in ("23505", "42P06"):
                why = "at the same instant"
                next = f"cmkmigrate status {at.name}"
                raise LockHeld(
                    "somebody else has begun a run of this name", subject=at.name, why=why, next=next
                ) from None
            raise
        schema.metadata.create_all(connection, checkfirst=False)
        connection.execute(schema.meta.insert(), rows)
        if held:
            beat = locks.clock(connection)
            connection.execute(schema.lock.insert(), [{**row, "beat": beat} for row in held])
        connection.commit()


def drop(at: Shared) -> None:
    """Take a run out of the shared state."""
    with _asked(at) as connection:
        connection.exec_driver_sql(f'drop schema "{at.namespace}" cascade')
        connection.commit()
