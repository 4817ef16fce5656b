"""Bodies of Resource Manager as raw JSON: sent as they are, read whole, and listings that end."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from cmkmigrate.clients.azure_core import content_of
from cmkmigrate.errors import Unknown


def json_bytes(body: Mapping[str, Any]) -> io.BytesIO:
    """As bytes the SDK sends it as it is; a dict would lose the fields that its models call read-only."""
    return io.BytesIO(json.dumps(body).encode())


def object_of(answer: Any) -> dict[str, Any]:
    """The body of an answer of the SDK's pipeline. Raises Unknown where it is no object."""
    return parsed(answer.http_response)


def parsed(response: Any) -> dict[str, Any]:
    """The body of a response. Raises Unknown where it is no object."""
    try:
        body = json.loads(content_of(response))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Unknown("the answer is not an object")
    return body


def listed(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a page. Raises Unknown where it holds no list."""
    if not isinstance(body.get("value"), list):
        raise Unknown("a page of a listing is not a list")
    return body


def pages(get: Callable[[str], dict[str, Any]], first: str) -> list[dict[str, Any]]:
    """What all pages of a listing hold, from `first` on; `get` gives the page at a path or URL. Raises Unknown for
    pages in a circle."""
    found: list[dict[str, Any]] = []
    url, seen = first, set[str]()
    while url:
        if url in seen:
            raise Unknown("the pages of a listing go in a circle")
        seen.add(url)
        page = get(url)
        found += page["value"]
        url = str(page.get("nextLink") or "")
    return each_once(found)


def each_once(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what a page brought a second time."""
    return list({str(one.get("id", number)).lower(): one for number, one in enumerate(found)}.values())
