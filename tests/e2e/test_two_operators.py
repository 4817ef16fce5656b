"""Two people at once: exactly one goes on, the other is told who is at work and what to do (exit 11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.comparer.compare import walk
from tests.e2e.test_brake import wait_for
from tests.harness import Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

HELD = 11
CLUSTER = {"method": "POST", "path": "/api/2.1/clusters/create"}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("two")
    made = Sandbox(folder / "sandbox", "small", targets_estate(folder / "targets", ["one", "two", "three", "four"]))
    yield made
    made.close()


def words(box: Sandbox, place: Commands, target: str, run: Path) -> tuple[str, ...]:
    ids = {one["name"]: one["id"] for one in box.arm()["workspaces"].values()}
    params = place.folder / "p.yaml"
    params.write_text(yaml.safe_dump({"source": box.params["source"], "target": ids[target]}))
    return ("apply", "contents-only", "--params", str(params), "--run", str(run), "--auto-approve")


def at_once(
    box: Sandbox, first: Commands, argv: tuple[str, ...], second: Commands, other: tuple[str, ...]
) -> tuple[Result, Result]:
    """`argv`, and `other` while the first is held at its first cluster, which is refused until the other has ended."""
    box.faults({"match": CLUSTER, "action": "refuse", "status": 429, "count": -1})
    box.forget()
    started = first.start(*argv)
    first.launcher.order(do="go", pid=started[0])
    wait_for(lambda: json.loads(box.control("GET", "faults"))[0]["seen"] > 0)
    late = second(*other)
    box.faults()
    return first.wait(started, argv), late


def judge(one: Result, late: Result, *said: str) -> None:
    assert late.code == HELD, late
    for text in ("Error: ", "next:", *said):
        assert text in late.err, late
    assert one.code == 3, one  # the small estate has things that cannot be moved


def test_one_run_directory(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    place, run = Commands(launcher, tmp_path, box.env), tmp_path / "run"
    one, late = at_once(box, place, words(box, place, "one", run), place, ("resume", str(run)))
    judge(one, late)
    assert place("status", str(run)).code == 0


def test_one_machine_and_two_run_directories(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    place = Commands(launcher, tmp_path, box.env)
    one, two = (words(box, place, "two", tmp_path / name) for name in ("first", "second"))
    judge(*at_once(box, place, one, place, two))


def test_two_machines_that_share_nothing(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    here, there = Commands(launcher, tmp_path / "here", box.env), Commands(launcher, tmp_path / "there", box.env)
    one, two = words(box, here, "three", tmp_path / "a"), words(box, there, "three", tmp_path / "b")
    results = at_once(box, here, one, there, two)
    judge(*results, "/Shared/.cmkmigrate-run")
    # Once the first has ended the second may go on: nothing is left to do for it, and nothing is made twice.
    before = box.state(box.host_of("three"))
    again = there(*two)
    assert again.code == 3, again
    after = box.state(box.host_of("three"))
    assert sorted(one["settings"]["name"] for one in after["jobs"]) == sorted(
        one["settings"]["name"] for one in before["jobs"]
    )
    assert list(walk(before, after)) == []


def test_status_from_another_process(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    place, run = Commands(launcher, tmp_path, box.env), tmp_path / "run"
    one, status = at_once(box, place, words(box, place, "four", run), place, ("status", str(run), "-o", "json"))
    assert (one.code, status.code) == (3, 0)
    assert status.json["holder"]["alive"] is True
