"""How long the rest takes, from the pace that was seen."""

from __future__ import annotations

from typing import Final

FROM: Final = 0.05  # done before a time left is shown: earlier ones mislead


def time_left(before: int, done: int, total: int, worked_s: float) -> float | None:
    """Seconds that the rest of `total` takes at the pace seen, or None where that is not known yet.

    before: what was done when the work began; worked_s: seconds since then without pauses.
    """
    if done >= total:
        return 0.0
    if done <= before or done < FROM * total or worked_s <= 0:
        return None
    return (total - done) * worked_s / (done - before)


def said(seconds: float) -> str:
    """A length of time for people: 40 s, 12 min, 3 h 5 min."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s" if seconds > 0 else "0 s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
