"""The options of `apply` and `resume` that say when they may work, for whom they wait, and what they show of it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cmkmigrate.errors import Mistake
from cmkmigrate.render.progress import Show

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
HoldBefore = Annotated[
    list[str] | None,
    typer.Option("--hold-before", metavar="STEP", help="Wait before this step until `release`. Repeatable."),
]
ReleaseFile = Annotated[
    Path | None, typer.Option("--release-file", metavar="FILE", help="This file releases what is held, too.")
]
LockTimeout = Annotated[
    str,
    typer.Option("--lock-timeout", metavar="TIME", help="Wait so long for somebody else's run to end: 0s, 10m, 2h."),
]
LroTimeout = Annotated[
    str,
    typer.Option(
        "--lro-timeout",
        metavar="TIME",
        help="How long one long-running operation of Azure is waited for; then it ends with 5. 1h otherwise.",
    ),
]
Progress = Annotated[
    Show, typer.Option("--progress", metavar="HOW", help="auto: bars on a terminal, lines elsewhere; none.")
]
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def window(
    not_after: str,
    max_duration: str,
    pause_file: Path | None = None,
    hold_before: Sequence[str] | None = None,
    release_file: Path | None = None,
    *,
    clock: Callable[[], float] = time.time,
    steady: Callable[[], float] = time.monotonic,
) -> Window:
    """What the options say together. clock: Unix seconds; steady: seconds that nobody sets. Raises Mistake."""
    from cmkmigrate.engine.brake import End, Window

    ends = []
    if not_after:
        ends.append(End(_at(not_after, clock()), f"--not-after {not_after}"))
    if max_duration:
        ends.append(
            End(steady() + seconds(max_duration, "--max-duration"), f"--max-duration {max_duration}", steady=True)
        )
    if release_file is not None and not hold_before:
        raise Mistake("there is nothing to release", subject="--release-file", next="--hold-before STEP")
    return Window(tuple(ends), pause_file, tuple(hold_before or ()), release_file)


def waiting(lro_timeout: str) -> dict[str, str]:
    """The environment, with what the option says of long-running operations. Raises Mistake."""
    environ = dict(os.environ)
    if lro_timeout:
        longest = seconds(lro_timeout, "--lro-timeout")
        if not 0 < longest < 86_400:
            why = "more than nothing, and less than a day"
            raise Mistake(f"nothing is waited for {lro_timeout!r}", subject="--lro-timeout", why=why)
        environ["CMKMIGRATE_OPERATION_S"] = str(longest)
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


def seconds(text: str, flag: str) -> float:
    """A length of time as people write it: 90s, 45m, 4h, 1h30m. Raises Mistake."""
    found = _DURATION.fullmatch(text)
    if not text or found is None or not any(found.groups()):
        raise Mistake(f"{text!r} is no duration", subject=flag, next=f"{flag} 1h30m")
    hours, minutes, rest = (int(one or 0) for one in found.groups())
    return float(3600 * hours + 60 * minutes + rest)
