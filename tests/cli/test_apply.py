"""`apply`: agreement, kept plans, run folders, gates, what it ends with."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.transcript import Terminal
from tests.harness import Sandbox

APPLY = "apply pools.yaml --params params.yaml --run run"
LONGEST_S = 120.0  # for something that happens within seconds


def pools(sandbox: Sandbox) -> int:
    """How many pools the target has."""
    host = sandbox.host_of(sandbox.params["target"])
    return len(sandbox.call(host, "GET", "/api/2.0/instance-pools/list").get("instance_pools", ()))


def test_nobody_to_ask(terminal: Terminal, writes: Callable[[], int]) -> None:
    terminal.play(f"$ {APPLY}\n! Error: there is nobody to ask\n! next: add --auto-approve*\n= 64")
    assert not (terminal.folder / "run").exists()
    assert writes() == 0


def test_it_asks_on_a_terminal(terminal: Terminal, sandbox: Sandbox) -> None:
    code, shown = terminal.typed(APPLY, "no")
    assert code == 5, shown
    assert "not agreed, nothing was written" in shown
    assert not (terminal.folder / "run").exists()
    code, shown = terminal.typed(APPLY, "yes")
    assert code == 0, shown
    assert "Plan: " in shown
    assert "instance_pools" in shown
    assert pools(sandbox) > 0


def test_a_finished_run_gets_another_pass_and_an_unfinished_one_does_not(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n> instance_pools *\n> total *\n! Next: cmkmigrate verify run\n= 0")
    before = pools(sandbox)
    sandbox.forget()
    terminal.play(f"$ {APPLY} --auto-approve\n> total *\n= 0")
    assert pools(sandbox) == before
    kinds_written = {one["path"] for one in sandbox.writes()} - {
        "/api/2.0/workspace/import",
        "/api/2.0/workspace/delete",
    }
    assert kinds_written == set()
    terminal.play(
        "$ apply gate.yaml --params params.yaml --run gated --auto-approve\n"
        "! Error: step 'pools' waits for a word\n= 5\n"
        "$ apply gate.yaml --params params.yaml --run gated --auto-approve\n"
        "! Error: the run is not finished\n! object: gated\n! next: cmkmigrate resume gated\n= 64"
    )


def test_the_folder_of_another_migration(terminal: Terminal) -> None:
    terminal.play(
        f"$ {APPLY} --auto-approve\n= 0\n"
        "$ apply contents-only --params params.yaml --run run --auto-approve\n"
        "! Error: the run is of another migration\n! object: run\n! next: name another folder with --run\n= 7"
    )


def test_a_folder_with_something_else_in_it(terminal: Terminal, writes: Callable[[], int]) -> None:
    (terminal.folder / "run").mkdir()
    terminal.write("run/note.txt", "mine")
    terminal.play(f"$ {APPLY} --auto-approve\n! Error: the run directory is not empty, and holds no run\n= 7")
    assert writes() == 0


def test_only_the_owner_can_read_a_run(terminal: Terminal) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    assert stat.S_IMODE((terminal.folder / "run").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (terminal.folder / "run").iterdir()} == {0o600}


def test_a_kept_plan(terminal: Terminal, sandbox: Sandbox, writes: Callable[[], int]) -> None:
    terminal.play("$ plan pools.yaml --params params.yaml --out a.cmkplan\n= 0")
    plan = terminal.folder / "a.cmkplan"
    text = plan.read_text()
    plan.write_text(text.replace('"create"', '"keep"', 1))
    terminal.play("$ apply a.cmkplan --run run\n! Error: the plan was edited\n! object: a.cmkplan\n= 7")
    plan.write_text("{}")
    terminal.play("$ apply a.cmkplan --run run\n! Error: this is not a plan\n= 7")
    plan.write_text(text)
    terminal.play(
        "$ apply a.cmkplan -p source=x\n! Error: a kept plan has its parameters\n= 64\n"
        "$ apply b.cmkplan\n! Error: there is no such plan\n! object: b.cmkplan\n= 64"
    )
    assert writes() == 0
    assert not (terminal.folder / "run").exists()
    terminal.play("$ apply a.cmkplan --run run\n> instance_pools *\n= 0")
    terminal.play("$ apply a.cmkplan --run other\n! Error: the plan is stale: *\n! why: *\n= 7")


def test_a_gate_takes_its_word_from_a_flag_or_a_terminal(terminal: Terminal, sandbox: Sandbox) -> None:
    word = sandbox.params["source"].rpartition("/")[2]
    terminal.play(
        "$ apply gate.yaml --params params.yaml --run one --auto-approve --confirm pool=x\n"
        "! Error: there is no step 'pool'\n! object: --confirm\n= 64\n"
        "$ apply gate.yaml --params params.yaml --run one --auto-approve --confirm pools=nonsense\n"
        f"! Error: step 'pools' waits for a word\n! why: 'nonsense' is not '{word}'\n"
        f"! next: cmkmigrate resume one --confirm pools={word}\n= 5\n"
        f"$ resume one --confirm pools={word}\n> instance_pools *\n= 0"
    )
    code, shown = terminal.typed("apply gate.yaml --params params.yaml --run two -y", "nonsense")
    assert code == 5, shown
    code, shown = terminal.typed("resume two", word)
    assert f"Type {word} to go on" in shown
    assert "total" in shown
    assert code in (0, 3), shown
    code, shown = terminal.typed("apply gate.yaml --params params.yaml --run three -y --max-duration 0s", word)
    assert code == 5 and "the window has closed" in shown and "Type" not in shown, "no gate has stopped it"


def test_events_as_lines(terminal: Terminal) -> None:
    result = terminal(f"{APPLY} --auto-approve -o jsonl")
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [events[0]["type"], events[-1]["type"]] == ["version", "run_end"]
    assert {"step_start", "phase_start", "step_progress"} <= {event["type"] for event in events}
    for event in events:
        assert {"ts", "run_id", "workspace"} <= event.keys()
    assert len({event["run_id"] for event in events}) == 1
    assert events[-1]["exit_code"] == result.code == 0


def test_one_document(terminal: Terminal) -> None:
    body = terminal(f"{APPLY} --auto-approve -o json").json
    assert body["type"] == "apply"
    for count in body["counts"]:
        assert sum(count[name] for name in ("migrated", "excluded", "unsupported", "failed")) == count["source"]
    terminal.play(f"$ {APPLY} --auto-approve -o csv\n! Error: this command has no output as csv\n= 64")


def test_what_cannot_be_moved_makes_it_3(terminal: Terminal, sandbox: Sandbox) -> None:
    refusal = {"match": {"path": "/api/2.0/instance-pools/create"}, "action": "refuse", "status": 400}
    sandbox.faults({**refusal, "body": {"error_code": "INVALID_PARAMETER_VALUE", "message": "not this one"}})
    terminal.play(
        f"$ {APPLY} --auto-approve\n> Not moved\n> ! instance_pools, failed (1): *not this one\n"
        "! mend what failed, then: cmkmigrate resume run --retry-failed\n= 3\n"
        "$ resume run --retry-failed\n> instance_pools *\n= 0"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interrupt_ends_in_good_order(number: signal.Signals, terminal: Terminal, sandbox: Sandbox) -> None:
    sandbox.faults(
        {"match": {"path": "/api/2.0/instance-pools/create"}, "action": "delay", "seconds": 1.5, "count": -1}
    )
    sandbox.forget()
    root = str(Path(__file__).resolve().parents[2] / "src")
    process = subprocess.Popen(
        [sys.executable, "-m", "cmkmigrate", *f"{APPLY} --auto-approve --parallelism 1".split()],
        cwd=terminal.folder,
        env=terminal.commands.env | {"PYTHONPATH": root},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + LONGEST_S
        while not any(one["path"].endswith("instance-pools/create") for one in sandbox.requests()):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(process.pid, number)
        out = process.communicate(timeout=LONGEST_S)[0]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, out
    assert "To go on: cmkmigrate resume run" in out
    assert "Traceback" not in out
    sandbox.faults()
    terminal.play("$ status run\n> State: stopped; cmkmigrate resume run\n= 0\n$ resume run\n> total *\n= 0")
