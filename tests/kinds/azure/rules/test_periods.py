"""Periods: what is one, how long it is at least, where it ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cmkmigrate.errors import Mistake
from cmkmigrate.kinds.azure.periods import Period


@pytest.mark.parametrize(
    ("text", "period", "days"),
    [
        ("P90D", Period(days=90), 90),
        ("p3m", Period(months=3), 84),
        ("P18M", Period(months=18), 365 + 6 * 28),
        ("P2Y", Period(years=2), 730),
        ("P1Y10D", Period(years=1, days=10), 375),
    ],
)
def test_read_and_measured(text: str, period: Period, days: int) -> None:
    assert Period.parse(text) == period and period.least_days == days


@pytest.mark.parametrize("text", ["", "P", "P0D", "90", "2Y", "PT48H", "P1W", "P-1D", "P1.5Y", "P1D1Y"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(Mistake, match="not a period"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ((2026, 1, 31), "P1M", (2026, 2, 28)),
        ((2024, 2, 29), "P1Y", (2025, 2, 28)),
        ((2026, 11, 15), "P14M", (2028, 1, 15)),
        ((2026, 11, 15), "P2Y10D", (2028, 11, 25)),
    ],
)
def test_added_to_a_day(start: tuple[int, int, int], text: str, end: tuple[int, int, int]) -> None:
    seconds = datetime(*start, tzinfo=UTC).timestamp()
    assert Period.parse(text).after(seconds) == datetime(*end, tzinfo=UTC).timestamp()
