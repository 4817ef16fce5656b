"""Ledgers of earlier schemas: a copy first, then every change of the tables since, in one transaction and never back.

Done by the first command that takes the lock of such a run, and holds it meanwhile: killed at any moment, the tables
are all as they were, or all as they are now. Other commands read an older ledger as it is. An older program refuses a
newer one by the number in `meta`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text

from cmkmigrate.run import disk, schema, seal, trouble
from cmkmigrate.run.postgres import Shared

# Schema -> the statements that lead to it from the one before. A ledger on disk is sealed anew after them.
CHANGES: Final[Mapping[int, tuple[str, ...]]] = {
    2: (),  # nothing in the tables; on disk they are sealed
}


def copy_of(directory: Path, version: int) -> Path:
    """Where a ledger on disk is kept as it was in an earlier schema."""
    return directory / f"ledger.schema{version}.db"


def copy_in_state(where: Shared, version: int) -> str:
    """The namespace in which a shared run is kept as it was; not one of a run."""
    return f"cmkmigrate-schema{version}_{where.name}"


def upgrade(where: Path | Shared, engine: Engine) -> int:
    """Bring the tables up to SCHEMA_VERSION; gives the version that they had. The caller holds the lock of the run.

    Raises Stopped where there is no room, or the server is gone.
    """
    with engine.connect().execution_options(reading=True) as connection:
        found = _version(connection)
        if found < schema.SCHEMA_VERSION and isinstance(where, Path):
            _keep_file(connection, where, found)
    if found < schema.SCHEMA_VERSION:
        with engine.connect().execution_options(immediate=True) as connection, connection.begin():
            if isinstance(where, Shared):
                _keep_tables(connection, where, found)
            try:
                _change(connection, found, sealed=isinstance(where, Path))
            except sqlite3.Error as error:  # of what goes past SQLAlchemy
                said = trouble.told(error, where / disk.FILE) if isinstance(where, Path) else None
                raise (said or error) from None
    return found


def _version(connection: Connection) -> int:
    return int(connection.execute(text("select v from meta where k = 'schema_version'")).scalar_one())


def _keep_file(connection: Connection, directory: Path, version: int) -> None:
    """A whole copy, of what is in the log as well, private and on disk before anything is changed."""
    draft, kept = directory / f"{disk.NEW}.copy", copy_of(directory, version)
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        connection.exec_driver_sql("vacuum into ?", (str(draft),))
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.rename(kept)
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keep_tables(connection: Connection, where: Shared, version: int) -> None:
    """A copy beside the run, in the transaction of the change: there is never one without the other."""
    copy = copy_in_state(where, version)
    connection.exec_driver_sql(f'create schema "{copy}"')
    names = connection.execute(
        text("select tablename from pg_tables where schemaname = :name"), {"name": where.namespace}
    )
    for name in sorted(str(row[0]) for row in names):
        connection.exec_driver_sql(f'create table "{copy}"."{name}" as table "{where.namespace}"."{name}"')


def _change(connection: Connection, version: int, *, sealed: bool) -> None:
    if sealed:
        seal.remove(disk.raw(connection))
    for number in range(version + 1, schema.SCHEMA_VERSION + 1):
        for statement in CHANGES[number]:
            connection.exec_driver_sql(statement)
    now = {"version": str(schema.SCHEMA_VERSION)}
    connection.execute(text("update meta set v = :version where k = 'schema_version'"), now)
    if sealed:
        seal.install(disk.raw(connection))
