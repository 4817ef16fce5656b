"""How a fault is carried out, in this process: what becomes of the request, and of the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from cmkmigrate.sandbox.cloud import Cloud
from cmkmigrate.sandbox.faults import MARK, Fault
from cmkmigrate.sandbox.faulty import carry_out, deliver, retry_after
from cmkmigrate.sandbox.hosts import ARM, DATABRICKS, GRAPH, LOGIN, VAULT
from cmkmigrate.sandbox.wire import Request, Response, json_response

Message = MutableMapping[str, Any]


def asked(query: str = "", path: str = "/p") -> Request:
    return Request("GET", "host.test", path, query, {})


def carried(rule: dict[str, Any], answer: Response, request: Request | None = None, kind: str = ARM) -> Response:
    made = asyncio.run(carry_out(Fault(rule), kind, Cloud(), request or asked(), lambda _request: answer))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (DATABRICKS, 429, "REQUEST_LIMIT_EXCEEDED"),
        (DATABRICKS, 503, "TEMPORARILY_UNAVAILABLE"),
        (DATABRICKS, 500, "INTERNAL_ERROR"),
        (ARM, 429, "TooManyRequests"),
        (ARM, 503, "ServiceUnavailable"),
        (VAULT, 429, "Throttled"),
        (GRAPH, 403, "Forbidden"),
        (LOGIN, 503, "temporarily_unavailable"),
    ],
)
def test_a_refusal_has_the_shape_of_the_service(kind: str, status: int, code: str) -> None:
    made = carried({"action": "refuse", "status": status}, Response(), kind=kind)
    said = json.loads(made.body)
    found = said.get("error_code") or said["error"]
    assert (made.status, found if isinstance(found, str) else found["code"]) == (status, code)
    assert made.headers[MARK] == "refuse" and "retry-after" not in made.headers


def test_what_a_rule_says_comes_last() -> None:
    rule = {"action": "status", "status": 418, "body": "no", "headers": {"Retry-After": 9}, "retry_after": 3}
    made = carried(rule, Response())
    assert (made.status, made.body, made.headers["retry-after"]) == (418, b"no", "9")
    assert carried({"action": "refuse", "body": {}}, Response()).body == b"{}"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (7, "7"),
        (0, "0"),
        ("date:60", "Thu, 01 Jan 1970 00:01:40 GMT"),
        ("date", "Thu, 01 Jan 1970 00:00:45 GMT"),
        ("absurd", "31536000"),
        ("soon", "soon"),
        (-1, "-1"),
    ],
)
def test_retry_after(said: Any, value: str) -> None:
    assert retry_after(said, 40.0) == value


def test_after_the_work_it_was_done() -> None:
    done: list[str] = []

    def work(request: Request) -> Response:
        done.append(request.path)
        return Response(200)

    for rule, times in (({"action": "refuse"}, 0), ({"action": "refuse", "after": True}, 1), ({"action": "reset"}, 0),
                        ({"action": "lose"}, 1), ({"action": "kill", "pid": 1}, 0)):  # fmt: skip
        done.clear()
        made = asyncio.run(carry_out(Fault(rule), ARM, Cloud(), asked(), work))
        assert len(done) == times and (made is None) == (rule["action"] in ("reset", "lose", "kill")), rule


def test_a_page_of_arm_leads_back_to_itself() -> None:
    page = json_response({"value": [1]})
    body = json.loads(carried({"action": "page"}, page, asked("api-version=1&$skiptoken=5")).body)
    assert body == {"value": [1], "nextLink": "https://host.test/p?api-version=1&$skiptoken=5"}


def test_scim_gives_its_first_page_again_and_says_that_there_is_more() -> None:
    seen: list[str] = []

    def work(request: Request) -> Response:
        seen.append(request.arg("startIndex", "1"))
        return json_response({"totalResults": 2, "Resources": [1, 2]})

    for start in (1, 3, 5):
        request = asked(f"count=2&startIndex={start}")
        made = asyncio.run(carry_out(Fault({"action": "page"}), DATABRICKS, Cloud(), request, work))
        assert made is not None and json.loads(made.body)["totalResults"] > start + 1
    assert seen == ["1", "1", "1"]


@pytest.mark.parametrize("answer", [Response(200, b"{"), json_response({"error": 1}, 404), json_response([1])])
def test_what_is_no_page_stays_as_it_is(answer: Response) -> None:
    before = answer.body
    made = carried({"action": "page"}, answer)
    assert made.body == before and made.headers[MARK] == "page"


def test_links_lead_away() -> None:
    headers = {"location": "https://host.test/x?y", "azure-asyncoperation": "https://host.test:443/z"}
    answer = json_response({"nextLink": "https://host.test/n", "id": "https://host.test/kept"}, 202, headers)
    made = carried({"action": "foreign", "to": "evil.example"}, answer)
    assert made.headers["location"] == "https://evil.example/x?y"
    assert made.headers["azure-asyncoperation"] == "https://evil.example/z"
    assert json.loads(made.body) == {"nextLink": "https://evil.example/n", "id": "https://host.test/kept"}


def test_strangers_take_turns() -> None:
    fault = Fault({"action": "foreign", "every": True, "to": ["a.example", "b.example"], "count": -1})
    seen = []
    for _ in range(3):
        answer = json_response({"a": "https://host.test/"})
        made = asyncio.run(
            carry_out(fault, ARM, Cloud(), Request("GET", "management.azure.test", "/p", "", {}), lambda _, x=answer: x)
        )
        assert made is not None
        seen.append(json.loads(made.body)["a"])
    assert seen == ["https://a.example/", "https://b.example/", "https://a.example/"]


def test_skew_and_token_last_for_one_request() -> None:
    cloud, seen = Cloud(), []
    usual, before = cloud.tokens.lifetime_s, cloud.clock.offset

    def work(_request: Request) -> Response:
        seen.append((cloud.clock.offset, cloud.tokens.lifetime_s))
        raise RuntimeError("also when the service fails")

    for rule in ({"action": "skew", "seconds": -60}, {"action": "token", "seconds": 4}):
        with pytest.raises(RuntimeError):
            asyncio.run(carry_out(Fault(rule), ARM, cloud, asked(), work))
    assert seen == [(before - 60, usual), (before, 4)]
    assert (cloud.clock.offset, cloud.tokens.lifetime_s) == (before, usual)


class Wire:
    """What `front.Connection` lets one do; the connection is gone as soon as it is asked."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.done: list[Any] = []
        self.state = {name: self._noted(name) for name in ("drop", "close", "write", "undated")}
        self.state["gone"] = lambda: True

    def _noted(self, name: str) -> Any:
        return lambda *data: self.done.append((name, *data))

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def play(self, rule: dict[str, Any], response: Response | None) -> tuple[int, bytes]:
        """The length that was promised (-1: none), and what came."""
        asyncio.run(deliver(Fault(rule), response, self.state, self.send))
        headers = dict(self.sent[0]["headers"]) if self.sent else {}
        body = b"".join(one.get("body", b"") for one in self.sent[1:])
        return int(headers.get(b"content-length", -1)), body


