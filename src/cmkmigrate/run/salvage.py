"""What can still be believed of a ledger that is damaged, old or gone: tables whose sum is that of their rows."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cmkmigrate.run import mark, schema, seal
from cmkmigrate.run.ledger import FILE

ASIDE: Final = "damaged-"
_FILES: Final = (FILE, f"{FILE}-wal", f"{FILE}-shm", mark.FILE)


@dataclass(slots=True)
class Salvage:
    """tables: the rows of those that can be believed. wrong: table -> why it cannot. behind: commits are missing."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    behind: bool = False
    version: int = 0

    @property
    def whole(self) -> bool:
        return not self.wrong and not self.behind

    @property
    def meta(self) -> dict[str, str]:
        return {row["k"]: row["v"] for row in self.tables.get("meta", [])}


def salvage(directory: Path) -> Salvage:
    """Look at the ledger in a folder, without touching it: at a copy."""
    found = Salvage()
    with tempfile.TemporaryDirectory(prefix="cmkmigrate-") as name:
        copy = Path(name)
        for file in _FILES:
            with suppress(FileNotFoundError):
                shutil.copyfile(directory / file, copy / file)
        if not (copy / FILE).is_file():
            found.wrong = dict.fromkeys(schema.metadata.tables, "there is no ledger")
            return found
        try:
            with closing(sqlite3.connect(copy / FILE)) as connection:
                connection.row_factory = sqlite3.Row
                _tables(connection, found)
                found.behind = mark.behind(copy, connection)
        except sqlite3.DatabaseError as error:
            found.wrong = {**dict.fromkeys(schema.metadata.tables, str(error)), **found.wrong}
            found.tables.clear()
    version = found.meta.get("schema_version", "0")
    found.version = int(version) if version.isdigit() else 0
    return found


def _tables(connection: sqlite3.Connection, found: Salvage) -> None:
    for name in schema.metadata.tables:
        why = seal.wrong(connection, name)
        if why:
            found.wrong[name] = why
            continue
        found.tables[name] = [dict(row) for row in connection.execute(f'select * from "{name}"')]
    shape = seal.broken(connection).get(seal.SHAPE) if not found.wrong else ""
    if shape:
        found.wrong[seal.SHAPE] = shape


def keep_aside(directory: Path) -> Path:
    """Copy what is there into a folder beside it (0700, files 0600), durably; gives the folder. Raises OSError, and
    leaves no half of a copy then."""
    aside = directory / f"{ASIDE}{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    aside.mkdir(mode=0o700)
    try:
        for file in _FILES:
            with suppress(FileNotFoundError), (directory / file).open("rb") as source:
                handle = os.open(aside / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                with os.fdopen(handle, "wb") as target:
                    shutil.copyfileobj(source, target)
                    target.flush()
                    os.fsync(handle)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return aside


def put_in(new: Path, directory: Path) -> None:
    """Make the ledger in `new` that of the run. Killed at any moment, it leaves one that is whole, or is refused."""
    for file in _FILES[1:3]:  # an old log beside a new ledger would be played back into it
        (directory / file).unlink(missing_ok=True)
    (new / FILE).replace(directory / FILE)
    (directory / mark.FILE).unlink(missing_ok=True)  # counts commits of the other one
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(handle)
    os.close(handle)
