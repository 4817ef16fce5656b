"""Kinds that are only listed, so that what is not moved is counted and named, and nothing is lost without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cmkmigrate.model import Body, Entry

LATER: Final = "not moved by this version"


def counted(found: Iterable[Body], id: str, name: str) -> Iterator[Entry]:
    """An entry for each element of a listing; `id` and `name` are the fields that say them. Each id once."""
    seen: set[str] = set()
    for one in found:
        if str(one[id]) not in seen:
            seen.add(str(one[id]))
            yield Entry(str(one[id]), name=str(one.get(name) or one[id]))
