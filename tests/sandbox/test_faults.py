"""Faults: the rules by themselves, and what a client sees of each action."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.sandbox.faults import BadRule, Faults, load
from tests.sandbox.conftest import ARM, Answer, Running

GROUP = "resourceGroups/rg-fault"


def rule(action: str, **more: Any) -> dict[str, Any]:
    return {"match": {"method": "PUT", "host": ARM, "path": "*/rg-fault"}, "action": action, **more}


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "sandbox" in request.fixturenames:
        running = request.getfixturevalue("sandbox")
        running.control("PUT", "faults", [])
        running.arm("DELETE", GROUP)


def put(sandbox: Running) -> Answer:
    return sandbox.arm("PUT", GROUP, {"location": "westeurope"})


def exists(sandbox: Running) -> bool:
    return sandbox.arm("HEAD", GROUP).status == 204


def last(sandbox: Running) -> dict[str, Any]:
    lines = sandbox.control("GET", "requests").content.splitlines()
    found = [json.loads(line) for line in lines if json.loads(line)["method"] == "PUT"]
    return dict(found[-1])


def test_refuse_and_status_come_before_the_work(sandbox: Running) -> None:
    sandbox.control("PUT", "faults", [rule("refuse", body={"x": 1}, headers={"Retry-After": 3})])
    answer = put(sandbox)
    assert (answer.status, answer.json, answer.headers["retry-after"]) == (503, {"x": 1}, "3")
    assert not exists(sandbox) and last(sandbox)["fault"] == "refuse"
    assert put(sandbox).status == 201, "it holds once"


def test_status_after_the_work(sandbox: Running) -> None:
    sandbox.control("PUT", "faults", [rule("status", status=500, after=True)])
    assert put(sandbox).status == 500 and exists(sandbox)


def test_html(sandbox: Running) -> None:
    sandbox.control("PUT", "faults", [rule("html")])
    answer = put(sandbox)
    assert (answer.status, answer.headers["content-type"]) == (502, "text/html")
    assert answer.content.startswith(b"<html>") and not exists(sandbox)


@pytest.mark.parametrize(("action", "done"), [("lose", True), ("reset", False)])
def test_the_connection_is_cut(sandbox: Running, action: str, done: bool) -> None:
    sandbox.control("PUT", "faults", [rule(action)])
    with pytest.raises((OSError, http.client.HTTPException)):
        put(sandbox)
    assert exists(sandbox) is done
    assert (last(sandbox)["status"], last(sandbox)["fault"], last(sandbox)["write"]) == (0, action, True)


def test_delay(sandbox: Running) -> None:
    sandbox.control("PUT", "faults", [rule("delay", seconds=0.3)])
    before = time.monotonic()
    assert put(sandbox).status == 201 and time.monotonic() - before >= 0.3


@pytest.mark.parametrize(("action", "done"), [("kill", False), ("kill_after", True)])
def test_kill(sandbox: Running, action: str, done: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as victim:
        sandbox.control("PUT", "faults", [rule(action, pid=victim.pid)])
        with pytest.raises((OSError, http.client.HTTPException)):
            put(sandbox)
        assert victim.wait(60) == -9
    assert exists(sandbox) is done


def test_offset_and_count() -> None:
    faults = Faults([{"match": {"write": True}, "offset": 2, "count": 2}])
    hits = [faults.find("POST", "h", "/p", True) is not None for _ in range(6)]
    assert hits == [False, False, True, True, False, False]
    assert faults.find("POST", "h", "/p", False) is None and faults.as_json()[0]["seen"] == 6


def test_globs_and_the_rest_of_time() -> None:
    faults = Faults([{"match": {"method": "post", "host": "adb-*", "path": "/api/2.*/jobs/create"}, "count": -1}])
    assert all(faults.find("POST", "adb-1.2.x", "/api/2.2/jobs/create", True) for _ in range(20))
    assert faults.find("POST", "adb-1.2.x", "/api/2.2/jobs/reset", True) is None


def fates(rule: dict[str, Any], requests: list[tuple[str, bytes]]) -> list[bool]:
    faults = Faults([{"count": -1, **rule}])
    return [faults.find("POST", "h", path, True, "", body) is not None for path, body in requests]


def test_a_share_is_drawn_by_the_request_itself() -> None:
    requests = [(f"/p{number % 7}", str(number % 50).encode()) for number in range(400)]
    rule = {"share": 0.3, "seed": 1}
    drawn = fates(rule, requests)
    assert 80 <= sum(drawn) <= 160 and drawn == fates(rule, requests)
    assert drawn != fates({**rule, "seed": 2}, requests)
    mixed = [*requests[200:], *requests[:200]]

    def told(order: list[tuple[str, bytes]]) -> list[tuple[tuple[str, bytes], bool]]:
        return sorted(zip(order, fates(rule, order), strict=True))

    assert told(requests) == told(mixed), "in whatever order they arrive"
    assert not any(fates({"share": 0}, requests)) and all(fates({"share": 1}, requests))


def test_the_boundary_of_a_form_does_not_count() -> None:
    def form(boundary: str, number: int) -> bytes:
        return f"--{boundary}\r\nname\r\n\r\n{number}\r\n--{boundary}--\r\n".encode()

    rule = {"share": 0.5, "seed": 3}
    one, other = ([("/p", form(boundary, number)) for number in range(50)] for boundary in ("abc", "xyz"))
    assert fates(rule, one) == fates(rule, other)


def test_from_when_and_for_how_long() -> None:
    times = [1000.0, 1000.0, 1009.0, 1010.0, 1014.9, 1015.0]
    faults = Faults([{"count": -1, "from_s": 10, "for_s": 5, "action": "reset"}], lambda: times.pop(0))
    held = [faults.find("GET", "h", "/", False) is not None for _ in range(5)]
    assert held == [False, False, True, True, False]


def test_a_clock_that_is_set_back_turns_no_rule_off() -> None:
    times = [1000.0]
    faults = Faults([{"count": -1, "action": "reset"}], lambda: times[0])
    times[0] = 400.0
    assert faults.find("GET", "h", "/", False) is not None


def test_the_query_may_be_asked_for() -> None:
    faults = Faults([{"match": {"query": "*page_token=2*"}, "count": -1}])
    assert faults.find("GET", "h", "/", False, "limit=1&page_token=20") is not None
    assert faults.find("GET", "h", "/", False, "limit=1") is None and faults.find("GET", "h", "/", False) is None


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"action": "explode"}, "unknown action"),
        ({"match": {"verb": "GET"}}, "unknown key: verb"),
        ({"when": 3}, "unknown key: when"),
        ({"action": "kill"}, "needs the pid"),
        ({"action": "status"}, "needs a status"),
        ({"action": "operation", "how": "vanish"}, "how is one of"),
        ({"action": "token"}, "needs seconds"),
        ({"action": "lose", "pid": 3}, "lose has no pid"),
        ({"share": 1.5}, "a share is from 0 to 1"),
        ({"count": "all"}, "count is a number"),
        ({"offset": True}, "offset is a number"),
        ([], "a rule is an object"),
    ],
)
def test_bad_rules(bad: Any, why: str, sandbox: Running) -> None:
    with pytest.raises(BadRule, match=why):
        Faults([bad])
    answer = sandbox.control("PUT", "faults", [bad])
    assert answer.status == 400 and why in answer.json["error"]


def test_rules_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text('[{"action": "lose"}]')
    assert load(str(path)) == [{"action": "lose"}]
    path.write_text('{"action": "lose"}\n{"action": "reset"}\n')
    assert [one["action"] for one in load(str(path))] == ["lose", "reset"]
    path.write_text("{")
    with pytest.raises(BadRule):
        load(str(path))
