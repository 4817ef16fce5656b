"""A disk that is full, at a sample of all places: the run says so and can be resumed; nothing twice, nothing lost.

Two ways in which it is full: the ledger may have no more pages, or no file may grow (see `tests/patches.py`). All
places by `python -m tests.crash --full`.
"""

from __future__ import annotations

import random

import pytest

from tests.crash.trials import STOPPED, Point, Trial, carried_out, full
from tests.e2e.conftest import Migration

COUNT, SEED = 8, 20261122
LOG_KIB = 1600  # within which most of a small run happens
pytestmark = [pytest.mark.ci]


@pytest.fixture(scope="module")
def trials(undisturbed: Migration, tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """Each with a disk that is full once."""
    pages = (undisturbed.run / "ledger.db").stat().st_size // 4096
    points = full(pages, LOG_KIB)
    chance = random.Random(SEED)
    few = chance.sample(points[:pages], COUNT // 3) + chance.sample(points[pages:], COUNT - COUNT // 3 - 1)
    reference = undisturbed.sandbox.state(undisturbed.target)
    return carried_out([(Point("size", 120),), *few], lambda: tmp_path_factory.mktemp("full"), reference)


def test_it_says_what_is_full_and_what_to_do(trials: list[Trial]) -> None:
    assert [(one.name, one.error) for one in trials if one.error is not None] == []
    assert sum(one.deaths for one in trials) >= COUNT / 2, "most of them have to meet it"
    for one in trials:
        for ended in one.killed[: one.deaths]:
            assert ended.code == STOPPED, ended
            for text in ("Error: the ledger cannot be written", "object: ", "why: ", "next:   make room"):
                assert text in ended.err, ended


def test_once_there_is_room_it_ends_where_an_undisturbed_run_does(trials: list[Trial], undisturbed: Migration) -> None:
    said = {(one["kind"], one["key"]): one["reason"] for one in undisturbed.apply.json["problems"]}
    for one in trials:
        assert one.resumed is not None and one.resumed.code == undisturbed.apply.code, one.resumed
        assert (one.name, one.differences, one.twice, one.source_writes) == (one.name, [], 0, 0)
        assert {(each["kind"], each["key"]): each["reason"] for each in one.problems} == said, one.name
