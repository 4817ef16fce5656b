"""`status`: from another process, without a lock, in every format."""

from __future__ import annotations

import csv
import time

from tests.cli.test_apply import APPLY, LONGEST_S
from tests.cli.transcript import Terminal
from tests.harness import Sandbox


def test_a_finished_run(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    sandbox.forget()
    terminal.play(
        "$ status run\n> Run * in run, pass 1\n> Source: /subscriptions/*\n> State: finished *\n> step is kind done\n"
        "> pools done instance_pools 6\n= 0\n$ status run --watch\n> State: finished *\n= 0"
    )
    assert sandbox.requests() == [], "it asks nothing of any cloud"


def test_the_formats(terminal: Terminal) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    body = terminal("status run -o json").json
    assert body["numbers"] == {"pools": {"instance_pools": {"done": 6}}}
    assert terminal("status run -o jsonl").json == {**body, "holder": None}
    rows = list(csv.DictReader(terminal("status run -o csv").out.splitlines()))
    assert rows == [{"step": "pools", "kind": "instance_pools", "state": "done", "number": "6"}]


def test_it_looks_on_while_another_process_works(terminal: Terminal, sandbox: Sandbox) -> None:
    launcher, create = terminal.commands.launcher, {"path": "/api/2.0/instance-pools/create"}
    sandbox.faults({"match": create, "action": "delay", "seconds": 1.0, "count": -1})
    started = terminal.commands.start(*f"{APPLY} --auto-approve --parallelism 1".split())
    launcher.order(do="go", pid=started[0])
    seen = None
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        result = terminal("status run -o json")
        if result.code == 0 and result.json["holder"] and result.json["unknown_count"]:
            seen = result.json
            break
    assert seen, "never seen at work"
    assert seen["holder"]["alive"]
    assert seen["holder"]["pid"] == started[0]
    sandbox.faults()
    assert launcher.order(do="wait", pid=started[0], seconds=LONGEST_S)["code"] == 0


def test_no_run(terminal: Terminal) -> None:
    terminal.play("$ status\n! Error: there is not a run below ./cmkmigrate-runs\n= 64\n$ status no\n! Error: *\n= 64")
