"""The probe of the disks' key: one machine, started once; red where the key cannot be used; gone whatever happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import ARM, Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User
GATES = ("services", "disks", "probe")


class Place:
    """A workspace, and the playbook on it."""

    def __init__(self, box: Sandbox, commands: Commands, name: str) -> None:
        self.box, self.commands, self.name = box, commands, name
        found = next(one for one in box.arm()["workspaces"].values() if one["name"] == name)
        self.id, self.host = str(found["id"]), str(found["properties"]["workspaceUrl"])
        self.gates = [word for step in GATES for word in ("--confirm", f"{step}={name}")]

    def argv(self, *features: str, **params: str) -> tuple[str, ...]:
        given = {"workspace": self.id, "vault_name": f"kv-{self.name}", "features": ",".join(features)} | params
        words = [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
        return ("apply", "enable-in-place", *words, "--run", self.name, "--auto-approve", "-o", "json", *self.gates)

    def __call__(self, *argv: str) -> Result:
        return self.commands(*argv)

    def resume(self, *more: str) -> Result:
        return self.commands("resume", self.name, "-o", "json", *self.gates, *more)

    @property
    def row(self) -> dict[str, Any]:
        ledger = sqlite3.connect(self.commands.work / self.name / "ledger.db")
        columns = ("state", "do", "reason")
        rows = ledger.execute(f"select {', '.join(columns)} from item where step = 'probe'").fetchall()
        return dict(zip(columns, rows[0], strict=True)) if rows else {}

    @property
    def started(self) -> int:
        return int(self.box.state(self.host)["started"]["clusters"])

    @property
    def left(self) -> list[Any]:
        return list(self.box.state(self.host)["clusters"])


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("probe")
    names = ["green", "red", "unasked", "killed-create", "killed-delete", "keyless"]
    made = Sandbox(folder / "sandbox", "small", targets_estate(folder / "workspaces", names))
    yield made
    made.close()


@pytest.fixture
def at(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    commands = Commands(launcher, tmp_path, box.env)
    yield lambda name: Place(box, commands, name)
    box.faults()


def test_it_starts_once_and_the_result_stands(at: Callable[[str], Place]) -> None:
    place = at("green")
    argv = place.argv("managed_disks", probe="true")
    planned = place("plan", "enable-in-place", *argv[2:10])
    assert "the probe starts one machine" in planned.out, planned
    done = place(*argv)
    assert done.code == 0, done
    assert (place.row["state"], place.started, place.left) == ("done", 1, [])
    again = place(*argv)
    assert again.code == 0 and (place.row["do"], place.started) == ("keep", 1), again
    verified = place("verify", place.name)
    assert verified.code == 0 and place.started == 1, verified.out


def test_it_goes_red_where_the_disks_may_not_use_the_key(at: Callable[[str], Place], box: Sandbox) -> None:
    place = at("red")
    words = place.argv("managed_disks", probe="true")
    stopped = place(*words[: -len(place.gates)], *place.gates[:-2])
    assert stopped.code == 5 and "probe" in stopped.err, stopped
    found = next(one for one in box.arm()["workspaces"].values() if one["name"] == "red")
    who = found["properties"]["managedDiskIdentity"]["principalId"]
    granted = [one for one in box.arm()["roleAssignments"] if one["principal"] == who]
    assert granted, "the disks' identity was given nothing"
    for one in granted:
        box.call(ARM, "DELETE", f"{one['scope']}{ASSIGNMENTS}/{one['name']}?api-version=2022-04-01")
    red = place.resume()
    assert (red.code, place.row["state"]) == (3, "failed"), red
    assert "KeyVaultAccessForbidden" in place.row["reason"], place.row
    assert place.left == []
    role = f"{found['id'].partition('/resourceGroups/')[0]}/providers/Microsoft.Authorization/roleDefinitions/{USER}"
    for one in granted:
        body = {"properties": {"principalId": who, "roleDefinitionId": role, "principalType": "ServicePrincipal"}}
        box.call(ARM, "PUT", f"{one['scope']}{ASSIGNMENTS}/{one['name']}?api-version=2022-04-01", body)
    green = place.resume("--retry-failed")
    assert (green.code, place.row["state"], place.left) == (0, "done", []), green


def test_nobody_asked_for_it(at: Callable[[str], Place]) -> None:
    place = at("unasked")
    assert place(*place.argv("managed_disks")).code == 0
    assert (place.row, place.started) == ({}, 0)


def test_nothing_to_prove(at: Callable[[str], Place], box: Sandbox) -> None:
    place = at("keyless")
    box.forget()
    refused = place(*place.argv("managed_services", probe="true"))
    assert refused.code == 64 and "no key of the disks" in refused.err, refused
    assert box.writes() == []


@pytest.mark.parametrize("name", ["killed-create", pytest.param("killed-delete", marks=pytest.mark.ci)])
def test_killed_on_the_way(name: str, at: Callable[[str], Place], box: Sandbox) -> None:
    place = at(name)
    argv = place.argv("managed_disks", probe="true")
    started = place.commands.start(*argv)
    path = "/api/2.1/clusters/create" if name == "killed-create" else "/api/2.1/clusters/permanent-delete"
    box.faults({"match": {"path": path, "method": "POST"}, "action": "kill_after", "pid": started[0]})
    assert place.commands.finish(started, argv).code < 0
    box.faults()
    resumed = place.resume()
    assert (place.started, place.left) == (1, []), resumed
    if name == "killed-create":
        assert (resumed.code, place.row["state"]) == (0, "done"), resumed
        return
    assert (resumed.code, place.row["state"]) == (3, "drifted"), resumed
    assert "before its result was kept" in place.row["reason"]
    assert place.resume("--retry-failed").code == 0
    assert (place.row["state"], place.started, place.left) == ("done", 2, [])
