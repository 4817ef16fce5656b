"""Reading again: the one place that sends a reading request more than once.

The SDKs' own re-sending is off everywhere (it would hide 429s from the pace, has no cap on Retry-After, and repeats
POSTs). Reads change nothing, so they are sent again after a 429, a 5xx, a lost or an unreadable answer, so and so many
times.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from cmkmigrate.errors import Throttled, Unknown

T = TypeVar("T")
ATTEMPTS: Final = 8
FIRST_S: Final = 0.25  # then doubling, with as much again at random, so that many clients do not come back at once
LONGEST_S: Final = 20.0
RETRY_AFTER_CAP_S: Final = 120.0  # a service or proxy that says an hour is not believed


def read_again(call: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep, attempts: int = ATTEMPTS) -> T:
    """What `call` gives; it is called up to `attempts` times (half a minute) while it raises Throttled or Unknown.

    A Throttled is waited for as long as it asks, 120 s at most. Raises what the last call raised.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

    backoff = wait_random_exponential(multiplier=FIRST_S * 2, max=LONGEST_S)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Throttled) else 0.0
        return max(min(asked, RETRY_AFTER_CAP_S), FIRST_S, backoff(state))

    return Retrying(
        retry=retry_if_exception_type((Throttled, Unknown)),
        stop=stop_after_attempt(attempts),
        wait=wait,
        sleep=sleep,
        reraise=True,
    )(call)


def seconds(text: str | None, per_second: float = 1, *, date: str | None = None) -> float:
    """A Retry-After header in seconds, 120 at most; 0.0 when there is none, or none that can be read.

    per_second: how many of the header's units make a second. date: the Date header of the same answer; a Retry-After
    that is a date as well (RFC 9110, section 10.2.3) is so much later, whatever the clock of this machine says.
    """
    try:
        wanted = float(text or 0) / per_second
    except ValueError:
        try:
            wanted = (parsedate_to_datetime(str(text)) - parsedate_to_datetime(str(date))).total_seconds()
        except (TypeError, ValueError):
            return 0.0
    return min(max(0.0, wanted), RETRY_AFTER_CAP_S) if math.isfinite(wanted) else 0.0


def retry_after(headers: Mapping[str, str]) -> float:
    """What an answer asks to wait, as `seconds` says. `headers` must ignore case."""
    return seconds(headers.get("Retry-After"), date=headers.get("Date"))
