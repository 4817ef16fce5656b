"""SIGKILL at twenty places of a run, then `resume`: the target is that of a run that nobody disturbed.

Three sorts of places: before a write, after its work with the answer lost, and after the answer, before its result is
in the ledger. `tests/crash` has the other places.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.trials import PARALLELISM, Point, Trial, carried_out
from tests.e2e.conftest import Migration

# How far into the run: a share of its writes, or of its results.
PLACES = {
    "kill": (1, 7, 22, 38, 55, 76, 100),
    "kill_after": (3, 10, 18, 33, 50, 70, 92),
    "result": (2, 6, 15, 40, 65, 90),
}
NAMES = [f"{how.replace('_', '-')}-{share:02}" for how, shares in PLACES.items() for share in shares]
WRITES = (("write", True),)
LETTING_GO = (("path", "/api/2.0/workspace/delete"),)  # all is done, but for the run letting go of its target
KEPT = 0.7  # of the writes have a result of their own: not the run's marker, nor what settles a cluster


def point(how: str, share: int, writes: int) -> Point:
    """A place by its share of the run."""
    if share == 100:
        return Point(how, 1, LETTING_GO)
    return Point(how, max(1, int(share * writes * (KEPT if how == "result" else 1.0) / 100)), WRITES)


@pytest.fixture(scope="module")
def trials(undisturbed: Migration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Trial]]:
    """Every trial by its name."""
    writes = sum(bool(one["write"]) for one in undisturbed.apply_requests)
    points = [(point(how, share, writes),) for how, shares in PLACES.items() for share in shares]
    reference = undisturbed.sandbox.state(undisturbed.target)
    found = carried_out(points, lambda: tmp_path_factory.mktemp("kill"), reference)
    yield dict(zip(NAMES, found, strict=True))


@pytest.fixture(params=NAMES)
def trial(request: pytest.FixtureRequest, trials: dict[str, Trial]) -> Trial:
    found = trials[request.param]
    if found.error is not None:
        raise found.error
    assert found.deaths == 1, f"was not killed at {found.points}: {found.killed}"
    return found


def test_resume_ends_where_an_undisturbed_run_does(trial: Trial, undisturbed: Migration) -> None:
    assert trial.resumed is not None and trial.resumed.code == undisturbed.apply.code, trial.resumed
    assert trial.differences == [], str(trial.resumed)
    said = {(one["kind"], one["key"]): one["reason"] for one in undisturbed.apply.json["problems"]}
    assert {(one["kind"], one["key"]): one["reason"] for one in trial.problems} == said


def test_nothing_is_made_twice_or_written_to_the_source(trial: Trial, undisturbed: Migration) -> None:
    assert trial.source_writes == 0
    assert trial.keys == [1], "versions of the key"
    assert trial.twice == 0
    assert len(trial.grants) == 4
    writes = sum(bool(one["write"]) for one in undisturbed.apply_requests)
    assert trial.redone(writes) <= PARALLELISM
