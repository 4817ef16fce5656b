"""Until when a run may work, as people say it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cmkmigrate.cli.windows import window
from cmkmigrate.errors import Mistake

NOON = datetime(2026, 5, 4, 12, 0, 30).timestamp()


def ends(not_after: str = "", max_duration: str = "") -> list[tuple[float, str, bool]]:
    found = window(not_after, max_duration, clock=lambda: NOON, steady=lambda: 50.0)
    return [(end.at - (50.0 if end.steady else NOON), end.said, end.steady) for end in found.ends]


def test_nothing_said_is_no_window() -> None:
    assert ends() == []
    assert window("", "", Path("hold")).pause_file == Path("hold")


def test_a_file_that_releases_wants_something_that_is_held() -> None:
    assert window("", "", None, ["cutover"], Path("go")).hold_before == ("cutover",)
    with pytest.raises(Mistake):
        window("", "", None, None, Path("go"))


def test_a_time_of_day_is_the_next_one() -> None:
    assert ends("13:00") == [(3570.0, "--not-after 13:00", False)]
    assert ends("12:00") == [(86370.0, "--not-after 12:00", False)]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("45m", 2700), ("4h", 14400), ("1h30m", 5400)])
def test_a_duration_is_of_a_clock_that_nobody_sets(text: str, seconds: float) -> None:
    assert ends(max_duration=text) == [(seconds, f"--max-duration {text}", True)]


def test_both() -> None:
    assert [said for _, said, _ in ends("13:00", "4h")] == ["--not-after 13:00", "--max-duration 4h"]


@pytest.mark.parametrize(("not_after", "max_duration"), [("25:00", ""), ("six", ""), ("", "4"), ("", "m"), ("", "1d")])
def test_what_is_neither(not_after: str, max_duration: str) -> None:
    with pytest.raises(Mistake):
        ends(not_after, max_duration)
