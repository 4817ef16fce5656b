"""Periods as Key Vault writes them (ISO 8601: P90D, P3M, P2Y, P1Y10D): read, measured, added to a time. Pure.

Contract: `expiryTime`, `timeBeforeExpiry` of a rotation policy (Key Vault keys 7.5, KeyRotationPolicy). Weeks and times
of day are periods of the standard too; Key Vault's pages show none of them for a policy, so they are not taken.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cmkmigrate.errors import Mistake

_FORM: Final = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?")


@dataclass(frozen=True, slots=True)
class Period:
    """So many years, months and days."""

    years: int = 0
    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Period:
        """Raises Mistake for what is no period, and for one of no length."""
        found = _FORM.fullmatch(text.strip().upper())
        parts = [int(part or 0) for part in found.groups()] if found else [0]
        if not any(parts):
            raise Mistake(f"{text!r} is not a period", next="write years, months, days: P2Y, P18M, P90D")
        return cls(*parts)

    @property
    def least_days(self) -> int:
        """How many days it has at least: a month may have 28 of them, a year 365."""
        years, months = self.years + self.months // 12, self.months % 12
        return years * 365 + months * 28 + self.days

    def after(self, seconds: float) -> int:
        """The moment (Unix seconds) that comes so much later than `seconds`; the last of a month stays in its month."""
        start = datetime.fromtimestamp(seconds, UTC)
        months = start.month - 1 + self.months + 12 * self.years
        year, month = start.year + months // 12, months % 12 + 1
        day = min(start.day, calendar.monthrange(year, month)[1])
        return int((start.replace(year=year, month=month, day=day) + timedelta(days=self.days)).timestamp())
