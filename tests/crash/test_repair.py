"""Runs that were killed and whose ledger was damaged or lost then: repaired and resumed, they end as if undisturbed.

All damages at many places of death: `python -m tests.crash --repair --count 40`.
"""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.comparer.compare import compare
from tests.crash.damage import damaged, points
from tests.crash.trials import Point, Trial, carried_out
from tests.e2e.conftest import Migration
from tests.harness import Commands, Sandbox

COUNT, SEED = 8, 20261122
pytestmark = [pytest.mark.ci]


def judge(trials: list[Trial], undisturbed: Migration) -> None:
    """Nothing lost, nothing twice, nothing in the source."""
    assert [(one.name, one.error) for one in trials if one.error is not None] == []
    said = {(one["kind"], one["key"]): one["reason"] for one in undisturbed.apply.json["problems"]}
    for one in trials:
        assert one.resumed is not None and one.resumed.code == undisturbed.apply.code, one.resumed
        assert (one.name, one.differences, one.twice, one.source_writes) == (one.name, [], 0, 0)
        assert {(each["kind"], each["key"]): each["reason"] for each in one.problems} == said, one.name


def test_a_repaired_run_ends_where_an_undisturbed_one_does(
    undisturbed: Migration, tmp_path_factory: pytest.TempPathFactory
) -> None:
    requests = undisturbed.apply_requests
    results = int(0.7 * sum(bool(one["write"]) for one in requests))
    reference = undisturbed.sandbox.state(undisturbed.target)
    places = points(COUNT, SEED, len(requests), results)
    trials = carried_out(places, lambda: tmp_path_factory.mktemp("repair"), reference, after=damaged)
    judge(trials, undisturbed)
    assert sum(len(one.repaired) for one in trials) >= COUNT / 2


class OldCopy:
    """Puts an earlier copy of the whole folder back after the second death. marker: whether the run's marker still
    stands in the target then."""

    def __init__(self, *, marker: bool) -> None:
        self.marker = marker

    def __call__(self, trial: Trial, box: Sandbox, place: Commands) -> None:
        copy = trial.run.with_name("copy")
        if trial.deaths == 1:
            shutil.copytree(trial.run, copy)
            return
        shutil.rmtree(trial.run)
        shutil.copytree(copy, trial.run)
        before = len(box.writes())
        if not self.marker:
            target = box.host_of(f"new-{trial.name[:40]}")
            box.call(target, "POST", "/api/2.0/workspace/delete", {"path": "/Shared/.cmkmigrate-run"})
            went_on = place("resume", str(trial.run), "-o", "json")
            assert went_on.code == 3 and went_on.out, went_on  # what it made and does not remember is told, and left
            source, there = box.state(box.source_host), box.state(target)
            left_out = [(one["kind"], one["key"]) for one in went_on.json["problems"]]
            assert compare(source, there, left_out=left_out, operator=box.operator) == []
            self.repair(trial, place)
            return
        refused = place("resume", str(trial.run))
        assert refused.code == 7 and "older than what was written" in refused.err, refused
        assert f"state repair {trial.run} --old-copy" in refused.err, refused
        done: list[dict[str, Any]] = box.writes()[before:]
        assert {one["path"] for one in done} <= {"/api/2.0/workspace/import"}, "nothing but the look for the marker"
        self.repair(trial, place)

    def repair(self, trial: Trial, place: Commands) -> None:
        repaired = place("state", "repair", str(trial.run), "--old-copy", "--auto-approve")
        trial.repaired.append(repaired)
        assert repaired.code == 0, repaired


@pytest.mark.parametrize("marker", [True, False], ids=["its-marker-stands", "no-marker"])
def test_an_old_copy_of_the_folder(
    marker: bool, undisturbed: Migration, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where the marker stands it is refused. Where not, going on from it harms nothing: nothing is twice, and what
    differs is told. Repaired as an old copy, it ends as if undisturbed."""
    write = (("write", True),)
    reference = undisturbed.sandbox.state(undisturbed.target)
    places = [(Point("kill", 30, write), Point("kill_after", 60, write))]
    after = OldCopy(marker=marker)
    trials = carried_out(places, lambda: tmp_path_factory.mktemp("old"), reference, side_by_side=1, after=after)
    judge(trials, undisturbed)
    assert trials[0].deaths == 2