@pytest.mark.parametrize(
    ("rule", "promised", "came", "done"),
    [
        ({"action": "cut"}, 10, b"01234", [("close",)]),
        ({"action": "cut", "bytes": 99}, 10, b"012345678", [("close",)]),
        ({"action": "length", "bytes": 3}, 13, b"0123456789", []),
        ({"action": "length", "bytes": -3}, 7, b"0123456", [("write", b"789")]),
        ({"action": "lose"}, -1, b"", [("drop",)]),
        ({"action": "hang"}, -1, b"", []),
        ({"action": "gzip", "bytes": 4}, 4, b"\x1f\x8b\x08\x00", []),
        ({"action": "status", "status": 500}, 10, b"0123456789", []),
    ],
)
def test_what_goes_over_the_wire(rule: dict[str, Any], promised: int, came: bytes, done: list[Any]) -> None:
    wire = Wire()
    response = None if rule["action"] in ("lose", "hang") else Response(200, b"0123456789")
    assert wire.play(rule, response) == (promised, came) and wire.done == done


def test_a_drip_ends_when_nobody_listens() -> None:
    wire = Wire()
    assert wire.play({"action": "slow", "seconds": 100}, Response(200, b"0123456789")) == (10, b"")


def test_a_date_of_its_own_takes_the_place_of_the_servers() -> None:
    wire = Wire()
    wire.play({"action": "skew", "seconds": 1}, Response(200, b"", {"date": "then"}))
    assert wire.done == [("undated",)] and (b"date", b"then") in wire.sent[0]["headers"]
