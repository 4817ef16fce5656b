"""Time left: from the pace seen, and not before a twentieth is done."""

from __future__ import annotations

import pytest

from cmkmigrate.render.left import said, time_left


def test_at_the_pace_seen() -> None:
    assert time_left(0, 25, 100, 50.0) == 150.0
    assert time_left(50, 75, 100, 50.0) == 50.0, "what was done before says nothing of the pace"
    assert time_left(0, 100, 100, 5.0) == 0.0


def test_not_before_a_twentieth_is_done() -> None:
    assert time_left(0, 4, 100, 10.0) is None
    assert time_left(0, 5, 100, 10.0) == 190.0


def test_without_a_pace_there_is_no_time() -> None:
    assert time_left(50, 50, 100, 10.0) is None
    assert time_left(0, 50, 100, 0.0) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (0.2, "1 s"), (40, "40 s"), (90, "2 min"), (720, "12 min"), (11100, "3 h 5 min")]
)
def test_for_people(seconds: float, words: str) -> None:
    assert said(seconds) == words
