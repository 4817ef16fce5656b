"""Whole runs in shared state, by machines that share nothing but the database; and ledgers of earlier schemas."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cmkmigrate.run import schema
from tests.backends import server
from tests.comparer.compare import compare
from tests.e2e.test_brake import wait_for
from tests.e2e.test_two_operators import at_once, judge
from tests.harness import Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate
from tests.postgres import ESCAPED, PASSWORD, Server, missing, new_name, served
from tests.run.test_upgrade import golden

__all__ = ["server"]
pytestmark = pytest.mark.ci
TARGETS = ["killed", "operators", "restarted", "held", "old"]
HELD = "contents"  # a step
LEFT_OUT = 3  # the small estate has things that cannot be moved
WRITE = {"match": {"method": "POST", "path": "/api/2.0/workspace/import"}}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("shared")
    made = Sandbox(folder / "sandbox", "small", targets_estate(folder / "targets", TARGETS))
    yield made
    made.close()


@pytest.fixture
def machine(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Callable[[str, Server], Commands]:
    """A place to run commands in that shares nothing with another but the database."""

    def make(name: str, server: Server) -> Commands:
        made = Commands(launcher, tmp_path / name, box.env)
        made.env |= {"CMKMIGRATE_STATE": server.url()}
        return made

    return make


def words(box: Sandbox, place: Commands, target: str, run: str) -> tuple[str, ...]:
    ids = {one["name"]: one["id"] for one in box.arm()["workspaces"].values()}
    params = place.folder / "p.yaml"
    params.write_text(yaml.safe_dump({"source": box.params["source"], "target": ids[target]}))
    return ("apply", "contents-only", "--params", str(params), "--run", run, "--auto-approve", "-o", "json")


def right_end(box: Sandbox, target: str, result: Result) -> None:
    """The comparer finds no difference but what the run says, and nothing was written to the source."""
    assert result.code == LEFT_OUT, result
    source, host = box.source_host, box.host_of(target)
    left = [(one["kind"], one["key"]) for one in result.json["problems"]]
    exports = box.exports(source, host)
    found = compare(box.state(source), box.state(host), left_out=left, operator=box.operator, exports=exports)
    assert found == [], result
    assert box.writes(source) == []


def test_what_one_machine_began_another_ends(
    box: Sandbox, server: Server, machine: Callable[[str, Server], Commands], tmp_path: Path
) -> None:
    here, there, name = machine("here", server), machine("there", server), new_name()
    box.forget()
    apply = words(box, here, "killed", name)
    started = here.start(*apply)
    box.faults({**WRITE, "offset": 11, "count": 1, "action": "kill", "pid": started[0]})
    assert here.finish(started, apply).code == -signal.SIGKILL
    box.faults()
    status = there("status", name, "-o", "json")
    assert status.code == 0 and status.json["directory"] == name, status
    assert status.json["holder"]["alive"] is False
    assert there("pause", name).code == 64, "nobody is at work on it"
    resumed = there("resume", name, "-o", "json")
    right_end(box, "killed", resumed)
    verified = here("verify", name, "-o", "json")
    assert verified.code == LEFT_OUT and verified.json["complete"] is True, verified
    assert here("report", name, "--out", str(here.folder / "r.html")).code == 0
    assert here("unlock", name).code == 0
    before = len(box.writes())
    again = there(*words(box, there, "killed", name))
    assert again.code == LEFT_OUT and len(box.writes()) == before, "a second pass writes nothing"
    for folder, _, files in os.walk(tmp_path):
        for file in files:
            data = (Path(folder) / file).read_bytes()
            assert PASSWORD.encode() not in data and ESCAPED.encode() not in data, f"{folder}/{file}"
    rows = "\n".join(map(str, server.sql(f'select * from "cmkmigrate_{name}".meta')))
    assert PASSWORD not in rows and ESCAPED not in rows


def test_of_two_machines_one_goes_on(box: Sandbox, server: Server, machine: Callable[[str, Server], Commands]) -> None:
    here, there, name = machine("here", server), machine("there", server), new_name()
    results = at_once(box, here, words(box, here, "operators", name), there, ("resume", name))
    judge(*results, "somebody else is at work on this run")
    assert there("status", name).code == 0


def test_a_server_that_goes_away_in_the_middle(box: Sandbox, machine: Callable[[str, Server], Commands]) -> None:
    if why := missing():
        pytest.skip(why)
    with served() as frail:
        here, there = machine("here", frail), machine("there", frail)
        box.forget()
        apply = words(box, here, "restarted", "night")
        box.faults({**WRITE, "offset": 9, "count": -1, "action": "delay", "seconds": 3.0})
        started = here.start(*apply)
        here.launcher.order(do="go", pid=started[0])
        wait_for(lambda: json.loads(box.control("GET", "faults"))[0]["seen"] >= 10)
        frail.stop(signal.SIGQUIT)
        stopped = here.wait(started, apply)
        assert stopped.code == 5, stopped
        assert "the shared state" in stopped.err and "cmkmigrate resume night" in stopped.err, stopped
        assert PASSWORD not in stopped.err and ESCAPED not in stopped.err
        away = there("resume", "night")
        assert away.code == 5, away
        box.faults()
        frail.start()
        right_end(box, "restarted", there("resume", "night", "-o", "json"))


def test_held_by_one_machine_and_released_from_another(
    box: Sandbox, server: Server, machine: Callable[[str, Server], Commands]
) -> None:
    """`--hold-before`, `release` and `runs list`, on a run that is no folder of either machine."""
    here, there, name = machine("here", server), machine("there", server), new_name()
    assert there("release", name).code == 64, "there is no such run"
    box.forget()
    apply = (*words(box, here, "held", name), "--hold-before", HELD)
    started = here.start(*apply)
    here.launcher.order(do="go", pid=started[0])

    def listed() -> dict[str, Any]:
        found = there("runs", "list", "-o", "json")
        assert found.code == 0, found
        return next((one for one in found.json["runs"] if one["directory"] == name), {})

    wait_for(lambda: listed().get("state") == "paused")
    assert listed()["source"] == box.params["source"] and not listed()["finished"]
    shown = there("status", name).out
    assert f"Held: before step {HELD}; cmkmigrate release {name}" in shown, shown
    assert [one["path"] for one in box.writes() if one["path"] == WRITE["match"]["path"]] == [], "nothing goes past it"
    released = there("release", name)
    assert released.code == 0 and f"Step {HELD} begins within seconds." in released.err, released
    right_end(box, "held", here.wait(started, apply))
    done = listed()
    assert done["state"] == "finished" and 0 < done["done"] == done["total"] and done["finished"] > done["created"]
    assert f"step {HELD} is released by" in " ".join(
        str(row[0]) for row in server.sql(f'select text from "cmkmigrate_{name}".event')
    )
    late = there("release", name)
    assert late.code == 64 and "nobody is at work on this run" in late.err, late
    table, lines = there("runs", "list"), there("runs", "list", "-o", "csv")
    assert table.code == lines.code == 0 and name in table.out and name in lines.out, table
    for said in (table, lines, released, late):
        assert PASSWORD not in said.out + said.err and ESCAPED not in said.out + said.err


# earlier schemas


def test_a_golden_ledger_is_resumed_to_its_right_end(launcher: Launcher, tmp_path: Path) -> None:
    box = Sandbox(tmp_path / "sandbox", "small", targets_estate(tmp_path / "targets", ["golden"]))
    try:
        place, run = Commands(launcher, tmp_path / "place", box.env), tmp_path / "run"
        golden(run)
        right_end(box, "golden", place("resume", str(run), "-o", "json"))
        assert (run / "ledger.schema1.db").is_file()
    finally:
        box.close()


def test_a_run_that_died_half_way_under_an_earlier_schema(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    place, run = Commands(launcher, tmp_path, box.env), tmp_path / "run"
    place.env["CMKMIGRATE_TIMEOUT_S"] = "1"
    box.forget()
    apply = words(box, place, "old", str(run))
    started = place.start(*apply)
    box.faults({**WRITE, "offset": 14, "count": 1, "action": "kill", "pid": started[0]})
    assert place.finish(started, apply).code == -signal.SIGKILL
    box.faults()
    back_to_schema1(run)
    right_end(box, "old", place("resume", str(run), "-o", "json"))


def back_to_schema1(run: Path) -> None:
    """Make a ledger what the first version would have left: its tables, which have not changed since, and no more."""
    assert schema.SCHEMA_VERSION == 2, "a later schema needs more than this"
    connection = sqlite3.connect(run / "ledger.db")
    for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        connection.execute(f'drop trigger "{name}"')
    connection.execute("drop table seal")
    connection.execute("update meta set v = '1' where k = 'schema_version'")
    connection.execute("delete from meta where k = 'begun_by'")
    connection.commit()
    connection.close()
    (run / "ledger.mark").unlink(missing_ok=True)
