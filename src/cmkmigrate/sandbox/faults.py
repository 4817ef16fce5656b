"""Faults on order: which requests go wrong, and how.

A rule is JSON::

    {"match": {"method": "POST", "host": "adb-*", "path": "/api/2.*/jobs/create", "write": true},
     "offset": 3, "count": 1, "action": "lose"}

`offset` counts the matching requests since the rule was put (0 is the first), `count` is for how many of them it holds
(-1: for all that follow). The actions:

refuse      answer with `status` and `body` before the work (default: 503)
status      the same; with "after": true the work is done and only its answer replaced
html        an HTML page with `status` (default 502) instead of JSON; "after": true as above
lose        do the work, then drop the connection without an answer
reset       drop the connection before the work
delay       wait `seconds`, then answer as usual
kill        SIGKILL the process `pid` before the work, and drop the connection
kill_after  do the work, SIGKILL `pid`, send nothing
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

from cmkmigrate.sandbox.wire import Response, json_response

ACTIONS = frozenset({"refuse", "status", "html", "lose", "reset", "delay", "kill", "kill_after"})
KEYS = frozenset({"match", "offset", "count", "action", "status", "body", "headers", "pid", "seconds", "after", "name"})
MATCHES = frozenset({"method", "host", "path", "write"})
PAGE = b"<html><head><title>Bad Gateway</title></head><body><h1>The service is unavailable.</h1></body></html>"


class BadRule(ValueError):
    """A rule that cannot be understood; the message says what is wrong with it."""


class Fault:
    """One rule, with the number of requests it has matched so far."""

    def __init__(self, rule: dict[str, Any]) -> None:
        if not isinstance(rule, dict):
            raise BadRule(f"a rule is an object, not {rule!r}")
        rule = {name: value for name, value in rule.items() if name != "seen"}  # as a GET gives them
        unknown = set(rule) - KEYS
        match = rule.get("match") or {}
        if not isinstance(match, dict):
            raise BadRule(f"`match` is an object, not {match!r}")
        unknown |= set(match) - MATCHES
        if unknown:
            raise BadRule(f"unknown key: {', '.join(sorted(unknown))}")
        self.action = str(rule.get("action", "refuse"))
        if self.action not in ACTIONS:
            raise BadRule(f"unknown action: {self.action} (known: {', '.join(sorted(ACTIONS))})")
        if self.action in ("kill", "kill_after") and not isinstance(rule.get("pid"), int):
            raise BadRule(f"{self.action} needs the pid of a process")
        if self.action == "status" and "status" not in rule:
            raise BadRule("the action `status` needs a status")
        self.rule = rule
        self.method = str(match.get("method", "*")).upper()
        self.host, self.path = str(match.get("host", "*")).lower(), str(match.get("path", "*"))
        self.write: bool | None = match.get("write")
        self.offset, self.count = int(rule.get("offset", 0)), int(rule.get("count", 1))
        self.seen = 0
        self.before = self.action in ("refuse", "reset", "kill") or (
            self.action in ("status", "html") and not rule.get("after")
        )
        self.drops = self.action in ("lose", "reset", "kill", "kill_after")
        self.seconds = float(rule.get("seconds", 0.0)) if self.action == "delay" else 0.0

    def hits(self, method: str, host: str, path: str, write: bool) -> bool:
        """Whether this request is one the rule holds for; counts it when it matches."""
        if self.write is not None and self.write != write:
            return False
        if not (fnmatchcase(method, self.method) and fnmatchcase(host, self.host) and fnmatchcase(path, self.path)):
            return False
        number = self.seen
        self.seen += 1
        return number >= self.offset and (self.count < 0 or number < self.offset + self.count)

    def answer(self) -> Response:
        """The answer that takes the place of the real one."""
        headers = {str(name).lower(): str(value) for name, value in (self.rule.get("headers") or {}).items()}
        if self.action == "html":
            return Response(int(self.rule.get("status", 502)), PAGE, {"content-type": "text/html", **headers})
        status = int(self.rule.get("status", 503))
        body = self.rule.get("body")
        if isinstance(body, str):
            return Response(status, body.encode(), {"content-type": "text/plain; charset=utf-8", **headers})
        if body is None:
            message = "The service at this time is unavailable."
            body = {"error_code": "TEMPORARILY_UNAVAILABLE", "message": message}
        return json_response(body, status, headers)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(int(self.rule["pid"]), signal.SIGKILL)

    def as_json(self) -> dict[str, Any]:
        return {**self.rule, "seen": self.seen}


class Faults:
    """The rules in force. Every rule counts every request it matches; the first one that holds is carried out."""

    def __init__(self, rules: Iterable[dict[str, Any]] = ()) -> None:
        self.rules = [Fault(rule) for rule in rules]

    def put(self, rules: Any) -> None:
        """Replace all rules; counting starts anew. Raises BadRule, and then keeps the old ones."""
        if not isinstance(rules, list):
            raise BadRule("the rules are a list")
        self.rules = [Fault(rule) for rule in rules]

    def find(self, method: str, host: str, path: str, write: bool) -> Fault | None:
        found = None
        for rule in self.rules:
            if rule.hits(method, host, path, write) and found is None:
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
