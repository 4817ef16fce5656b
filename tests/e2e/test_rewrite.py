"""Written anew in place: all of it, unchanged, proven, told; killed, lost and disturbed on the way."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Commands, Launcher, Result, Sandbox

GATES = ("services", "disks", "rewrite")


class Place:
    """One sandbox with the small estate, and commands on its workspace."""

    def __init__(self, launcher: Launcher, folder: Path) -> None:
        self.box = Sandbox(folder / "sandbox", "small")
        self._run = Commands(launcher, folder / "place", self.box.env)
        self.host = self.box.source_host
        self.id = str(self.box.params["source"])
        self.name = next(one["name"] for one in self.box.arm()["workspaces"].values() if one["id"] == self.id)

    def argv(self, verb: str = "apply", **params: Any) -> list[str]:
        given = {"workspace": self.id, "vault_name": "kv-rewrite", "features": "managed_services"} | params
        words = [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
        gates = [word for step in GATES for word in ("--confirm", f"{step}={self.name}")]
        if verb == "resume":
            return ["resume", "run", "-o", "json", *gates]
        if verb == "plan":
            return ["enable-in-place", *words]
        return ["apply", "enable-in-place", *words, "--run", "run", "--auto-approve", "-o", "json", *gates]

    def __call__(self, verb: str = "apply", *more: str, **params: Any) -> Result:
        return self._run(*self.argv(verb, **params), *more)

    def command(self, *argv: str) -> Result:
        return self._run(*argv)

    def start(self, *argv: str) -> tuple[int, Path]:
        return self._run.start(*argv)

    def finish(self, started: tuple[int, Path], argv: tuple[str, ...]) -> Result:
        return self._run.finish(started, argv)

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """The ledger's items of the step."""
        ledger = sqlite3.connect(self._run.work / "run" / "ledger.db")
        rows = ledger.execute(f"select {', '.join(columns)} from item where step = 'rewrite' order by kind, key")
        return rows.fetchall()

    def everything(self) -> dict[str, Any]:
        """The workspace, without who changed a query last and when."""
        state = self.box.state(self.host)
        for query in state["listed"]["queries"].values():
            for name in ("update_time", "last_modifier_user_name"):
                query.pop(name, None)
        return state


@pytest.fixture
def place(launcher: Launcher, tmp_path: Path) -> Iterator[Place]:
    made = Place(launcher, tmp_path)
    yield made
    made.box.close()


def test_all_of_it_is_written_and_stays_as_it_was(place: Place) -> None:
    before = place.everything()
    place.box.forget()
    planned = place.command("plan", *place.argv("plan", rewrite="true"))
    assert "secrets" in planned.out and "written anew as it is" in planned.out, planned
    assert place.box.writes() == []
    done = place(rewrite="true")
    assert done.code == 0, done
    assert place.everything() == before
    ends = Counter((kind, state, do) for kind, state, do in place.rows("kind", "state", "do"))
    notebooks = [path for path, node in before["tree"].items() if node["object_type"] == "NOTEBOOK"]
    in_git = [path for path in notebooks if before["tree"][path].get("in_git_folder")]
    values = sum(len(scope["secrets"]) for scope in before["secret_scopes"].values())
    assert in_git and values
    assert ends == {
        ("notebooks", "done", "again"): len(notebooks) - len(in_git),
        ("notebooks", "excluded", "excluded"): len(in_git),
        ("secrets", "done", "again"): values,
        ("secrets", "excluded", "excluded"): 1,
        ("queries", "done", "again"): len(before["listed"]["queries"]),
    }
    written = Counter(one["path"] for one in place.box.writes(place.host) if one["status"] < 400)
    assert written["/api/2.0/workspace/import"] == len(notebooks) - len(in_git) + 1, "each once, and the run's marker"
    assert written["/api/2.0/secrets/put"] == values
    assert (
        sum(number for path, number in written.items() if "/sql/queries/" in path) == ends["queries", "done", "again"]
    )
    for kind, before_it, after in place.rows("kind", "source_hint", "target_hint"):
        if after:
            stamp, digest = json.loads(before_it)
            assert stamp and stamp != after
            assert (digest == "") == (kind == "secrets"), "nothing derived from a secret's value is kept"
    verified = place.command("verify", "run")
    assert verified.code == 0, verified


def test_nothing_of_it_unless_it_is_asked_for(place: Place) -> None:
    done = place()
    assert done.code == 0 and place.rows("kind") == [], done
    assert place.box.writes(place.host) == []


@pytest.mark.parametrize("action", ["lose", pytest.param("reset", marks=pytest.mark.ci)])
def test_lost_writes_are_looked_up(action: str, place: Place) -> None:
    before = place.everything()
    paths = ("/api/2.0/workspace/import", "/api/2.0/secrets/put", "/api/2.0/sql/queries/*")
    match = {"write": True, "host": "adb-*"}
    place.box.faults(*({"match": match | {"path": path}, "action": action, "count": 2} for path in paths))
    done = place(rewrite="true")
    assert done.code == 0, done
    assert place.everything() == before
    assert {state for (state,) in place.rows("state")} == {"done", "excluded"}


@pytest.mark.parametrize(("action", "offset"), [("kill", 5), pytest.param("kill_after", 30, marks=pytest.mark.ci)])
def test_killed_and_resumed(action: str, offset: int, place: Place) -> None:
    before = place.everything()
    argv = tuple(place.argv(rewrite="true"))
    started = place.start(*argv)
    rule = {"match": {"write": True, "host": "adb-*"}, "offset": offset, "count": 1, "action": action}
    place.box.faults(rule | {"pid": started[0]})
    assert place.finish(started, argv).code < 0
    place.box.faults()
    assert place.rows("state") and {state for (state,) in place.rows("state")} != {"done", "excluded"}
    resumed = place("resume")
    assert resumed.code == 0, resumed
    assert place.everything() == before
    assert {state for (state,) in place.rows("state")} == {"done", "excluded"}
