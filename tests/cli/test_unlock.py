"""`unlock`: who holds it is shown; it asks; whoever held it can write no more."""

from __future__ import annotations

import sqlite3
import time

from cmkmigrate.run import seal
from tests.cli.test_apply import APPLY
from tests.cli.transcript import Terminal


def hold(terminal: Terminal) -> None:
    """Somebody on another machine is at work on the run."""
    connection = sqlite3.connect(terminal.folder / "run" / "ledger.db")
    seal.connect(connection)
    with connection:
        connection.execute("delete from lock")
        row = (1, 70, "ann@there", "there", 7, time.time())
        connection.execute("insert into lock (one, token, holder, host, pid, beat) values (?, ?, ?, ?, ?, ?)", row)
    connection.close()


def test_a_held_run(terminal: Terminal) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0\n$ unlock run\n! Nobody holds run.\n= 0")
    hold(terminal)
    terminal.play(
        "$ resume run\n! Error: somebody else is at work on this run\n! object: ann@there (process 7 *)\n= 11\n"
        "$ unlock run\n! run is held by ann@there, process 7 on there, *; it may still be at work.\n"
        "! Error: there is nobody to ask\n! next: add --auto-approve\n= 64"
    )
    code, shown = terminal.typed("unlock run", "no")
    assert code == 5, shown
    terminal.play("$ resume run\n= 11\n$ unlock run --auto-approve\n! Free. To go on: cmkmigrate resume run\n= 0")
    terminal.play("$ resume run\n> total *\n= 0")
