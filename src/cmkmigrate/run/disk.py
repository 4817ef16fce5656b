"""A ledger in a folder: how its file is opened, made and taken away.

Directory 0700, files 0600, `secure_delete` on.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from cmkmigrate.errors import Fatal, LockHeld
from cmkmigrate.run import locks, mark, schema, seal, trouble

FILE = "ledger.db"
NEW = ".ledger.new"  # while it is made
AGAIN = "the same command again"


def open_engine(file: Path, *, again: str = "") -> Engine:
    """The file, with what makes it durable. again: what to do next where the disk is full; by default resume."""
    engine = create_engine(
        f"sqlite:///{file}", poolclass=QueuePool, pool_size=64, connect_args={"check_same_thread": False, "timeout": 30}
    )

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # begin and commit are ours
        seal.connect(connection)
        for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "secure_delete=on"):
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if not options.get("reading"):  # one SELECT needs no transaction around it
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("immediate") else "BEGIN")

    trouble.listen(engine, file, again)
    return engine


def raw(connection: Connection) -> Any:
    """The connection of sqlite3 below one of SQLAlchemy's."""
    return connection.connection.driver_connection


def check_private(directory: Path) -> None:
    """Raises Fatal where others can write to the directory, or it is somebody else's."""
    mode = directory.stat()
    planted = directory.lstat().st_uid != os.geteuid()  # a link of somebody else's leads where they like
    if stat.S_IMODE(mode.st_mode) & 0o022 or mode.st_uid != os.geteuid() or planted:
        raise Fatal("others can write to the run directory", subject=str(directory), next=f"chmod 700 {directory}")


def create(directory: Path, rows: list[dict[str, str]], held: list[dict[str, Any]]) -> None:
    """A new ledger with these rows of `meta` and of `lock`. Raises Fatal when the directory holds
    something else, or others can write to it; LockHeld when somebody else was faster.

    Killed at any moment, it leaves a whole ledger, or none and a file that the next try takes away.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private(directory)
    with _alone(directory):
        if (directory / FILE).is_file():  # since the caller looked
            raise LockHeld(
                "somebody else has begun a run here",
                subject=str(directory),
                why=f"it is held by {locks.holder(open_engine(directory / FILE)) or 'nobody now'}",
                next=f"cmkmigrate status {directory}",
            )
        if any(not path.name.startswith(NEW) for path in directory.iterdir()):
            raise Fatal(
                "the run directory is not empty, and holds no run",
                subject=str(directory),
                next="name another with --run",
            )
        for path in directory.iterdir():
            path.unlink()
        os.close(os.open(directory / NEW, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        engine = open_engine(directory / NEW, again=AGAIN)
        schema.metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(schema.meta.insert(), rows)
            if held:
                connection.execute(schema.lock.insert(), held)
            seal.install(raw(connection))
        engine.dispose()  # the last connection takes its -wal and -shm away
        (directory / NEW).rename(directory / FILE)


def remove(directory: Path) -> None:
    """Take the ledger away, and the directory where nothing else is in it."""
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm", mark.FILE):
        (directory / name).unlink(missing_ok=True)
    for copy in directory.glob("ledger.schema*.db"):  # upgrade.py
        copy.unlink()
    with suppress(OSError):  # somebody else's file is in it
        directory.rmdir()


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time; the kernel lets go of what a dead one held."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
