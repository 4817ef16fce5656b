"""A sum over the rows of every table of a ledger, so that a value that changed by itself is seen.

SQLite's own check sees a page that is out of order, and not a letter that became another one. Each table has a sum of
the digests of its rows, kept by triggers in the transaction that changes the rows: whatever moment a process dies at,
the sum on disk is that of the rows on disk. The sum is an exclusive or, so the order of rows does not matter and a
change costs the digests of that row alone. What the tables and triggers are is summed up too. It is no protection
against somebody who wants to deceive: nothing here is secret.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from cmkmigrate.run import schema

TABLE: Final = "seal"
SHAPE: Final = "(shape)"  # the row that sums up what there is, instead of what is in it
COMMITS: Final = "(commits)"  # the row that counts them; see `mark.py`
FUNCTION: Final = "cmkmigrate_seal"
_TRIGGER: Final = "seal_"


def connect(connection: sqlite3.Connection) -> None:
    """Make a connection able to change a sealed ledger."""
    connection.create_function(FUNCTION, -1, _moved)


def install(connection: sqlite3.Connection) -> None:
    """Seal what is there, in the transaction that is open: for a new ledger, and at the end of a change of its tables.

    An earlier seal is replaced, its count of commits stays.
    """
    commits = 0
    if _has(connection):
        found = connection.execute(f"select total from {TABLE} where name = ?", [COMMITS]).fetchone()
        commits = int(found[0]) if found else 0
    remove(connection)
    connection.execute(f"create table {TABLE} (name varchar not null primary key, total integer not null)")
    for table, columns in _tables(connection):
        connection.execute(f"insert into {TABLE} values (?, ?)", [table, _sum(connection, table, columns)])
        old, new = (", ".join(f'{side}."{name}"' for name in columns) for side in ("old", "new"))
        for event, total in (
            ("insert", f"{FUNCTION}(total, {new})"),
            ("delete", f"{FUNCTION}(total, {old})"),
            ("update", f"{FUNCTION}({FUNCTION}(total, {old}), {new})"),
        ):
            connection.execute(
                f'create trigger "{_TRIGGER}{table}_{event}" after {event} on "{table}" begin '
                f"update {TABLE} set total = {total} where name = '{table}'; end"
            )
    rows = [(SHAPE, _shape(connection)), (COMMITS, commits)]
    connection.executemany(f"insert into {TABLE} values (?, ?)", rows)


def remove(connection: sqlite3.Connection) -> None:
    """Take the seal away: from a copy that is thrown away, where it would only cost time."""
    triggers = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
    for (name,) in triggers:
        if name.startswith(_TRIGGER):
            connection.execute(f'drop trigger "{name}"')
    connection.execute(f"drop table if exists {TABLE}")


def broken(connection: sqlite3.Connection) -> dict[str, str]:
    """What is not as it was written: table (or SHAPE) -> what is wrong with it. {}: all is well.

    A ledger without a seal is of the first schema and cannot be judged: {} too. Raises sqlite3.DatabaseError where it
    cannot even be read.
    """
    connection.execute("begin")  # all of it at one moment: somebody may be writing
    try:
        return _broken(connection)
    finally:
        connection.execute("rollback")


def _broken(connection: sqlite3.Connection) -> dict[str, str]:
    found: dict[str, str] = {}
    wrong = [row[0] for row in connection.execute("pragma integrity_check(3)")]
    if wrong != ["ok"]:
        found[SHAPE] = str(wrong[0])
    if not _has(connection):
        return found
    totals = dict(connection.execute(f"select name, total from {TABLE}").fetchall())
    if totals.pop(SHAPE, None) != _shape(connection):
        found.setdefault(SHAPE, "its tables are not those that were made")
    if not isinstance(totals.pop(COMMITS, None), int):
        found.setdefault(SHAPE, "it does not say how far it had come")
    for table, columns in _tables(connection):
        if totals.pop(table, None) != _sum(connection, table, columns):
            found[table] = "its rows are not those that were written"
    if totals:
        found.setdefault(SHAPE, "it has sums of tables that are not there")
    return found


def wrong(connection: sqlite3.Connection, table: str) -> str:
    """Why the rows of a table cannot be believed; "" where they can. Of a ledger without a seal none can."""
    try:
        found = connection.execute(f"select total from {TABLE} where name = ?", [table]).fetchone()
        columns = dict(_tables(connection)).get(table)
        if found is None or columns is None:
            return "there is no sum of it"
        return "" if _sum(connection, table, columns) == found[0] else "its rows are not those that were written"
    except sqlite3.DatabaseError as error:
        return str(error)


def commits(connection: sqlite3.Connection) -> int:
    """How many commits of a writer are in it; 0 for a ledger without a seal."""
    if not _has(connection):
        return 0
    found = connection.execute(f"select total from {TABLE} where name = ?", [COMMITS]).fetchone()
    return int(found[0]) if found else 0


def count(connection: sqlite3.Connection, number: int) -> None:
    """Say, in the transaction that is open, how many commits there have been with this one."""
    connection.execute(f"update {TABLE} set total = ? where name = ?", [number, COMMITS])


def _has(connection: sqlite3.Connection) -> bool:
    return connection.execute("select 1 from sqlite_master where name = ?", [TABLE]).fetchone() is not None


def _tables(connection: sqlite3.Connection) -> Iterable[tuple[str, list[str]]]:
    for table in schema.metadata.sorted_tables:
        columns = [row[1] for row in connection.execute(f'pragma table_info("{table.name}")')]
        if columns:
            yield table.name, columns


def _moved(total: int, *row: Any) -> int:
    """A sum with a row that was not in it, or without one that was."""
    return total ^ _digest(row)


def _sum(connection: sqlite3.Connection, table: str, columns: list[str]) -> int:
    total = 0
    names = ", ".join(f'"{name}"' for name in columns)
    for row in connection.execute(f'select {names} from "{table}"'):
        total ^= _digest(tuple(row))
    return total


def _shape(connection: sqlite3.Connection) -> int:
    """The digest of all definitions."""
    names = "type, name, tbl_name, sql"
    rows = connection.execute(f"select {names} from sqlite_master order by type, name").fetchall()
    return _digest(tuple(tuple(row) for row in rows if not row[1].startswith("sqlite_")))


def _digest(row: tuple[Any, ...]) -> int:
    # repr tells a text from a number, and gives every float in full
    digest = hashlib.blake2b(repr(row).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
