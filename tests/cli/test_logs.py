"""`logs`: what happened, of the whole run or of one step."""

from __future__ import annotations

import csv
import json

from tests.cli.test_apply import APPLY
from tests.cli.transcript import Terminal
from tests.harness import Sandbox


def test_a_step_with_the_last_word_on_each_thing(terminal: Terminal, sandbox: Sandbox) -> None:
    refusal = {"match": {"path": "/api/2.0/instance-pools/create"}, "action": "refuse", "status": 400}
    sandbox.faults({**refusal, "body": {"error_code": "INVALID_PARAMETER_VALUE", "message": "not this one"}})
    terminal.play(f"$ {APPLY} --auto-approve\n= 3")
    sandbox.forget()
    terminal.play(
        "$ logs run --step pools\n> * step pools\n> * item pools instance_pools * create *\n> * done pools done\n= 0"
    )
    rows = [json.loads(line) for line in terminal("logs run --step pools -o jsonl").out.splitlines()]
    items = [row for row in rows if row["what"] == "item"]
    assert len(items) == 6 and sum(row["state"] == "failed" for row in items) == 1
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    (failed,) = (row for row in items if row["state"] == "failed")
    assert "not this one" in failed["text"]
    assert terminal("logs run --step pools -o json").json["rows"] == rows
    assert len(list(csv.DictReader(terminal("logs run --step pools -o csv").out.splitlines()))) == len(rows)
    assert sandbox.requests() == [], "it asks nothing of any cloud"


def test_the_whole_run(terminal: Terminal) -> None:
    terminal.play(
        f"$ {APPLY} --auto-approve\n= 0\n$ logs run\n> * begin: *@* is at work on this run\n> * phase: preflight\n= 0"
    )
    what = [json.loads(line)["what"] for line in terminal("logs run -o jsonl").out.splitlines()]
    assert what == ["begin", "phase", "step", "done", "end"]


def test_a_step_that_is_not_there(terminal: Terminal) -> None:
    terminal.play("$ apply gate.yaml --params params.yaml --run run --auto-approve\n= 5")
    terminal.play(
        "$ logs run --step pools\n! Error: the run knows no step 'pools'\n! why: no step of it has begun\n= 64"
    )
