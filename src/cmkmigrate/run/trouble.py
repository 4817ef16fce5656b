"""What goes wrong with a ledger on disk, in words: no room, no right to write, damage."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event

from cmkmigrate.errors import Fatal, OperatorError, Unwritable

# Primary result codes: https://www.sqlite.org/rescode.html
_STOPS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "make room"),
    sqlite3.SQLITE_IOERR: ("the disk does not do as it is told", "make room, or mend the disk"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "make the folder and its files writable"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "make room, and the folder writable"),
}
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HEADER: Final = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html


def listen(engine: Engine, file: Path, again: str = "") -> None:
    """Have what happens to the ledger's file raised as an OperatorError, wherever it happens. again: what is to be
    typed once it is mended, where that is not `resume`."""

    @event.listens_for(engine, "handle_error")
    def translate(context: Any) -> OperatorError | None:
        return told(context.original_exception, file, again)


def told(error: BaseException, file: Path, again: str = "") -> OperatorError | None:
    """The error for a person: Unwritable where resuming helps, Fatal for damage; None for what is none of them."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _STOPS:
        why, mend = _STOPS[code]
        return Unwritable(
            "the ledger cannot be written",
            subject=str(file),
            why=f"{why}: {error}",
            next=f"{mend}, then: {again or f'cmkmigrate resume {file.parent}'}",
        )
    return damaged(file.parent, str(error)) if code in _DAMAGE else None


def damaged(run: object, why: str) -> Fatal:
    """The error for a ledger that is not as it was written. run: its folder, or what a shared one is called."""
    return Fatal(
        "the ledger is damaged",
        subject=str(run),
        why=why,
        next=f"put the newest copy of the whole folder back, or: cmkmigrate state repair {run}",
    )


def check_header(file: Path) -> None:
    """Raises ValueError where a file is no database: SQLite would take an empty one for a new one, and write to it."""
    with file.open("rb") as opened:
        head = opened.read(len(_HEADER))
    if head != _HEADER:
        raise ValueError("it is empty" if not head else "it is no SQLite database")
