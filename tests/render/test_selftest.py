"""A selftest for people: a line for each question, what differs below it; and what it did not ask."""

from __future__ import annotations

import json
from typing import Any

from cmkmigrate.render import selftest as render


def result(verdict: str, **more: Any) -> dict[str, Any]:
    base = {"id": "bodies", "point": 17, "verdict": verdict, "sandbox": {}, "seen": {}, "differs": [], "why": ""}
    return {**base, **more}


def test_as_the_sandbox() -> None:
    lines = list(render.line(result("as the sandbox")))
    assert [" ".join(line.split()) for line in lines] == ["= bodies point 17 as the sandbox"]


def test_what_differs() -> None:
    one = result("differs", sandbox={"status": 400, "text": "no"}, seen={"status": 201}, differs=["status", "text"])
    assert [" ".join(line.split()) for line in render.line(one)] == [
        "* bodies point 17 differs",
        "status, sandbox: 400",
        "status, here: 201",
        "text, sandbox: no",
        "text, here: nothing",
    ]


def test_what_is_not_settled_and_of_no_point() -> None:
    lines = [" ".join(line.split()) for line in render.line(result("not settled", point=0, why="a\x1b[31m wall"))]
    assert lines == ["? bodies not settled", "a\\x1b[31m wall"]


def test_the_end() -> None:
    results = [result("differs"), result("as the sandbox"), result("as the sandbox")]
    body = render.body("0.1.0", "Azure", results, [(7, "it takes hours")])
    lines = [" ".join(line.split()) for line in render.end(body)]
    assert "point 7 it takes hours" in lines
    assert lines[-1] == "Selftest on Azure: 2 as the sandbox, 1 differs, 0 not settled"
    document = json.loads(render.document(body))
    assert document["not_asked"] == [{"point": 7, "why": "it takes hours"}]
