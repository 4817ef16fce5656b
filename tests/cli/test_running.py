"""An apply that is under way, from outside: the signal that asks for its status, and waiting for its end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_apply import APPLY, LONGEST_S, pools
from tests.cli.transcript import Terminal
from tests.harness import Result, Sandbox


def wait_for(what: Callable[[], Any]) -> None:
    until = time.monotonic() + LONGEST_S
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


class Applying:
    """An apply in the background."""

    def __init__(self, terminal: Terminal, line: str, **env: str) -> None:
        self._commands = terminal.commands
        self._started = self._commands.start(*line.split(), **env)
        self.pid, self._ended = self._started[0], False
        self._commands.launcher.order(do="go", pid=self.pid)

    def err(self) -> str:
        """What it has said so far."""
        return Path(f"{self._started[1]}.err").read_text("utf-8")

    def end(self) -> Result:
        """How it ended."""
        self._ended = True
        return self._commands.wait(self._started, seconds=LONGEST_S)

    def close(self) -> None:
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)
            self.end()


def hand(terminal: Terminal) -> dict[str, Any]:
    """What holds for the apply that is at work on `run`; {} while there is none."""
    found = terminal("status run -o json")
    return (found.json["hand"] or {}) if found.code == 0 else {}


@pytest.fixture
def applying(terminal: Terminal) -> Iterator[Callable[..., Applying]]:
    """Starts one; it does not outlive the test."""
    started: list[Applying] = []

    def start(more: str, **env: str) -> Applying:
        started.append(Applying(terminal, f"{APPLY} --auto-approve {more}", **env))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.mark.parametrize("more", ["", "--progress none", "-o jsonl"])
def test_a_signal_asks_for_the_status(more: str, terminal: Terminal, applying: Callable[..., Applying]) -> None:
    file = terminal.write("hold", "")
    run = applying(f"--pause-file {file} {more}")
    wait_for(lambda: hand(terminal).get("paused_by"))
    os.kill(run.pid, signal.SIGUSR1)
    wait_for(lambda: "State: paused by the file" in run.err())
    file.unlink()
    done = run.end()
    assert done.code == 0 and "Works: at most 10 at once of each kind" in done.err, done
    assert ("instance_pools: 6 of 6" in done.err) == (more != "--progress none")
    assert "State:" not in done.out, "data alone goes to standard output"


def test_the_signal_ends_nothing_before_the_run_has_begun(
    terminal: Terminal, sandbox: Sandbox, applying: Callable[..., Applying]
) -> None:
    # Every look before it begins takes a while, until the signal has been heard.
    sandbox.faults({"match": {"host": sandbox.source_host}, "action": "delay", "seconds": 2.0, "count": -1})
    sandbox.forget()  # what an earlier test asked says nothing of this process, which a signal would end too early
    run = applying("", CMKMIGRATE_TIMEOUT_S="60")
    wait_for(lambda: sandbox.requests())
    os.kill(run.pid, signal.SIGUSR1)
    wait_for(lambda: "No run is under way here yet." in run.err())
    sandbox.faults()
    assert run.end().code == 0


def test_the_second_interrupt_ends_at_once(
    terminal: Terminal, sandbox: Sandbox, applying: Callable[..., Applying]
) -> None:
    create = {"path": "/api/2.0/instance-pools/create"}
    sandbox.faults({"match": create, "action": "hang", "count": -1})  # made at once, so that nothing lands later
    run = applying("", CMKMIGRATE_TIMEOUT_S="100")
    wait_for(lambda: hand(terminal) and terminal("status run -o json").json["unknown_count"])
    os.kill(run.pid, signal.SIGINT)
    wait_for(lambda: "Ctrl-C again stops at once" in run.err())
    os.kill(run.pid, signal.SIGINT)
    assert run.end().code == 130
    sandbox.faults()
    terminal.play("$ status run\n> State: stopped (its process is gone); cmkmigrate resume run\n= 0")
    assert "no answer" not in terminal("logs run").out, "nothing under way was waited for"
    # Its marker stands in the target, which other tests use too, and a `resume` would wait until nothing can land.
    host = sandbox.host_of(sandbox.params["target"])
    sandbox.call(host, "POST", "/api/2.0/workspace/delete", {"path": "/Shared/.cmkmigrate-run"})


def test_waiting_for_somebody_elses_run(
    terminal: Terminal, sandbox: Sandbox, applying: Callable[..., Applying]
) -> None:
    file = terminal.write("hold", "")
    run = applying(f"--pause-file {file}")
    wait_for(lambda: hand(terminal).get("paused_by"))
    terminal.play(
        "$ resume run\n! Error: *is at work*\n= 11\n$ resume run --lock-timeout 1s\n! Error: *is at work*\n= 11"
    )
    waiting = Applying(terminal, "resume run --lock-timeout 10m")
    try:
        terminal.play("$ abort run\n= 0")
        assert run.end().code == 5
        file.unlink()
        done = waiting.end()
        assert done.code == 0 and pools(sandbox) == 6, done
    finally:
        waiting.close()
    terminal.play("$ resume run --lock-timeout soon\n! Error: 'soon' is no duration\n! object: --lock-timeout\n= 64")
