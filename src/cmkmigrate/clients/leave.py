"""By when a write has to leave, held to where its bytes leave: waiting, signing in and connecting come before that.

Whoever writes has noted until when his request may still arrive, and somebody else may look after that. A process that
was stopped (or whose machine slept) must not send then what it had got ready before. What is left is a stop between the
look at the clock and the system call after it, some microseconds, which nothing in a process can close.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cmkmigrate.errors import Throttled


class Anew(Throttled):
    """Nothing was done, for a reason of our own: it has to be noted anew and sent again."""


class _Mine(threading.local):
    """Of a thread. by: Unix seconds, as a monotonic clock stands still while the machine sleeps. pause: seconds that
    may lie between two parts of one request."""

    by = math.inf
    pause = math.inf


_mine = _Mine()


@contextmanager
def by(moment: float, pause: float) -> Iterator[None]:
    """What this thread sends in here begins to leave before `moment` (Unix seconds), and no two parts of it are more
    than `pause` seconds apart."""
    before = _mine.by, _mine.pause  # of a write whose content is read from elsewhere while it is sent
    _mine.by, _mine.pause = moment, pause
    try:
        yield
    finally:
        _mine.by, _mine.pause = before


def held_to(connection: type[Any]) -> type[Any]:
    """A class of connections (http.client's, urllib3's) whose `send` keeps to what `by` said.

    `send` raises Anew where it is too late. Assumption: a service does not carry out a request of which it has
    not received all.
    """

    class Held(connection):  # type: ignore[misc]
        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            if time.time() > _mine.by:
                raise Anew("it would have left too late, and is noted anew", code="LATE")
            super().send(data)
            _mine.by = max(_mine.by, time.time() + _mine.pause)

    return Held
