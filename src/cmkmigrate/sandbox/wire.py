"""What the sandbox's services are written in: requests, responses, routes, the clock and the directory.

A service is a file of plain functions. Each function carries its route, so nothing else has to be edited when one is
added::

    @route("GET", "/api/2.0/instance-pools/get", family="pools")
    def get_pool(state: WorkspaceState, request: Request) -> Response:
        return json_response(state.pools[request.arg("instance_pool_id")])

A host class (ARM, Graph, Entra, Key Vault, Databricks) has one `Routes`, made by `Routes.collect(module, ...)`.
Handlers run one at a time on the event loop: they are synchronous, never block, and need no locks.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote

Handler = Callable[[Any, "Request"], "Response"]
Anything = TypeVar("Anything", bound=Callable[..., Any])

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Clock:
    """The sandbox's time. `advance` moves it forward; it never stands still."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def ms(self) -> int:
        """Milliseconds since the epoch, as Databricks writes times."""
        return int(self.now() * 1000)

    def advance(self, seconds: float) -> None:
        self.offset += seconds


@dataclass(slots=True)
class Principal:
    """Somebody who exists in the tenant, and so in the account: `kind` is user, service_principal or group.

    `id` is the Entra object id, `name` the userName, the applicationId or the group's displayName. `body` is what an
    estate said of it (SCIM), empty for the sandbox's own.
    """

    kind: str
    id: str
    name: str
    display_name: str = ""
    body: dict[str, Any] = field(default_factory=dict)


class Directory:
    """The tenant's principals, shared by every workspace of one sandbox: what one estate brings, all can assign."""

    def __init__(self) -> None:
        self.principals: dict[tuple[str, str], Principal] = {}  # (kind, lower-case name) -> principal
        self.by_id: dict[str, Principal] = {}

    def add(self, principal: Principal) -> Principal:
        """The principal of that kind and name; the first one to bring it wins."""
        known = self.principals.setdefault((principal.kind, principal.name.lower()), principal)
        self.by_id.setdefault(known.id, known)
        return known

    def find(self, kind: str, name: str) -> Principal | None:
        return self.principals.get((kind, name.lower()))

    def __iter__(self) -> Iterator[Principal]:
        return iter(self.principals.values())


class Request:
    """One HTTP request. `path` is percent-decoded, `raw_path` is not; header names are lower-case.

    `params` are the parts of the route's pattern; `principal` is who the bearer token stands for (None where there is
    no valid token: the dispatcher has refused it already where the host class wants one).
    """

    __slots__ = ("_query", "_query_string", "body", "headers", "host", "method", "narrowed", "params", "principal",
                 "raw_path")  # fmt: skip

    def __init__(
        self, method: str, host: str, raw_path: str, query: str, headers: dict[str, str], body: bytes = b""
    ) -> None:
        self.method, self.host, self.raw_path, self.headers, self.body = method, host, raw_path, headers, body
        self._query_string = query
        self._query: dict[str, list[str]] | None = None
        self.params: dict[str, str] = {}
        self.principal: Principal | None = None
        self.narrowed = ""  # a listing shows only what the caller has this ARM action on

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def query_string(self) -> str:
        return self._query_string

    @property
    def query(self) -> dict[str, list[str]]:
        if self._query is None:
            self._query = parse_qs(self._query_string, keep_blank_values=True) if self._query_string else {}
        return self._query

    def arg(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def json(self) -> Any:
        """The body as JSON ({} when empty). Raises `BadBody` when it is none."""
        if not self.body:
            return {}
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise BadBody(str(error)) from error

    def form(self) -> dict[str, str]:
        """An application/x-www-form-urlencoded body."""
        pairs = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}

    def multipart(self) -> dict[str, bytes]:
        """The parts of a multipart/form-data body by name. Raises `BadBody` when there is no boundary."""
        found = re.search(r'boundary="?([^";]+)"?', self.headers.get("content-type", ""))
        if found is None:
            raise BadBody("not a multipart body")
        parts: dict[str, bytes] = {}
        for piece in (b"\r\n" + self.body).split(b"\r\n--" + found[1].encode())[1:-1]:
            head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'[; ]name="?([^";\r\n]+)"?', head)
            if name is not None:
                parts[name[1].decode("utf-8", "replace")] = content
        return parts


class Response:
    """One HTTP answer: status, body bytes, headers."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, dict(headers) if headers else {}


class BadBody(Exception):
    """The body of a request cannot be read; the dispatcher makes a 400 of it in the host class's error shape."""


