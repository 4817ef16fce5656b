"""Reading a listing to its end. Used by every kind whose listing comes in pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmkmigrate.errors import Refused, Unknown
from cmkmigrate.kinds.base import Site
from cmkmigrate.model import Body

SCIM = "/api/2.0/preview/scim/v2"
_LISTINGS = 5  # of one thing, where it does not come to rest


def pages(site: Site, path: str, query: Mapping[str, Any], rows: str, *, token: str = "page_token") -> Iterator[Body]:
    """Every element of `rows` over all pages of GET `path`.

    `token` names the query parameter that takes the `next_page_token` of the answer before. Raises CallError, and
    Refused when the service hands out the same page twice, because going on would never end.
    """
    seen: set[str] = set()
    asked = dict(query)
    while True:
        answer = site.read(path, asked)
        yield from answer.get(rows) or ()
        after = str(answer.get("next_page_token") or "")
        if not after:
            return
        if after in seen:
            raise Refused(f"the listing {path} hands out the page {after!r} twice", code="PAGING_LOOP")
        seen.add(after)
        asked[token] = after


def scim_pages(site: Site, what: str) -> Iterator[Body]:
    """Every resource of a SCIM listing (`Users`, `Groups`, `ServicePrincipals`), each id once.

    Raises CallError, and Refused for a page that brings nothing new, because going on might never end.
    SCIM pages by a 1-based startIndex and a count, and says the total in `totalResults` (RFC 7644, section 3.4.2.4).
    Whoever is removed while the pages are read moves the others forward, and one falls between two pages: where there
    are fewer than the total says, or it changes on the way, all is read anew until that is not so, or does not change.
    """
    before: set[str] | None = None
    for _ in range(_LISTINGS):
        found, total = _scim_listing(site, what)
        if len(found) == total or found.keys() == before:
            return iter(found.values())
        before = set(found)
    raise Unknown(f"the listing {SCIM}/{what} changes each time it is read")


def _scim_listing(site: Site, what: str) -> tuple[dict[str, Body], int]:
    """Resources by id, and how many there should be (-1 where that changed on the way)."""
    seen: dict[str, Body] = {}
    totals: set[int] = set()
    start = 1
    while True:
        answer = site.read(f"{SCIM}/{what}", {"startIndex": start, "count": 100})
        found = answer.get("Resources") or []
        new = {str(one["id"]): one for one in found if str(one["id"]) not in seen}
        seen |= new
        start += len(found)
        totals.add(int(answer.get("totalResults", 0)))
        if not found or start > max(totals):
            return seen, totals.pop() if len(totals) == 1 else -1
        if not new:
            raise Refused(f"the listing {SCIM}/{what} brings nothing new before {start}", code="PAGING_LOOP")
