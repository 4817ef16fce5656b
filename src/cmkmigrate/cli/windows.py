"""The options of `apply` and `resume` that say until when they may work, and how long they wait."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cmkmigrate.errors import Mistake

if TYPE_CHECKING:
    from cmkmigrate.engine.brake import Window

NotAfter = Annotated[
    str, typer.Option("--not-after", metavar="HH:MM", help="Take no new work from then on (local time); ends with 5.")
]
MaxDuration = Annotated[
    str, typer.Option("--max-duration", metavar="TIME", help="The same after so long: 90s, 45m, 4h, 1h30m.")
]
PauseFile = Annotated[
    Path | None, typer.Option("--pause-file", metavar="FILE", help="Take no new work while this file is there.")
]
LroTimeout = Annotated[
    str,
    typer.Option(
        "--lro-timeout",
        metavar="TIME",
        help="How long one long-running operation of Azure is waited for; then it ends with 5. 1h otherwise.",
    ),
]
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def window(
    not_after: str, max_duration: str, pause_file: Path | None, clock: Callable[[], float] = time.time
) -> Window:
    """What the three options say together; the earlier end counts. Raises Mistake."""
    from cmkmigrate.engine.brake import Window

    now = clock()
    ends = []
    if not_after:
        ends.append((_at(not_after, now), f"--not-after {not_after}"))
    if max_duration:
        ends.append((now + _seconds(max_duration), f"--max-duration {max_duration}"))
    until, said = min(ends, default=(0.0, ""))
    return Window(until, said, pause_file)


def waiting(lro_timeout: str) -> dict[str, str]:
    """The environment, with what the option says of long-running operations. Raises Mistake."""
    environ = dict(os.environ)
    if lro_timeout:
        seconds = _seconds(lro_timeout, "--lro-timeout")
        if not 0 < seconds < 86_400:
            why = "more than nothing, and less than a day"
            raise Mistake(f"nothing is waited for {lro_timeout!r}", subject="--lro-timeout", why=why)
        environ["CMKMIGRATE_OPERATION_S"] = str(seconds)
    return environ


def _at(text: str, now: float) -> float:
    """The next time that it is HH:MM here, in Unix seconds."""
    try:
        wanted = datetime.strptime(text, "%H:%M")
    except ValueError:
        raise Mistake(f"{text!r} is no time of day", subject="--not-after", next="--not-after 05:30") from None
    today = datetime.fromtimestamp(now)
    then = today.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return (then if then > today else then + timedelta(days=1)).timestamp()


def _seconds(text: str, subject: str = "--max-duration") -> float:
    found = _DURATION.fullmatch(text)
    if not text or found is None or not any(found.groups()):
        raise Mistake(f"{text!r} is no duration", subject=subject, next=f"{subject} 1h30m")
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return float(3600 * hours + 60 * minutes + seconds)
