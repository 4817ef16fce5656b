"""`-o jsonl` of real runs: each line is as published, whatever becomes of the run."""

from __future__ import annotations

import signal

from tests.cli.test_apply import APPLY
from tests.cli.transcript import Terminal
from tests.harness import Sandbox
from tests.render.event_lines import judged

CREATE = {"match": {"path": "/api/2.0/instance-pools/create"}}


def test_a_calm_run(terminal: Terminal) -> None:
    done = terminal(f"{APPLY} --auto-approve -o jsonl")
    lines = judged(done.out)
    assert lines[0]["run_id"] and lines[-1]["exit_code"] == done.code == 0
    types = [line["type"] for line in lines]
    assert {"phase_start", "step_start", "step_progress", "step_complete", "diagnostic", "change_summary"} <= set(types)
    assert types[-2:] == ["change_summary", "run_end"]
    assert [line["done"] for line in lines if line["type"] == "step_progress"] == [1, 2, 3, 4, 5, 6]
    assert {line["phase"] for line in lines if line["type"] == "phase_start"} == {"preflight", "instance_pools"}
    (count,) = lines[-2]["counts"]
    assert (count["kind"], count["source"], count["migrated"], count["open"]) == ("instance_pools", 6, 6, 0)


def test_a_killed_run_has_no_end(terminal: Terminal, sandbox: Sandbox) -> None:
    words = f"{APPLY} --auto-approve --parallelism 1 -o jsonl".split()
    started = terminal.commands.start(*words, CMKMIGRATE_TIMEOUT_S="1")
    sandbox.faults({**CREATE, "offset": 2, "action": "kill_after", "pid": started[0]})
    killed = terminal.commands.finish(started)
    assert killed.code == -signal.SIGKILL
    first = judged(killed.out, ended=False)
    sandbox.faults()
    lines = judged(terminal("resume run -o jsonl", CMKMIGRATE_TIMEOUT_S="1").out)
    assert lines[0]["run_id"] == first[0]["run_id"]
    done = [line["done"] for line in lines if line["type"] == "step_progress"]
    assert done[-1] == 6


def test_a_run_that_fails(terminal: Terminal, sandbox: Sandbox) -> None:
    body = {"error_code": "INVALID_PARAMETER_VALUE", "message": "not this one"}
    sandbox.faults({**CREATE, "action": "refuse", "status": 400, "body": body})
    failed = terminal(f"{APPLY} --auto-approve -o jsonl")
    lines = judged(failed.out)
    assert lines[-1]["exit_code"] == failed.code == 3
    (one,) = (line for line in lines if line["type"] == "step_progress" and line["state"] == "failed")
    assert "not this one" in one["reason"]
    again = judged(terminal("resume run --retry-failed -o jsonl").out)
    assert [line["done"] for line in again if line["type"] == "step_progress"] == [6], "what was done before counts"


def test_a_gate_and_an_end_of_the_window(terminal: Terminal, sandbox: Sandbox) -> None:
    words = "apply gate.yaml --params params.yaml --run run --auto-approve -o jsonl"
    waits = judged(terminal(words).out)
    (error,) = (line for line in waits if line.get("severity") == "error")
    assert waits[-1]["exit_code"] == 5 and "--confirm" in error["next"]
    word = sandbox.params["source"].rpartition("/")[2]
    closed = judged(terminal(f"resume run --confirm pools={word} --max-duration 0s -o jsonl").out)
    assert closed[-1]["exit_code"] == 5
    assert not {"step_errored", "step_progress"} & {line["type"] for line in closed}, "to be stopped is no error"


def test_refused(terminal: Terminal) -> None:
    mistake = terminal(f"{APPLY} --auto-approve -o jsonl --hold-before nothing")
    assert (mistake.code, mistake.out) == (64, ""), "a mistake on the command line has no lines"
    terminal.play("$ apply gate.yaml --params params.yaml --run run --auto-approve\n= 5")
    again = terminal("apply gate.yaml --params params.yaml --run run --auto-approve -o jsonl")
    lines = judged(again.out)
    assert again.code == lines[-1]["exit_code"] == 64 and lines[0]["run_id"] == ""
    assert lines[-2]["message"] == "the run is not finished"


def test_a_preflight_that_stops_it(terminal: Terminal, sandbox: Sandbox) -> None:
    sandbox.faults(
        {"match": {"path": "/api/2.0/*", "host": sandbox.source_host}, "action": "status", "status": 500, "count": -1}
    )
    refused = terminal(f"{APPLY} --auto-approve -o jsonl")
    lines = judged(refused.out)
    assert [line["type"] for line in lines] == ["version", "diagnostic", "run_end"]
    assert lines[-1]["exit_code"] == refused.code != 0 and lines[0]["run_id"] == ""


def test_other_formats_have_no_lines(terminal: Terminal) -> None:
    assert '"type": "version"' not in terminal(f"{APPLY} --auto-approve -o json").out
