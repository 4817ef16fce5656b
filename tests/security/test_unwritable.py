"""Names that no path, no table and no file can hold: half of a character (JSON brings it as \\ud800), and NUL.

What is called so is listed, counted and reported as not moved; everything else moves, and every command shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.comparer.compare import compare
from tests.e2e.conftest import Migration, migrate
from tests.estates import Estate
from tests.harness import Commands, Launcher, Sandbox

pytestmark = [pytest.mark.ci]
HALF, OTHER, NUL = "half \ud800 of it", "\udfffother half", "before\0after"
SAID = {HALF: "half \\ud800 of it", OTHER: "\\udfffother half", NUL: "before\\x00after"}


def build(folder: Path) -> Path:
    """Groups, clusters, jobs, folders and notebooks of such names beside plain ones, and jobs that refer to them."""
    made = Estate(folder, "unwritable", 7405600000008888, "eva@unwritable.example")
    made.people([*SAID, "plain"])
    made.folders("/Shared/plain")
    made.notebook("/Shared/plain/n")
    for at, name in enumerate(SAID):
        made.node(f"/Shared/{name}", "DIRECTORY")
        made.notebook(f"/Shared/{name}/n")
        made.notebook(f"/Shared/plain/{name}")
        made.cluster(at, cluster_name=name)
        made.job(at, {"name": name, "tasks": []})
    made.cluster(9, cluster_name="plain", custom_tags={"of": NUL})
    made.job(8, {"name": "plain", "tasks": [], "tags": {"of": HALF}})
    made.job(9, {"name": "refers", "tasks": [{"task_key": "a", "run_job_task": {"job_id": 880000000000000}}]})
    return made.done()


@pytest.fixture(scope="module")
def world(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migration]:
    box = Sandbox(tmp_path_factory.mktemp("unwritable"), build(tmp_path_factory.mktemp("unwritable-estate")))
    yield migrate(box, Commands(launcher, tmp_path_factory.mktemp("unwritable-run"), box.env))
    box.close()


@pytest.mark.parametrize("kind", ["groups", "clusters", "jobs", "directories", "notebooks"])
@pytest.mark.parametrize("name", SAID, ids=["half", "other half", "NUL"])
def test_it_is_reported(world: Migration, kind: str, name: str) -> None:
    said = [one for one in world.apply.json["problems"] if one["kind"] == kind]
    assert [one for one in said if SAID[name] in one["name"] and "NUL or half" in one["reason"]], said


def test_all_else_moves(world: Migration) -> None:
    box, left = world.sandbox, world.left_out
    for name, said in SAID.items():
        left += [(kind, key.replace(said, name)) for kind, key in world.left_out if said in key]
        left.append(("notebooks", f"/Shared/{name}/n"))  # in a folder that cannot be looked into, as is said of it
    found = compare(box.state(world.source), box.state(world.target), left_out=left, operator=box.operator)
    assert found == [] and world.apply.code == 3
    there = json.dumps(world.sandbox.state(world.target))
    assert '"plain"' in there and "/Shared/plain/n" in there
    refers = next(one for one in world.apply.json["problems"] if one["name"] == "refers")
    assert refers["kind"] == "jobs" and "880000000000000" in refers["reason"], refers
    assert [one for one in world.apply_requests if one["write"] and one["host"] == world.source] == []


def test_every_command_shows_it(world: Migration) -> None:
    place, run, params = world.commands, str(world.run), str(world.params)
    for words in (
        *(("plan", "cmk-migration", "--params", params, "-o", form) for form in ("table", "json", "jsonl", "csv")),
        ("plan", "cmk-migration", "--params", params, "--out", "kept.cmkplan"),
        ("verify", run, "-o", "json"),
        ("status", run, "-o", "json"),
        ("logs", run, "--step", "contents", "-o", "jsonl"),
        ("resume", run, "--retry-failed", "-o", "jsonl", "--debug"),
        ("report", run, "--out", "report.html"),
        ("assess", "--contents"),
    ):
        done = place(*words)
        assert done.code in (0, 3) and "Traceback" not in done.err and "unexpected" not in done.err, done
        assert "\0" not in done.out and "\0" not in done.err, done
