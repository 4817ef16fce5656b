"""A seeded sample of all places at which a run can be killed: nothing twice, nothing lost, nothing in the source.

`pytest -m ci tests/crash`; all places, and several deaths of one run, by `python -m tests.crash` (docs/reliability.md).
"""

from __future__ import annotations

import pytest

from tests.crash.trials import PARALLELISM, Trial, carried_out, sampled
from tests.e2e.conftest import Migration

COUNT, SEED = 150, 20261122
pytestmark = [pytest.mark.ci]


@pytest.fixture(scope="module")
def trials(undisturbed: Migration, tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """Each killed once."""
    requests = undisturbed.apply_requests
    results = int(0.7 * sum(bool(one["write"]) for one in requests))  # some writes have no result of their own
    points = sampled(COUNT, SEED, len(requests), results)
    return carried_out(points, lambda: tmp_path_factory.mktemp("crash"), undisturbed.sandbox.state(undisturbed.target))


def test_every_trial_came_to_its_end(trials: list[Trial], undisturbed: Migration) -> None:
    assert [(one.name, one.error) for one in trials if one.error is not None] == []
    ends = {one.name: one.resumed.code for one in trials if one.resumed}
    assert set(ends.values()) == {undisturbed.apply.code}, ends
    assert sum(one.deaths for one in trials) >= 0.9 * COUNT, "most of them have to be killed"


def test_nothing_is_lost(trials: list[Trial], undisturbed: Migration) -> None:
    assert {one.name: one.differences for one in trials if one.differences} == {}
    said = {(one["kind"], one["key"]): one["reason"] for one in undisturbed.apply.json["problems"]}
    for one in trials:
        assert {(each["kind"], each["key"]): each["reason"] for each in one.problems} == said, one.name


def test_nothing_is_made_twice(trials: list[Trial]) -> None:
    assert {one.name: (one.keys, one.grants) for one in trials if one.twice} == {}


def test_the_source_is_not_written(trials: list[Trial]) -> None:
    assert {one.name: one.source_writes for one in trials if one.source_writes} == {}


def test_little_is_done_again(trials: list[Trial], undisturbed: Migration) -> None:
    writes = sum(bool(one["write"]) for one in undisturbed.apply_requests)
    again = {one.name: one.redone(writes) for one in trials}
    assert max(again.values()) <= PARALLELISM, {name: number for name, number in again.items() if number > PARALLELISM}
