"""What no definition knows and the recordings show: polls of long-running operations, and Microsoft Graph.

A request is known when one of the same method, path (without names) and names in the query was recorded; an answer when
each of its fields was in a recorded one, with a value of the same type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.evidence import definitions
from tests.evidence.exchange import Exchange, Finding, Verdict

FILES = ("2024-12-01_api-2024-05-01/*update_v[12]*.yaml", "2024-12-01_api-2024-05-01/*create_v2*.yaml")
POLL = re.compile(
    r"(?i)/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/Microsoft\.Databricks/locations/[^/]+/operationStatuses/[^/]+"
)
NAMES = {"poll": "ARM operationStatuses", "graph": "Graph servicePrincipals"}
UNSIGNED = frozenset("tcsh")  # the parts of a signature
Seen = tuple[str, str, str]


def kind_of(path: str) -> str:
    """ "poll", "graph", or "" for what is not judged by recordings."""
    if POLL.fullmatch(path):
        return "poll"
    return "graph" if path.startswith("/v1.0/servicePrincipals") else ""


@cache
def known() -> dict[tuple[str, str], dict[str, set[str]]]:
    """(method, kind) -> what was recorded: "status", "query", and "field" as `path type`."""
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    for pattern in FILES:
        for path in sorted((definitions.SPECS / "recordings").glob(pattern)):
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            for one in yaml.load(path.read_text("utf-8"), Loader=loader)["interactions"]:
                where = urlsplit(one["request"]["uri"])
                if not (kind := kind_of(where.path)):
                    continue
                entry = found.setdefault(
                    (one["request"]["method"], kind), {"status": set(), "query": set(), "field": set()}
                )
                entry["status"].add(str(one["response"]["status"]["code"]))
                entry["query"] |= parse_qs(where.query).keys()
                text = one["response"]["body"]["string"]
                entry["field"] |= set(fields(json.loads(text))) if text else set()
    return found


def fields(value: Any, at: str = "") -> Iterator[str]:
    """Every field of a body with the type of its value."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield f"{at}.{name} {'null' if one is None else type(one).__name__}"
            yield from fields(one, f"{at}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from fields(one, f"{at}[]")


def judge(one: Exchange, kind: str) -> Verdict:
    """The verdict by recordings."""
    entry = known().get((one.method, kind))
    if entry is None:
        return Verdict(f"{NAMES[kind]} {one.method}")
    verdict = Verdict(NAMES[kind], "recordings")
    if one.by_client:
        unknown = {name for name in one.query if name not in entry["query"] | UNSIGNED}
        verdict.request = [
            Finding(verdict.operation, "request", "query", name, "not recorded") for name in sorted(unknown)
        ]
    if one.status and not one.made_by_fault:
        verdict.answer = [Finding(verdict.operation, "answer", *seen) for seen in _answer(one, entry)]
    return verdict


def _answer(one: Exchange, entry: dict[str, set[str]]) -> Iterator[Seen]:
    if one.status >= 400:
        error = one.answer.get("error") if isinstance(one.answer, dict) else None
        if not isinstance(error, dict) or not {"code", "message"} <= error.keys():
            yield "schema", "", "no error as ARM and Graph have it"
        return
    if str(one.status) not in entry["status"]:
        yield "status", "", f"{one.status} is none of {', '.join(sorted(entry['status']))}"
    for field in sorted(set(fields(one.answer)) - entry["field"]):
        at, _, word = field.lstrip(".").partition(" ")
        yield "name", at, f"not recorded as {word}"
