"""Faults on order: which requests go wrong, and in what way (`faulty` does it; docs/sandbox.md has examples).

A rule is JSON; only `action` must be said::

    {"match": {"method": "POST", "host": "adb-*", "path": "/api/2.*/jobs/create", "query": "*", "write": true},
     "offset": 3, "count": 1, "share": 0.5, "seed": 7, "from_s": 0, "for_s": 60, "action": "lose", "name": "my own"}

`offset` counts the matching requests since the rule was put (0 is the first), `count` is for how many of them it holds
(-1: for all that follow). Of these it holds for a `share`, drawn from the `seed`, the request itself and how often it
has come: the same requests meet the same fate again, in whatever order they arrive. `from_s` and `for_s` are seconds on
the sandbox's clock since the rule was put. With `each_route` they are counted for each route of each host by itself:
a `count` of 1 is then the first request of every operation.

before the work (of the first three, "after": true comes after it):
refuse, status  an answer with `status` (default 503), `body`, `headers`, and a Retry-After (`retry_after`: seconds,
                "date", "date:SECONDS", "absurd", or any text as it is; absent when it is not said)
html            a page with `status` (default 502) instead of JSON
reset           the connection is dropped
kill            SIGKILL for the process `pid`, and the connection is dropped
after the work:
lose            the connection is dropped without an answer
kill_after      SIGKILL for `pid`, and no answer
cut             the connection ends after `bytes` of the body (default: half of it)
length          Content-Length is `bytes` more (default 10; negative: fewer) than what comes
slow            `bytes` (default 1) at a time, with `seconds` (default 0.05) between
page            the token of the next page leads back to this one
moved           things move while they are listed, in pages of `rows`: the last of each page comes again on the next
                (`how`: double), or the first of each page after the first is left out (missed)
gzip            packed, and cut off after `bytes` of that (default: half of it), which is the length that is said
hang            nothing comes, and the connection stays open
foreign         links in the answer lead to `to` (default operations.example.com): a host, an origin with its scheme, or
                a list of them, taken in turn; with "every": true each address in it does, and it has the links that it
                might have (nextLink, Location, Azure-AsyncOperation)
operation       the operation that was started, or is asked about, does as `how` says: fail, never (ends), lie (says
                Succeeded, and nothing was done), early (says Succeeded before it is), forgotten (404)
around the work:
delay           `seconds` pass first
token           the token that is given out lives for `seconds`
skew            the service's clock is `seconds` ahead (negative: behind)
"""

from __future__ import annotations

import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any, Final
from zlib import crc32

MARK: Final = "x-sandbox-fault"  # what a fault has answered carries it: no vendor has to answer for that
ANSWERS: Final = frozenset({"refuse", "status", "html"})  # take the place of the real answer
DROPS: Final = frozenset({"lose", "reset", "kill", "kill_after", "hang"})  # give none
HOW: Final = ("fail", "never", "lie", "early", "forgotten")
MOVED: Final = ("double", "missed")
# action -> the keys that are its own
ACTIONS: Final[dict[str, frozenset[str]]] = {
    "refuse": frozenset({"status", "body", "headers", "retry_after", "after"}),
    "status": frozenset({"status", "body", "headers", "retry_after", "after"}),
    "html": frozenset({"status", "headers", "after"}),
    "reset": frozenset(),
    "kill": frozenset({"pid"}),
    "lose": frozenset(),
    "kill_after": frozenset({"pid"}),
    "cut": frozenset({"bytes"}),
    "length": frozenset({"bytes"}),
    "slow": frozenset({"bytes", "seconds"}),
    "page": frozenset(),
    "moved": frozenset({"how", "rows"}),
    "gzip": frozenset({"bytes"}),
    "hang": frozenset(),
    "foreign": frozenset({"to", "every"}),
    "operation": frozenset({"how", "code", "message"}),
    "delay": frozenset({"seconds"}),
    "token": frozenset({"seconds"}),
    "skew": frozenset({"seconds"}),
}
COMMON: Final = frozenset(
    {"match", "offset", "count", "share", "seed", "from_s", "for_s", "action", "name", "each_route"}
)
KEYS: Final = COMMON.union(*ACTIONS.values())
MATCHES: Final = frozenset({"method", "host", "path", "query", "write"})
NUMBERS: Final[dict[str, tuple[type, ...]]] = {
    "offset": (int,), "count": (int,), "status": (int,), "bytes": (int,), "pid": (int,), "rows": (int,),
    "share": (int, float), "from_s": (int, float), "for_s": (int, float), "seconds": (int, float),
}  # fmt: skip
NEEDED: Final[dict[str, tuple[str, str]]] = {
    "kill": ("pid", "the pid of a process"), "kill_after": ("pid", "the pid of a process"),
    "status": ("status", "a status"), "operation": ("how", f"a how: {', '.join(HOW)}"), "token": ("seconds", "seconds"),
    "skew": ("seconds", "seconds"), "moved": ("how", f"a how: {', '.join(MOVED)}"),
}  # fmt: skip


class BadRule(ValueError):
    """A rule that cannot be understood; the message says what is wrong with it."""


