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
from functools import cache
from typing import Any, Final

from cmkmigrate.errors import Anew

_READS: Final = ("GET", "HEAD")


class _Mine(threading.local):
    """Of a thread. by: Unix seconds, as a monotonic clock stands still while the machine sleeps. pause: seconds that
    may lie between two parts of one request."""

    by = math.inf
    pause = math.inf


_mine = _Mine()


@contextmanager
def by(moment: float, pause: float) -> Iterator[None]:
    """What this thread sends in here, but for reads, begins to leave before `moment` (Unix seconds), and no two parts
    of one request are more than `pause` seconds apart."""
    before = _mine.by, _mine.pause  # of a write whose content is read from elsewhere while it is sent
    _mine.by, _mine.pause = moment, pause
    try:
        yield
    finally:
        _mine.by, _mine.pause = before


@cache
def held_to(connection: Any) -> Any:
    """A class of connections (http.client's, urllib3's) whose `send` keeps to what `by` said; one that does already is
    given back.

    `send` raises Anew where it is too late. Assumption: a service does not carry out a request of which it has
    not received all.
    """
    if getattr(connection, "held_by", None) is not None:
        return connection

    class Held(connection):  # type: ignore[misc]
        held_by = math.inf  # of the request that it is at

        def putrequest(self, method: str, url: str, *more: Any, **options: Any) -> None:
            self.held_by = math.inf if method in _READS else _mine.by
            super().putrequest(method, url, *more, **options)

        def _tunnel(self) -> None:
            """Asks a proxy for a way, which changes nothing and gives no more time."""
            held_by, self.held_by = self.held_by, math.inf
            try:
                super()._tunnel()
            finally:
                self.held_by = held_by

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            if time.time() > self.held_by:
                raise Anew("it would have left too late, and is noted anew", code="LATE")
            super().send(data)
            self.held_by = max(self.held_by, time.time() + _mine.pause)

    return Held
