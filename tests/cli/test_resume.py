"""`resume`: which run, what is refused, and that a killed run is finished with nothing twice."""

from __future__ import annotations

import sqlite3

import yaml

from cmkmigrate.run import seal
from tests.cli.test_apply import APPLY, pools
from tests.cli.transcript import Terminal
from tests.harness import Sandbox


def test_no_run(terminal: Terminal) -> None:
    terminal.play(
        "$ resume\n! Error: there is not an unfinished run below ./cmkmigrate-runs\n"
        "! next: name it, or start one*\n= 64\n"
        "$ resume nowhere\n! Error: there is no run here\n! object: nowhere\n! why: there is no such folder\n= 64\n"
        "$ resume .\n! Error: there is no run here\n! object: .\n! why: it holds no ledger\n= 64"
    )


def test_it_finds_the_only_unfinished_run(terminal: Terminal, sandbox: Sandbox) -> None:
    word = sandbox.params["source"].rpartition("/")[2]
    terminal.play("$ apply gate.yaml --params params.yaml --auto-approve\n= 5\n$ status\n> State: stopped; *\n= 0")
    terminal.play(f"$ resume --confirm pools={word}\n= 0\n$ resume\n! Error: there is not an unfinished run *\n= 64")


def test_several_unfinished_runs_are_named(terminal: Terminal) -> None:
    for name in ("one", "two"):
        terminal.play(f"$ apply gate.yaml --params params.yaml --run cmkmigrate-runs/{name} --auto-approve\n= 5")
    terminal.play(
        "$ resume\n! Error: more than one run is below ./cmkmigrate-runs\n"
        "! why: there are cmkmigrate-runs/one, cmkmigrate-runs/two\n= 64"
    )


def test_a_killed_run_goes_on_with_nothing_twice(terminal: Terminal, sandbox: Sandbox) -> None:
    started = terminal.commands.start(*f"{APPLY} --auto-approve --parallelism 2".split(), CMKMIGRATE_TIMEOUT_S="1")
    create = {"match": {"path": "/api/2.0/instance-pools/create"}, "offset": 2}
    sandbox.faults({**create, "action": "kill_after", "pid": started[0]})
    assert terminal.commands.finish(started).code == -9
    sandbox.faults()
    terminal.play(
        "$ status run\n> State: stopped (its process is gone); *\n> *without a known result*\n> ? create *\n= 0"
    )
    terminal.play("$ resume run\n! * resume: instance_pools: *\n> total *\n= 0", CMKMIGRATE_TIMEOUT_S="1")
    assert pools(sandbox) == 6


def test_a_run_that_is_finished(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    sandbox.forget()
    terminal.play("$ resume run\n! The run is finished: *\n> total *\n= 0")
    assert sandbox.writes() == []


def test_a_damaged_ledger(terminal: Terminal) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (terminal.folder / "run" / name).unlink(missing_ok=True)
    (terminal.folder / "run" / "ledger.db").write_bytes(b"no database" * 1000)
    terminal.play("$ resume run\n! Error: the ledger is damaged\n! object: run\n! next: put the newest copy *\n= 7")


def test_an_edited_run(terminal: Terminal, sandbox: Sandbox) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    with sqlite3.connect(terminal.folder / "run" / "ledger.db") as connection:
        seal.connect(connection)  # by whoever knows how; a change by anybody else is damage
        connection.execute("update meta set v = replace(v, 'generated-5', 'generated-6') where k = 'params'")
    connection.close()
    terminal.play("$ resume run\n! Error: the run is of another migration\n! object: run\n= 7")


def test_others_can_write_to_the_folder(terminal: Terminal) -> None:
    terminal.play(f"$ {APPLY} --auto-approve\n= 0")
    (terminal.folder / "run").chmod(0o777)
    terminal.play("$ resume run\n! Error: others can write to the run directory\n! next: chmod 700 run\n= 7")


def test_the_run_does_not_need_its_files_again(terminal: Terminal, sandbox: Sandbox) -> None:
    word = sandbox.params["source"].rpartition("/")[2]
    terminal.play("$ apply gate.yaml --params params.yaml --run run --auto-approve\n= 5")
    terminal.write("gate.yaml", "nonsense")
    terminal.write("params.yaml", yaml.safe_dump({"source": "nonsense"}))
    terminal.play(f"$ resume run --confirm pools={word}\n> total *\n= 0")