class Fault:
    """One rule, with the number of requests it has matched so far. `now` is the sandbox's clock."""

    def __init__(self, rule: dict[str, Any], now: Callable[[], float] = time.time) -> None:
        self.rule = _checked(rule)
        rule, match = self.rule, self.rule.get("match") or {}
        self.action = str(rule.get("action", "refuse"))
        self.name = str(rule.get("name") or self.action)
        self.method = str(match.get("method", "*")).upper()
        self.host, self.path = str(match.get("host", "*")).lower(), str(match.get("path", "*"))
        self.query = str(match.get("query", "*"))
        self.write: bool | None = match.get("write")
        self.offset, self.count = int(rule.get("offset", 0)), int(rule.get("count", 1))
        self.share, self.seed = float(rule.get("share", 1.0)), str(rule.get("seed", 0))
        self.seen = 0
        self._routes: Counter[str] = Counter()  # how often each route was asked for, where each counts by itself
        self._came: Counter[int] = Counter()  # how often each request came, where a share is drawn
        self._turn = itertools.count()
        self._now, self._put = now, now()
        self.drops = self.action in DROPS
        self.before = self.action in ("reset", "kill") or (self.action in ANSWERS and not rule.get("after"))

    def number(self, key: str, default: float) -> float:
        """A number of the rule."""
        return float(self.rule.get(key, default))

    def hits(
        self, method: str, host: str, path: str, write: bool, query: str = "", body: bytes = b"", route: str = ""
    ) -> bool:
        """Whether this request is one the rule holds for; counts it when it matches."""
        if self.write is not None and self.write != write:
            return False
        if not (fnmatchcase(method, self.method) and fnmatchcase(host, self.host) and fnmatchcase(path, self.path)):
            return False
        if self.query != "*" and not fnmatchcase(query, self.query):
            return False
        number = self.seen
        self.seen += 1
        if self.rule.get("each_route"):
            number = self._routes[f"{method} {host} {route or path}"]
            self._routes[f"{method} {host} {route or path}"] += 1
        if number < self.offset or (self.count >= 0 and number >= self.offset + self.count):
            return False
        return self._in_time() and (self.share >= 1.0 or self._drawn(f"{method} {host}{path}?{query}".encode(), body))

    def _in_time(self) -> bool:
        if "from_s" not in self.rule and "for_s" not in self.rule:
            return True  # a clock that is set back must not turn a rule off
        age = self._now() - self._put
        return age >= self.number("from_s", 0.0) and age < self.number("from_s", 0.0) + self.number("for_s", 1e12)

    def _drawn(self, request: bytes, body: bytes) -> bool:
        if body.startswith(b"--"):  # the boundary of a form is another each time
            body = body.replace(body.split(b"\r\n", 1)[0], b"")
        sign = crc32(body, crc32(request))
        self._came[sign] += 1
        return random.Random(f"{self.seed}/{sign}/{self._came[sign]}").random() < self.share

    def next_of(self, key: str, default: str) -> str:
        """A text of the rule; of a list the next one, and after the last the first again."""
        given = self.rule.get(key, default)
        return str(given[next(self._turn) % len(given)] if isinstance(given, list) else given)

    def as_json(self) -> dict[str, Any]:
        return {**self.rule, "seen": self.seen}


def _checked(given: Any) -> dict[str, Any]:
    """The rule without what a GET adds. Raises BadRule."""
    if not isinstance(given, dict):
        raise BadRule(f"a rule is an object, not {given!r}")
    rule: dict[str, Any] = {name: value for name, value in given.items() if name != "seen"}  # as a GET gives them
    match = rule.get("match") or {}
    if not isinstance(match, dict):
        raise BadRule(f"`match` is an object, not {match!r}")
    unknown = (set(rule) - KEYS) | (set(match) - MATCHES)
    if unknown:
        raise BadRule(f"unknown key: {', '.join(sorted(unknown))}")
    action = str(rule.get("action", "refuse"))
    if action not in ACTIONS:
        raise BadRule(f"unknown action: {action} (known: {', '.join(sorted(ACTIONS))})")
    needed, text = NEEDED.get(action, ("", ""))
    if needed and needed not in rule:
        raise BadRule(f"{action} needs {text}")
    strange = set(rule) - COMMON - ACTIONS[action]
    if strange:
        raise BadRule(f"{action} has no {', '.join(sorted(strange))}")
    for name, types in NUMBERS.items():
        if name in rule and (not isinstance(rule[name], types) or isinstance(rule[name], bool)):
            raise BadRule(f"{name} is a number, not {rule[name]!r}")
    if not 0 <= rule.get("share", 1) <= 1:
        raise BadRule(f"a share is from 0 to 1, not {rule['share']!r}")
    if action == "operation" and rule["how"] not in HOW:
        raise BadRule(f"how is one of {', '.join(HOW)}, not {rule['how']!r}")
    if action == "moved" and rule["how"] not in MOVED:
        raise BadRule(f"how is one of {', '.join(MOVED)}, not {rule['how']!r}")
    return rule


class Faults:
    """The rules in force. Every rule counts every request it matches; the first one that holds is carried out."""

    def __init__(self, rules: Iterable[dict[str, Any]] = (), now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.rules = [Fault(rule, now) for rule in rules]

    def put(self, rules: Any) -> None:
        """Replace all rules; counting starts anew. Raises BadRule, and then keeps the old ones."""
        if not isinstance(rules, list):
            raise BadRule("the rules are a list")
        self.rules = [Fault(rule, self._now) for rule in rules]

    def find(
        self, method: str, host: str, path: str, write: bool, query: str = "", body: bytes = b"", route: str = ""
    ) -> Fault | None:
        found = None
        for rule in self.rules:
            if rule.hits(method, host, path, write, query, body, route) and found is None:
                found = rule
        return found

    def as_json(self) -> list[dict[str, Any]]:
        return [rule.as_json() for rule in self.rules]


def load(path: str) -> list[dict[str, Any]]:
    """The rules of a file: a JSON list, or one rule to a line. Raises BadRule, OSError."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        rules = json.loads(text) if text.lstrip().startswith("[") else [json.loads(x) for x in text.splitlines() if x]
    except ValueError as error:
        raise BadRule(f"{path}: {error}") from error
    Faults(rules)
    return list(rules)
