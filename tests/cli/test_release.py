"""`--hold-before STEP` and `release`: a step waits for a person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.test_apply import APPLY
from tests.cli.test_running import Applying, applying, hand, wait_for
from tests.cli.transcript import Terminal
from tests.harness import Sandbox

__all__ = ["applying"]  # a fixture


@pytest.mark.parametrize("how", ["release", "file"])
def test_held_until_it_is_released(
    how: str, terminal: Terminal, sandbox: Sandbox, applying: Callable[[str], Applying]
) -> None:
    sandbox.forget()
    run = applying("--hold-before pools" + (" --release-file go" if how == "file" else ""))
    wait_for(lambda: hand(terminal).get("held_before") == "pools")
    terminal.play(
        "$ status run\n> State: paused by the hold before step pools since *\n"
        "> Held: before step pools; cmkmigrate release run\n= 0"
    )
    assert sandbox.writes() == []
    if how == "file":
        terminal.write("go", "")
    else:
        terminal.play("$ release run\n! Step pools begins within seconds.\n= 0")
    done = run.end()
    assert done.code == 0 and sandbox.writes() and "step pools is released by" in done.err, done
    terminal.play("$ release run\n! Error: nobody is at work on this run\n= 64")


def test_nothing_is_held(terminal: Terminal, applying: Callable[[str], Applying]) -> None:
    file = terminal.write("hold", "")
    run = applying(f"--pause-file {file}")
    wait_for(lambda: hand(terminal).get("paused_by"))
    terminal.play("$ release run\n! Error: no step of this run is held now\n! next: cmkmigrate status run\n= 64")
    file.unlink()
    assert run.end().code == 0


def test_a_hold_ends_with_the_window(terminal: Terminal, sandbox: Sandbox) -> None:
    sandbox.forget()
    terminal.play(f"$ {APPLY} --auto-approve --hold-before pools --max-duration 1s\n! why: *--max-duration 1s*\n= 5")
    assert sandbox.writes() == []


def test_a_step_that_is_not_there(terminal: Terminal) -> None:
    terminal.play(
        f"$ {APPLY} --auto-approve --hold-before pool\n! Error: there is no step 'pool'\n! object: --hold-before\n= 64"
    )
