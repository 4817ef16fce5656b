"""`runs list`: every run below a folder, those too that cannot be read."""

from __future__ import annotations

import csv
import json

from tests.cli.test_apply import APPLY
from tests.cli.transcript import Terminal
from tests.harness import Sandbox


def test_all_runs(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play("$ runs list\n> There is no run.\n= 0")
    terminal.play(f"$ {APPLY.replace('--run run', '--run cmkmigrate-runs/one')} --auto-approve\n= 0")
    terminal.play("$ apply gate.yaml --params params.yaml --run cmkmigrate-runs/two --auto-approve\n= 5")
    broken = terminal.folder / "cmkmigrate-runs" / "three"
    broken.mkdir(mode=0o700)
    (broken / "ledger.db").write_bytes(b"no database" * 1000)
    (terminal.folder / "cmkmigrate-runs" / "no-run").mkdir()
    sandbox.forget()
    terminal.play(
        "$ runs list\n> run is pass done begun finished\n> cmkmigrate-runs/two stopped 1 *\n"
        "> cmkmigrate-runs/one finished 1 6/6 *\n> cmkmigrate-runs/three unreadable *\n"
        "> cmkmigrate-runs/three: the ledger is damaged: *\n= 0"
    )
    assert sandbox.requests() == [], "it asks nothing of any cloud"
    found = {row["directory"].rpartition("/")[2]: row for row in terminal("runs list -o json").json["runs"]}
    assert {name: row["state"] for name, row in found.items()} == {
        "one": "finished", "two": "stopped", "three": "unreadable",
    }  # fmt: skip
    assert found["one"]["source"] == sandbox.params["source"] and found["one"]["finished"] > found["one"]["created"]
    lines = [json.loads(line) for line in terminal("runs list cmkmigrate-runs -o jsonl").out.splitlines()]
    assert [{**line, "type": "run"} for line in lines] == [{"type": "run", **row} for row in found.values()]
    rows = list(csv.DictReader(terminal("runs list -o csv").out.splitlines()))
    assert [row["state"] for row in rows] == ["stopped", "finished", "unreadable"]


def test_no_such_folder(terminal: Terminal) -> None:
    terminal.play("$ runs list nowhere\n! Error: there is no such folder\n! object: nowhere\n= 64")
