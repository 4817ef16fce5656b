"""`report`: one file that only its owner can read, from the ledger alone."""

from __future__ import annotations

import stat

from tests.cli.test_apply import APPLY
from tests.cli.transcript import Terminal
from tests.harness import Sandbox


def test_a_report(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0\n$ verify run\n= 0")
    sandbox.forget()
    old = terminal.write("r.html", "older")
    old.chmod(0o644)
    terminal.play("$ report run --out r.html\n! Report: r.html\n= 0")
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    text = old.read_text()
    for expected in (
        "6 objects in all: 6 migrated, 0 excluded, 0 unsupported, 0 failed",
        "nothing differs",
        sandbox.params["source"],
        sandbox.params["target"],
        "platform-key",
    ):
        assert expected in text
    assert sandbox.requests() == [], "it asks nothing of any cloud"
    assert not [file for file in terminal.folder.iterdir() if file.name.startswith(".")]


def test_bad_input(terminal: Terminal) -> None:
    terminal.play(
        "$ report\n! Error: *--out*\n! next: cmkmigrate report --help\n= 64\n"
        "$ report nowhere --out x.html\n! Error: there is no run here\n= 64"
    )
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    terminal.play("$ report run --out no/x.html\n! Error: the file cannot be written\n! object: no/x.html\n= 64")
