"""How far a ledger has come, in a file beside it: what tells that its last commits are gone.

SQLite drops a write-ahead log that is damaged, and never misses one that was deleted: the ledger is then whole, and as
it was a while ago. An intent that is lost in this way is a thing that nobody looks for. So each commit counts, and the
count is written here after it, before anybody goes on who waited for it. No `fsync` is needed: what is asked for is
that this file is never ahead of the ledger, and after a loss of power it may only be behind.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from pathlib import Path
from typing import Final

from cmkmigrate.errors import Fatal
from cmkmigrate.run import seal

FILE: Final = "ledger.mark"
_DIGITS: Final = 16


class Mark:
    """The file, held open while the ledger is written. `check` comes first."""

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        path = directory / FILE
        self._number = seal.commits(connection)
        existed = path.exists()
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self.keep()
        if not existed:
            os.fsync(self._handle)

    def count(self, connection: sqlite3.Connection) -> None:
        """One commit more; in its transaction."""
        seal.count(connection, self._number + 1)

    def keep(self, more: int = 0) -> None:
        """Write the count down, `more` than the last; after the commit."""
        self._number += more
        os.pwrite(self._handle, _line(self._number), 0)

    def close(self) -> None:
        os.close(self._handle)


def behind(directory: Path, connection: sqlite3.Connection) -> bool:
    """Whether commits are missing in the ledger, or may be."""
    kept = _read(directory / FILE)  # first: somebody may be writing
    number = seal.commits(connection)
    if not number and not (directory / FILE).exists():
        return False
    return kept is None or number < kept


def check(directory: Path, connection: sqlite3.Connection) -> None:
    """Raises Fatal where the ledger is behind its mark, or has none although it was written before."""
    if not behind(directory, connection):
        return
    kept, number = _read(directory / FILE), seal.commits(connection)
    why = f"its mark counts {kept} commits, it has {number}" if kept is not None else f"{FILE} is not there, or damaged"
    raise Fatal(
        "the ledger is older than what was written to it",
        subject=str(directory),
        why=f"{why}: a copy was put back, or ledger.db-wal is gone",
        next=f"put the newest copy of the whole folder back, or: cmkmigrate state repair {directory}",
    )


def _line(number: int) -> bytes:
    digits = f"{number:0{_DIGITS}d}".encode()
    return digits + f" {zlib.crc32(digits):08x}\n".encode()


def _read(path: Path) -> int | None:
    """The count; None where there is none that can be believed."""
    try:
        text = path.read_bytes()
    except OSError:
        return None
    digits = text[:_DIGITS]
    return int(digits) if digits.isdigit() and text == _line(int(digits)) else None
