"""`verify`: what it sees, what it keeps, what it ends with."""

from __future__ import annotations

import csv
import json

from tests.cli.test_apply import APPLY
from tests.cli.transcript import Terminal
from tests.harness import Sandbox


def test_equal_and_then_not(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    sandbox.forget()
    terminal.play(
        "$ verify run\n> instance_pools 6 6 0 0 0\n> Verify: nothing differs; depth content; every step*\n= 0"
    )
    assert sandbox.writes() == []
    host = sandbox.host_of(sandbox.params["target"])
    pools = sandbox.call(host, "GET", "/api/2.0/instance-pools/list")["instance_pools"]
    gone, changed, *_ = sorted(pools, key=lambda pool: str(pool["instance_pool_name"]))
    sandbox.call(host, "POST", "/api/2.0/instance-pools/delete", {"instance_pool_id": gone["instance_pool_id"]})
    edit = {name: changed[name] for name in ("instance_pool_id", "instance_pool_name", "node_type_id")}
    sandbox.call(host, "POST", "/api/2.0/instance-pools/edit", {**edit, "max_capacity": 9})
    extra = {"instance_pool_name": "nobody's", "node_type_id": "Standard_DS3_v2"}
    sandbox.call(host, "POST", "/api/2.0/instance-pools/create", extra)
    result = terminal.play("$ verify run\n> Verify: not everything is equal; *\n= 3")
    marks = sorted(line[:16] for line in result.out.splitlines() if line[:2] in ("- ", "+ ", "* "))
    assert marks == ["* instance_pools", "+ instance_pools", "- instance_pools"]
    body = terminal("verify run -o json").json
    assert not body["clean"]
    assert {finding["what"] for finding in body["findings"]} == {"missing", "differs", "extra"}
    lines = [json.loads(line) for line in terminal("verify run -o jsonl").out.splitlines()]
    assert [line["type"] for line in lines] == ["finding"] * 3 + ["verify"]
    assert len(list(csv.DictReader(terminal("verify run -o csv").out.splitlines()))) == 3


def test_an_unfinished_run_is_not_verified(terminal: Terminal) -> None:
    terminal.play("$ apply gate.yaml --params params.yaml --run run --auto-approve\n= 5")
    terminal.play("$ verify run\n> Verify: *; NOT every step of the run (it is not finished)\n= 3")


def test_depths(terminal: Terminal) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    for depth in ("names", "metadata", "content"):
        terminal.play(f"$ verify run --depth {depth}\n> Verify: *; depth {depth}; *\n= 0")
    terminal.play("$ verify run --depth bytes\n! Error: *'bytes'*\n! next: cmkmigrate verify --help\n= 64")
