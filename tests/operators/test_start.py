"""R12: two operators start in the same instant, 200 times: exactly one goes on, the other ends with 11 and is told who
holds it. `pytest -m ci tests/operators/test_start.py`"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.operators.contest import WAYS, Trial, held, trials

SEED = 1


def judged(contests: list[Trial]) -> None:
    for way in WAYS:
        of_it = [one for one in contests if one.way == way]
        first = sum(one.ends.index(11) == 1 for one in of_it if 11 in one.ends)
        longest = max((one.seconds for one in of_it), default=0.0)
        sys.stderr.write(
            f"{way}: {len(of_it)} trials, {first} won by the first of the two, the longest took {longest:.1f} s\n"
        )
    assert {one.number: f"{one.way}: {one.wrong}" for one in contests if one.wrong} == {}


def folders(made: pytest.TempPathFactory) -> Path:
    return made.mktemp("contests")


def test_one_goes_on_and_the_other_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Once in each way, carried to its end."""
    judged(held(trials(3, SEED, carried=1), lambda: folders(tmp_path_factory), side_by_side=1))


@pytest.mark.ci
def test_two_hundred_times(tmp_path_factory: pytest.TempPathFactory) -> None:
    judged(held(trials(200, SEED, carried=2), lambda: folders(tmp_path_factory)))
