"""Listings whose things move while their pages are read.

Assumption: a listing goes by positions, so that what is added or removed in front shifts the rest; SCIM does (RFC 7644,
section 3.4.2.4, which also lets a service give fewer than were asked for), of the others nothing is said.
"""

from __future__ import annotations

import re
from typing import Final

_SIZE: Final = re.compile(r"(?<![^&])(limit|max_results|page_size|count|maxResults)=\d+")
_PLACE: Final = re.compile(r"(?<![^&])(page_token|next_page_token|startIndex|\$skiptoken|%24skiptoken)=(\d+)")


def moved(query: str, how: str, rows: int) -> str:
    """The query that gives the page which is seen when everything moved by one place after the page before it was read.

    how: "double" (something was added in front: the last of the page before comes again) or "missed" (something was
    removed: one is never seen). rows: on a page, where the query says how many (0: as it says).
    """
    if rows:
        query = _SIZE.sub(rf"\g<1>={rows}", query)

    def place(found: re.Match[str]) -> str:
        name, at = found[1], int(found[2])
        first = 1 if name == "startIndex" else 0
        return f"{name}={at if at <= first else at + (1 if how == 'missed' else -1)}"

    return _PLACE.sub(place, query)
