"""What a selftest found: for people, and as a document that names nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cmkmigrate.render.text import json_document, json_line, plain

_MARKS = {"as the sandbox": "=", "differs": "*", "not settled": "?"}


def line(result: Mapping[str, Any]) -> Iterator[str]:
    """One result: a line, and what differs below it."""
    point = f"point {result['point']}" if result["point"] else ""
    yield f"{_MARKS[result['verdict']]} {result['id']:<28} {point:<9} {result['verdict']}"
    if result["why"]:
        yield f"      {plain(result['why'])}"
    for name in result["differs"]:
        for title, side in (("sandbox", "sandbox"), ("here", "seen")):
            yield f"      {name}, {title + ':':<8} {_value(result[side].get(name))}"


def _value(value: Any) -> str:
    return "nothing" if value is None else plain(value if isinstance(value, str) else json_line(value))


def end(body: Mapping[str, Any]) -> Iterator[str]:
    """The last lines: what was not asked, the counts."""
    yield from ("", "Not asked")
    for one in body["not_asked"]:
        yield f"  point {one['point']:<3} {one['why']}"
    count = Counter(one["verdict"] for one in body["results"])
    numbers = ", ".join(f"{count[verdict]} {verdict}" for verdict in _MARKS)
    yield from ("", f"Selftest on {body['cloud']}: {numbers}")


def body(
    version: str, cloud: str, results: Sequence[Mapping[str, Any]], not_asked: Sequence[tuple[int, str]]
) -> dict[str, Any]:
    """The document, as far as nothing in it names anybody."""
    open_points = [{"point": point, "why": why} for point, why in not_asked]
    return {"type": "selftest", "version": version, "cloud": cloud, "results": list(results), "not_asked": open_points}


def document(body: Mapping[str, Any]) -> str:
    """The document as JSON."""
    return json_document(dict(body))
