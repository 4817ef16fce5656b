"""Room in memory for what is large: of many items side by side, few hold a large body at a time.

A notebook of 10 MB is in memory several times while it is carried (the answer, the text in it, its bytes, the body of
the request), so ten of them at once took most of a gigabyte. Whoever reads past LARGE waits for a place, and keeps it
until its item is done. It waits for a while only: a place is a courtesy to memory, and nothing may come to a standstill
for it.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Final

LARGE: Final = 2 << 20  # bytes of a body
PLACES: Final = 2
PATIENCE_S: Final = 60.0
_MMAP_THRESHOLD: Final = -3

_places = threading.BoundedSemaphore(PLACES)


class _Mine(threading.local):
    """Of a thread: whether it carries an item, and has a place."""

    item = False
    place = False


_mine = _Mine()


@contextmanager
def for_item() -> Iterator[None]:
    """A place that this thread takes in here is given back at the end."""
    _mine.item = True
    try:
        yield
    finally:
        place, _mine.item, _mine.place = _mine.place, False, False
        if place:
            _places.release()


def wanted(size: int) -> None:
    """So many bytes of one body are in memory. Waits for a place where that is much; at once outside of an item."""
    if size > LARGE and _mine.item and not _mine.place:
        _give_back()
        _mine.place = _places.acquire(timeout=PATIENCE_S)


@cache
def _give_back() -> None:
    """From now on what is large goes back to the system as soon as it is freed.

    glibc keeps it else, in each thread, once a block of that size was freed: its threshold grows by itself until it is
    set (mallopt(3), M_MMAP_THRESHOLD). Other C libraries have no such call, and need none.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE // 4)