class Failure(Exception):
    """Raised by a handler to end with `response`, from however deep."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    try:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a character, which JSON can say as \uD800 alone
        content = json.dumps(body, separators=(",", ":")).encode()
    return Response(status, content, {"content-type": "application/json; charset=utf-8", **(headers or {})})


def databricks_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """The error shape of the Databricks REST API: {"error_code", "message"}."""
    return json_response({"error_code": code, "message": message}, status, headers)


def azure_error(
    status: int, code: str, message: str, inner: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """The error shape of ARM, Graph and Key Vault: {"error": {"code", "message"[, "innererror": {"code"}]}}."""
    error: dict[str, Any] = {"code": code, "message": message}
    if inner:
        error["innererror"] = {"code": inner}
    return json_response({"error": error}, status, headers)


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `pattern` has `{name}` for one segment and `{name:path}` for the rest (slashes too).

    `family` is the endpoint family that limits are counted under where limits.py knows none (default: the word
    after the version); `reads` marks a POST that changes nothing; `anonymous` one that needs no token.
    """

    method: str
    pattern: str
    handler: Handler
    family: str
    reads: bool
    anonymous: bool

    @property
    def writes(self) -> bool:
        return self.method not in READING and not self.reads


def route(
    method: str, pattern: str, *, family: str = "", reads: bool = False, anonymous: bool = False
) -> Callable[[Anything], Anything]:
    """Say of a handler which route it serves; may be given several times."""

    def mark(handler: Anything) -> Anything:
        made = Route(method, pattern, handler, family, reads, anonymous)
        handler.__dict__.setdefault("routes", []).append(made)
        return handler

    return mark


class _Node:
    __slots__ = ("literal", "rest", "routes", "variable")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.routes: dict[str, tuple[Route, tuple[str, ...]]] = {}
        self.rest: dict[str, tuple[Route, tuple[str, ...]]] = {}


class Routes:
    """The routes of one host class, found by exact path first, then segment by segment.

    `ignore_case` compares the fixed parts without case, as ARM does; parameters keep theirs.
    """

    def __init__(self, routes: Iterable[Route], ignore_case: bool = False) -> None:
        self.ignore_case = ignore_case
        self.all: list[Route] = []
        self._exact: dict[tuple[str, str], Route] = {}
        self._root = _Node()
        self._scoped: list[tuple[str, re.Pattern[str], Route]] = []
        for one in routes:
            self._add(one)

    @classmethod
    def collect(cls, *modules: ModuleType, ignore_case: bool = False) -> Routes:
        """The routes marked in these modules, in the order of their definition."""
        found = [
            one
            for module in modules
            for value in vars(module).values()
            if getattr(value, "__module__", "") == module.__name__
            for one in getattr(value, "routes", ())
            if isinstance(one, Route)
        ]
        return cls(found, ignore_case)

    def _add(self, one: Route) -> None:
        self.all.append(one)
        if "{" not in one.pattern:
            self._exact[one.method, one.pattern] = one
        _head, star, tail = one.pattern.partition(":path}")
        if star and tail:  # a path in front or in the middle ({scope:path}/providers/...): matched last
            regex = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(one.pattern).replace(":path\\}", "\\}\0"))
            regex = re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)\0", r"(?P<\1>.+?)", regex)
            flags = re.IGNORECASE if self.ignore_case else 0
            self._scoped.append((one.method, re.compile(regex, flags), one))
            return
        node = self._root
        names: list[str] = []
        for segment in one.pattern.split("/")[1:]:
            if segment.endswith(":path}"):
                node.rest[one.method] = (one, (*names, segment[1:-6]))
                return
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment.lower() if self.ignore_case else segment, _Node())
        node.routes[one.method] = (one, tuple(names))

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request and the decoded parts of its pattern, or None."""
        exact = self._exact.get((method, raw_path))
        if exact is not None:
            return exact, {}
        found = self._walk(self._root, method, raw_path.split("/")[1:], 0, ())
        if found is not None:
            return found
        for wanted, pattern, one in self._scoped:
            if wanted == method and (match := pattern.fullmatch(raw_path)):
                return one, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def _walk(
        self, node: _Node, method: str, segments: list[str], at: int, values: tuple[str, ...]
    ) -> tuple[Route, dict[str, str]] | None:
        if at == len(segments):
            end = node.routes.get(method)
            return (end[0], dict(zip(end[1], map(unquote, values), strict=True))) if end else None
        segment = segments[at]
        literal = node.literal.get(segment.lower() if self.ignore_case else segment)
        if literal is not None and (found := self._walk(literal, method, segments, at + 1, values)):
            return found
        if (
            node.variable is not None
            and segment
            and (found := self._walk(node.variable, method, segments, at + 1, (*values, segment)))
        ):
            return found
        rest = node.rest.get(method)
        if rest is not None:
            every = (*values, "/".join(segments[at:]))
            return rest[0], dict(zip(rest[1], map(unquote, every), strict=True))
        return None
