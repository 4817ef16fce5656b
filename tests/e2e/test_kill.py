"""SIGKILL at twenty places of a run, then `resume`: the target is that of a run that nobody disturbed.

Three sorts of places: before a request, after its work with the answer lost, and after the answer, before its result
is in the ledger. Each trial has its own target and vault. Three sandboxes side by side, so that a rule counts the
requests of one trial alone.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.comparer.compare import compare, same
from tests.e2e.conftest import Migration
from tests.harness import Commands, Launcher, Result, Sandbox, params_of

# (how, how far into the run: a share of its writes, or of its results)
BEFORE = [("kill", share / 100) for share in (1, 7, 22, 38, 55, 76, 100)]
AFTER = [("kill_after", share / 100) for share in (3, 10, 18, 33, 50, 70, 92)]
UNKEPT = [("result", share / 100) for share in (2, 6, 15, 40, 65, 90)]
POINTS = BEFORE + AFTER + UNKEPT
SIDE_BY_SIDE = 3
AGAIN = 20  # writes that a resume may do more than an undisturbed run: what was under way, and the run's marker


@dataclass
class Trial:
    """What came of one kill and one resume."""

    name: str
    number: int = 0  # of the write or result at which it died
    killed: Result | None = None
    resumed: Result | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    writes: list[dict[str, Any]] = field(default_factory=list)
    source: str = ""
    keys: list[int] = field(default_factory=list)
    grants: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    error: BaseException | None = None


def name_of(point: tuple[str, float]) -> str:
    return f"{point[0].replace('_', '-')}-{round(point[1] * 100):02}"


@pytest.fixture(scope="module")
def trials(undisturbed: Migration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Trial]]:
    """Every trial by its name."""
    waiting: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
    for point in POINTS:
        waiting.put(point)
    found: dict[str, Trial] = {}
    reference = undisturbed.sandbox.state(undisturbed.target)
    writes = sum(bool(one["write"]) for one in undisturbed.apply_requests)

    def work(folder: Path) -> None:
        box, launcher = Sandbox(folder / "sandbox", "small"), Launcher()
        try:
            while True:
                try:
                    point = waiting.get_nowait()
                except queue.Empty:
                    return
                trial = found[name_of(point)] = Trial(name_of(point))
                try:
                    _try(trial, point, writes, box, Commands(launcher, folder / trial.name, box.env), reference)
                except BaseException as error:
                    trial.error = error
        finally:
            launcher.close()
            box.close()

    folders = [tmp_path_factory.mktemp("kill") for _ in range(SIDE_BY_SIDE)]
    threads = [threading.Thread(target=work, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield found


def _try(
    trial: Trial, point: tuple[str, float], writes: int, box: Sandbox, place: Commands, reference: dict[str, Any]
) -> None:
    how, share = point
    place.env["CMKMIGRATE_TIMEOUT_S"] = "1"  # how long what was sent last may still land; else resume waits a minute
    params = params_of(box, place.folder / "p.yaml", target_name=f"new-{trial.name}", vault_name=f"kv-{trial.name}")
    run = str(place.folder / "run")
    words = ("apply", "cmk-migration", "--params", str(params), "--run", run, "--auto-approve")
    box.forget()
    # Some writes have no result of their own: the run's marker, what settles a cluster, all but the last of several.
    trial.number = max(1, int(share * writes * (0.7 if how == "result" else 1.0)))
    started = place.start(*words, patch=f"die_at_result:{trial.number}" if how == "result" else "")
    if how != "result":
        match, offset = {"write": True}, trial.number - 1
        if share == 1.0:  # all is done, but for the run letting go of its target
            match, offset = {"path": "/api/2.0/workspace/delete"}, 0
        box.faults({"match": match, "offset": offset, "action": how, "pid": started[0]})
    trial.killed = place.finish(started, words)
    box.faults()
    if trial.killed.code != -9:
        return
    trial.resumed = place("resume", run, "-o", "json")
    trial.writes, trial.source = box.writes(), box.source_host
    trial.problems = trial.resumed.json["problems"]
    source, target = box.state(trial.source), box.state(box.host_of(f"new-{trial.name}"))
    left_out = [(one["kind"], one["key"]) for one in trial.problems]
    against_source = compare(source, target, left_out=left_out, operator=box.operator)
    against_reference = same(reference, target, source, operator=box.operator)
    trial.differences = [str(one) for one in against_source + against_reference]
    arm = box.arm()
    trial.keys = [len(versions) for versions in arm["vaults"][f"kv-{trial.name}"]["keys"].values()]
    scope = f"/vaults/kv-{trial.name}"
    trial.grants = Counter(
        (one["scope"], one["role"], one["principal"]) for one in arm["roleAssignments"] if scope in one["scope"].lower()
    )


@pytest.fixture(params=[name_of(point) for point in POINTS])
def trial(request: pytest.FixtureRequest, trials: dict[str, Trial]) -> Trial:
    found = trials[request.param]
    if found.error is not None:
        raise found.error
    assert found.killed is not None and found.killed.code == -9, f"was not killed at {found.number}: {found.killed}"
    return found


def test_resume_ends_where_an_undisturbed_run_does(trial: Trial, undisturbed: Migration) -> None:
    assert trial.resumed is not None and trial.resumed.code == undisturbed.apply.code, trial.resumed
    assert trial.differences == [], str(trial.resumed)
    said = {(one["kind"], one["key"]): one["reason"] for one in undisturbed.apply.json["problems"]}
    assert {(one["kind"], one["key"]): one["reason"] for one in trial.problems} == said


def test_nothing_is_made_twice_or_written_to_the_source(trial: Trial, undisturbed: Migration) -> None:
    assert [one for one in trial.writes if one["host"] == trial.source] == []
    assert trial.keys == [1], "versions of the key"
    assert max(trial.grants.values()) == 1
    assert len(trial.grants) == 4
    writes = sum(bool(one["write"]) for one in undisturbed.apply_requests)
    assert len(trial.writes) <= writes + AGAIN
