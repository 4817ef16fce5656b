"""What a workspace's HTTP answer means: fine, or one of the errors of `cmkmigrate.errors`. Pure.

Bodies are `{"error_code", "message"}`, the SCIM shape of RFC 7644, or `CODE: message` as text. The code decides before
the status, because the service says "exists already" and "does not exist" with 400, 404 and 409 alike. An answer that
cannot be read says nothing, whatever its status: proxies answer too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cmkmigrate.clients.again import retry_after
from cmkmigrate.errors import AlreadyExists, CallError, Denied, NotFound, Refused, Throttled, Unknown
from cmkmigrate.redaction import without_secrets

THROTTLING: Final = frozenset({"REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"})
# Texts with which a workspace keeps a network out, as users have met them; no role opens it.
_WALL: Final = re.compile(r"network access|\bIP (ACL|access list)", re.IGNORECASE)
_EXISTS: Final = frozenset({"RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS", "RESOURCE_CONFLICT", "SCIM_409"})
_GONE: Final = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "SCIM_404"})
_NO_RIGHT: Final = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"})
_UNCERTAIN: Final = frozenset({"TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR", "DEADLINE_EXCEEDED", "UNKNOWN", "ABORTED"})
_EXISTS_TEXT: Final = re.compile(r"\balready (exists|in use)\b", re.IGNORECASE)
_GONE_TEXT: Final = re.compile(r"\bdoes(n't| not) exist\b|\bcould not be found\b", re.IGNORECASE)
_AS_TEXT: Final = re.compile(r"([A-Z][A-Z_]+): (.*)", re.DOTALL)
_LONGEST: Final = 1000  # characters of a message that are kept


def error_of(status: int, headers: Mapping[str, str], content: bytes) -> CallError | None:
    """The error that an answer is, or None for a 2xx. `headers` must ignore case."""
    if 200 <= status < 300:
        return None
    request_id = headers.get("x-request-id") or headers.get("x-databricks-request-id") or ""
    if 300 <= status < 400:
        target = headers.get("location", "").partition("://")[2].partition("/")[0] or "another page"
        return Refused(f"the workspace redirects to {target}", status=status, code="REDIRECT", request_id=request_id)
    code, message, readable = _body(content)
    message = without_secrets(message)[:_LONGEST] or f"HTTP {status}"
    kind = _kind(status, code, message, readable)
    if kind is Throttled:
        return Throttled(message, retry_after=retry_after(headers), status=status, code=code)
    return kind(message, status=status, code=code, request_id=request_id)


def refused_body(body: Mapping[str, Any]) -> CallError | None:
    """The error that the body of a 200 is when it has an `error_code` (a 429 in that dress was seen in the field), else
    None. A listing in that dress would otherwise be taken for an empty one, and what became of a write is not known."""
    code = body.get("error_code")
    if not isinstance(code, str) or not code:
        return None
    message = without_secrets(str(body.get("message", "")))[:_LONGEST]
    if code in THROTTLING:
        return Throttled(message, status=200, code=code)
    return Unknown(message, status=200, code=code)


def _kind(status: int, code: str, message: str, readable: bool) -> type[CallError]:
    if status == 501 and readable and code:  # vendor SDK: "not implemented or not supported/enabled"
        return Refused
    if status >= 500 or status == 408 or not readable:
        return Unknown
    if status == 429:
        return Throttled if code in THROTTLING or not code else Unknown
    if code in _EXISTS or (status in (400, 409) and _EXISTS_TEXT.search(message)):
        return AlreadyExists
    if code in _GONE or (status == 400 and code == "INVALID_PARAMETER_VALUE" and _GONE_TEXT.search(message)):
        return NotFound
    if code in _UNCERTAIN:
        return Unknown
    if status in (401, 403) or code in _NO_RIGHT:
        return Denied
    if status == 404 and not code:
        return NotFound
    if status == 409 and not code:
        return AlreadyExists
    return Refused  # among them ENDPOINT_NOT_FOUND and FEATURE_DISABLED: no such route is not "no such thing"


def _body(content: bytes) -> tuple[str, str, bool]:
    """(code, message, whether it could be read). An empty body can be read: it says nothing more than the status."""
    if not content.strip():
        return "", "", True
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "", "the answer cannot be read", False
    try:
        body = json.loads(text)
    except ValueError:
        plain = _AS_TEXT.fullmatch(text.strip())
        return (plain[1], plain[2], True) if plain else ("", "the answer cannot be read", False)
    if not isinstance(body, dict):
        return "", "the answer cannot be read", False
    if body.get("detail") and "status" in body:  # SCIM
        detail = f"{body.get('scimType') or ''} {body['detail']}".strip()
        return f"SCIM_{body['status']}", detail, True
    message = body.get("message") or body.get("error") or ""
    return str(body.get("error_code") or ""), message if isinstance(message, str) else json.dumps(message), True


def keeps_out_network(text: str) -> bool:
    """Whether a refusal is of where the caller is (public access is off, an IP access list), and not of who it is."""
    return _WALL.search(text) is not None
