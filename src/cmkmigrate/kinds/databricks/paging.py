"""Reading a listing to its end. Used by every kind whose listing comes in pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmkmigrate.errors import Refused
from cmkmigrate.kinds.base import Site
from cmkmigrate.model import Body

SCIM = "/api/2.0/preview/scim/v2"


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
    """
    seen: set[str] = set()
    start = 1
    while True:
        answer = site.read(f"{SCIM}/{what}", {"startIndex": start, "count": 100})
        found = answer.get("Resources") or []
        new = [one for one in found if str(one["id"]) not in seen]
        for one in new:
            if str(one["id"]) not in seen:
                seen.add(str(one["id"]))
                yield one
        start += len(found)
        if not found or start > int(answer.get("totalResults", 0)):
            return
        if not new:
            raise Refused(f"the listing {SCIM}/{what} brings nothing new before {start}", code="PAGING_LOOP")
