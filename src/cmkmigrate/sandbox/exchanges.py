"""Whole exchanges, written down for who checks them against the vendors' definitions. Off unless asked for.

Where the environment variable `SANDBOX_EXCHANGES` names a folder, every process that serves writes one JSON-lines file
into it. An exchange that looks like an earlier one (the same but for numbers, and for text that cannot be a name or a
value of an enumeration) is counted, not written again: a hundred thousand requests leave some thousand lines. Bodies
hold what was sent, secrets too, so the variable is for made-up estates alone.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, TextIO

from cmkmigrate.sandbox.wire import Request, Response

VARIABLE = "SANDBOX_EXCHANGES"
LONG = 400  # characters of a text that are kept
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*[^"\\A-Za-z_$.@*/-](?:[^"\\]|\\.)*"|"[^"]{41,}"')  # no name, no enumeration
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_open: dict[Path, Exchanges] = {}


class Exchanges:
    """One file of exchanges. A line is an exchange with its `key`, or `{"key", "seen"}`: how often it came so far."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{os.getpid()}-{os.urandom(4).hex()}.jsonl"
        self._seen: dict[bytes, int] = {}
        self._same: dict[bytes, bytes] = {}  # exchanges byte by byte -> their shape, which takes longer to find
        self._file: TextIO | None = None  # a process that serves nothing leaves no file

    def note(self, request: Request, response: Response | None, pattern: str = "", fault: str = "") -> None:
        """Write an exchange, or count it. `response` None: no answer was given; `pattern` is that of its route."""
        head = _head(request, response, pattern, fault)
        bodies = request.body, response.body if response else b""
        exact = _digest(head, *bodies)
        key = self._same.get(exact)
        if key is None:
            key = self._same[exact] = _digest(head, _plain(bodies[0]) or _form(request), _plain(bodies[1]))
        seen = self._seen[key] = self._seen.get(key, 0) + 1
        if seen == 1:
            self._write({"key": key.hex(), **_whole(request, response, fault)})
        elif seen & (seen - 1) == 0:  # so that the count of a process that is killed is not all lost
            self._write({"key": key.hex(), "seen": seen})

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is None:
            self._file = self.path.open("a", encoding="utf-8")
            atexit.register(self.close)
        self._file.write(json.dumps(line) + "\n")  # in ASCII: a name may hold half of a character
        self._file.flush()

    def flush(self) -> None:
        """Write how often each exchange came."""
        for key, seen in self._seen.items():
            if seen > 1 and self._file is not None and not self._file.closed:
                self._write({"key": key.hex(), "seen": seen})

    def close(self) -> None:
        if self._file is not None and not self._file.closed:
            self.flush()
            self._file.close()


def opened() -> Exchanges | None:
    """The file of this process, where the environment asks for one; None where it does not."""
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    folder = Path(named)
    made = _open.get(folder)
    if made is None:
        made = _open[folder] = Exchanges(folder)
    return made


def _plain(body: bytes) -> bytes:
    """A JSON body without what differs between two of the same shape."""
    return NUMBER.sub(b"0", TEXT.sub(b'""', body)) if body[:1] in (b"{", b"[", b'"') else b""


def _form(request: Request) -> bytes:
    """The names of a form's parts, and what is short in them."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return b""
    return b" ".join(name.encode() + b"=" + part[:20] for name, part in request.multipart().items() if len(part) < 20)


def _head(request: Request, response: Response | None, pattern: str, fault: str) -> bytes:
    parts = [
        request.method, pattern or request.path, NUMBER.sub(b"0", request.query_string.encode()).decode(),
        request.host.split(".", 1)[1] if "." in request.host else request.host,
        request.headers.get("user-agent", "").split(" ")[0], fault,
        f"{response.status} {sorted(response.headers)}" if response else "0",
    ]  # fmt: skip
    return "\0".join(parts).encode()


def _digest(*parts: bytes) -> bytes:
    made = hashlib.blake2b(digest_size=12)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()


def _whole(request: Request, response: Response | None, fault: str) -> dict[str, Any]:
    return {
        "method": request.method,
        "host": request.host,
        "path": request.path,
        "query": request.query,
        "agent": request.headers.get("user-agent", ""),
        "type": request.headers.get("content-type", ""),
        "request": _body(request.body, request),
        "status": response.status if response else 0,
        "headers": dict(response.headers) if response else {},
        "answer": _answer(response) if response else None,
        "fault": fault,
    }


def _answer(response: Response) -> Any:
    """An answer says whether it is JSON: an exported notebook may look like it."""
    if response.body and "json" not in response.headers.get("content-type", ""):
        return {"": len(response.body)}
    return _body(response.body)


def _body(body: bytes, request: Request | None = None) -> Any:
    """JSON as it is (long texts shortened); another body as `{"": its length}`, a form with the names of its parts."""
    if not body:
        return None
    content = request.headers.get("content-type", "") if request else ""
    if content.startswith("multipart/form-data") and request:
        return {"": len(body), **{name: _short(_text(part)) for name, part in request.multipart().items()}}
    if content.startswith("application/x-www-form-urlencoded") and request:
        return {"": len(body), **request.form()}
    try:
        return _short(json.loads(body))
    except ValueError:
        return {"": len(body)}


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace")


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONG else value[:LONG]
    if isinstance(value, list):
        return [_short(one) for one in value]
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return value
