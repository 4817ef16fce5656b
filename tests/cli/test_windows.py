"""Until when a run may work, as people say it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cmkmigrate.cli.windows import window
from cmkmigrate.errors import Mistake

NOON = datetime(2026, 5, 4, 12, 0, 30).timestamp()


def until(not_after: str = "", max_duration: str = "") -> tuple[float, str]:
    found = window(not_after, max_duration, None, lambda: NOON)
    return found.until - NOON if found.until else 0.0, found.said


def test_nothing_said_is_no_window() -> None:
    assert until() == (0.0, "")
    assert window("", "", Path("hold"), lambda: NOON).pause_file == Path("hold")


def test_a_time_of_day_is_the_next_one() -> None:
    assert until("13:00") == (3570.0, "--not-after 13:00")
    assert until("12:00") == (86370.0, "--not-after 12:00")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("45m", 2700), ("4h", 14400), ("1h30m", 5400)])
def test_a_duration(text: str, seconds: float) -> None:
    assert until(max_duration=text) == (seconds, f"--max-duration {text}")


def test_the_earlier_end_counts() -> None:
    assert until("13:00", "4h")[1] == "--not-after 13:00"
    assert until("13:00", "10m")[1] == "--max-duration 10m"


@pytest.mark.parametrize(("not_after", "max_duration"), [("25:00", ""), ("six", ""), ("", "4"), ("", "m"), ("", "1d")])
def test_what_is_neither(not_after: str, max_duration: str) -> None:
    with pytest.raises(Mistake):
        until(not_after, max_duration)
