"""An answer whose addresses all lead to a host that is none of this cloud's: where tokens would go, were it believed.

Which fields hold an address is not kept in a list: every text that is an address is changed, and links that an answer
of its sort might have are put in. What a workspace holds (the addresses of its Git folders) is no link, and stays.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from cmkmigrate.sandbox.hosts import DATABRICKS, place_of
from cmkmigrate.sandbox.wire import Request, Response, json_response

_ORIGIN: Final = re.compile(r"https?://[^/\s\",]+")
_BARE: Final = frozenset({"workspaceUrl"})  # hosts without a scheme
_LINKS: Final = ("location", "azure-asyncoperation")
_NEXT: Final = {"graph": "@odata.nextLink"}  # by the first word of the host; others call it nextLink
DISCOVERY: Final = "/.well-known/"


def sent_away(request: Request, response: Response, to: str) -> None:
    """Let every address of the answer lead to `to`, a host or an origin with its scheme."""
    origin = to if "://" in to else f"https://{to}"
    place = place_of(request.host)
    here = f"{origin}{request.raw_path}?{request.query_string}"
    for name in (*_LINKS, "www-authenticate"):
        if name in response.headers:
            response.headers[name] = _ORIGIN.sub(lambda _: origin, response.headers[name])
    if request.method != "GET":
        for name in _LINKS:
            response.headers.setdefault(name, here)
    if place is None or (place.kind == DATABRICKS and DISCOVERY not in request.raw_path):
        return
    try:
        body = json.loads(response.body or b"null")
    except ValueError:
        return
    if body is None:
        return
    body = _moved(body, origin)
    if response.status == 200 and isinstance(body, dict) and isinstance(body.get("value"), list):
        body[_NEXT.get(request.host.partition(".")[0], "nextLink")] = f"{here}&%24skiptoken=2"
    headers = {name: value for name, value in response.headers.items() if name != "content-type"}
    response.body = json_response(body, response.status, headers).body


def _moved(value: Any, origin: str, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _moved(one, origin, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_moved(one, origin, name) for one in value]
    if not isinstance(value, str):
        return value
    if name in _BARE:
        return origin.partition("://")[2]
    return _ORIGIN.sub(lambda _: origin, value, count=1) if _ORIGIN.match(value) else value
