"""The workspace client: one request for a write, several for a read, and no empty answer for an unreadable one."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from cmkmigrate.clients import databricks, leave
from cmkmigrate.clients.databricks import POOL, Entra, Pat, Workspace
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.clients.pace import Paces
from cmkmigrate.errors import Anew, CallError, Denied, Fatal, NotFound, Refused, Throttled, Unknown
from tests.clients.conftest import Sent, Wire

HOST = "adb-1001.1.azuredatabricks.test"
ARM_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
HTML = b"<html><title>Blocked</title></html>"
LATE = ReadTimeoutError(HTTPSConnectionPool(HOST), "/", "late")
ME = (200, {"X-Databricks-Org-Id": "1001"}, {"userName": "someone@contoso.example"})


def open_it(wire: Wire, endpoints: Endpoints, strategy: Any = None, **how: Any) -> Workspace:
    """A Workspace whose first request, who am I, has been answered."""
    wire.answer = lambda _: ME
    clock = itertools.count(0, 100)  # a minute and more between any two looks: nobody waits for the pace
    paces = Paces(float("inf"), float("inf"), lambda: float(next(clock)), lambda _: None)
    opened = Workspace(HOST, strategy or Pat("dapi-1"), endpoints, paces, sleep=lambda _: None, **how)
    wire.sent.clear()
    return opened


def answers(wire: Wire, *given: Any) -> None:
    """These answers in turn, the last for ever."""
    left = list(given)

    def answer(_: Sent) -> Any:
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    wire.answer = answer


def test_who_and_where(wire: Wire, endpoints: Endpoints) -> None:
    resource = {"id": ARM_ID, "name": "w", "location": "westeurope"}
    one = open_it(wire, endpoints, resource=resource)
    assert (one.host, one.url, one.org_id, one.operator) == (HOST, f"https://{HOST}", "1001", "someone@contoso.example")
    assert (one.arm_id, one.name, one.location) == (ARM_ID, "w", "westeurope")


def test_foreign_host(endpoints: Endpoints) -> None:
    with pytest.raises(Refused):
        Workspace("adb-1.1.azuredatabricks.test.evil.example", Pat("x"), endpoints, Paces())


def test_entra_headers(wire: Wire, endpoints: Endpoints, credential: Login) -> None:
    one = open_it(wire, endpoints, Entra(credential, endpoints, ARM_ID))
    answers(wire, (200, {}, {}))
    one.read("/api/2.0/clusters/list")
    headers = wire.sent[0].headers
    assert headers["Authorization"] == "Bearer token-for-2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
    assert headers["X-Databricks-Azure-Workspace-Resource-Id"] == ARM_ID
    assert headers["X-Databricks-Azure-SP-Management-Token"] == (
        "token-for-https://management.core.windows.net//.default"
    )
    assert headers["User-Agent"].startswith("cmkmigrate/")


def test_stray_variables_decide_nothing(
    wire: Wire, endpoints: Endpoints, credential: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "DATABRICKS_TOKEN": "dapi-stray",
        "ARM_CLIENT_ID": "stray",
        "DATABRICKS_CONFIG_PROFILE": "none-such",
        "DATABRICKS_HOST": "https://elsewhere.example",
        "DATABRICKS_AUTH_TYPE": "pat",
    }.items():
        monkeypatch.setenv(name, value)
    one = open_it(wire, endpoints, Entra(credential, endpoints))
    one.read("/api/2.0/clusters/list")
    assert wire.sent[0].url == f"https://{HOST}/api/2.0/clusters/list"
    assert "stray" not in wire.sent[0].headers["Authorization"]


def test_query(wire: Wire, endpoints: Endpoints) -> None:
    one = open_it(wire, endpoints)
    one.read("/api/2.0/x", {"a": [1, 2], "b": None, "c": True})
    assert wire.sent[0].query == {"a": ["1", "2"], "c": ["true"]}


@pytest.mark.parametrize(
    "bad",
    [
        (200, {}, HTML),
        (200, {}, b'{"jobs": [{"job'),
        (200, {}, b""),
        (200, {}, b"[1, 2]"),
        (200, {}, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}),
        (503, {}, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "x"}),
        (500, {}, HTML),
        (429, {}, b""),
        ProtocolError("reset"),
        LATE,
    ],
)
def test_a_read_is_sent_again(wire: Wire, endpoints: Endpoints, bad: Any) -> None:
    one = open_it(wire, endpoints)
    answers(wire, bad, bad, (200, {}, {"jobs": []}))
    assert one.read("/api/2.2/jobs/list") == {"jobs": []}
    assert len(wire.sent) == 3
    answers(wire, bad)
    with pytest.raises((Unknown, Throttled)):
        one.read("/api/2.2/jobs/list")


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ((503, {}, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "x"}), Unknown),
        ((500, {}, {"error_code": "INTERNAL_ERROR", "message": "Unexpected error"}), Unknown),
        ((429, {"Retry-After": "9"}, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "x"}), Throttled),
        ((200, {}, HTML), Unknown),
        ((404, {}, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "x"}), NotFound),
        ((307, {"Location": "https://evil.example/api"}, b""), Refused),
        (ProtocolError("reset"), Unknown),
        (LATE, Unknown),
    ],
)
def test_a_write_is_sent_once(wire: Wire, endpoints: Endpoints, bad: Any, kind: type[CallError]) -> None:
    one = open_it(wire, endpoints)
    answers(wire, bad)
    with pytest.raises(CallError) as failed:
        one.write("POST", "/api/2.2/jobs/create", {"name": "x"})
    assert type(failed.value) is kind
    assert len(wire.sent) == 1
    with pytest.raises(kind):
        one.upload("/api/2.0/workspace/import", {"path": "/x"}, [b"content"])
    assert len(wire.sent) == 2


def test_no_error_quotes_what_was_sent(wire: Wire, endpoints: Endpoints) -> None:
    one = open_it(wire, endpoints)
    given: tuple[Any, ...] = (
        (500, {}, HTML),
        (400, {}, HTML),
        (403, {}, {"message": "no"}),
        ProtocolError("c4n4ry"),
    )
    for bad in given:
        answers(wire, bad)
        with pytest.raises(CallError) as failed:
            one.write("POST", "/api/2.0/secrets/put", {"string_value": "c4n4ry"})
        assert "c4n4ry" not in f"{failed.value!s}{failed.value!r}"
        assert failed.value.__cause__ is None


def test_the_old_workspace_is_not_written_to(wire: Wire, endpoints: Endpoints) -> None:
    one = open_it(wire, endpoints, source=True, writes=False)
    with pytest.raises(Fatal):
        one.write("POST", "/api/2.2/jobs/create", {})
    with pytest.raises(Fatal):
        one.upload("/api/2.0/workspace/import", {}, [b""])
    assert wire.sent == []
    assert open_it(wire, endpoints, source=True, writes=True).write("POST", "/api/2.0/x") == ME[2]


def test_upload(wire: Wire, endpoints: Endpoints) -> None:
    one = open_it(wire, endpoints)
    answers(wire, (200, {}, {}))
    one.upload("/api/2.0/workspace/import", {"path": "/Ü", "format": "AUTO"}, iter([b"a\r\n", b"", b"\x00\xff"]))
    sent = wire.sent[0]
    boundary = sent.headers["Content-Type"].partition("boundary=")[2]
    head, path, kind, content, end = sent.body.split(f"--{boundary}".encode())
    assert (head, end) == (b"", b"--\r\n")
    assert path == '\r\nContent-Disposition: form-data; name="path"\r\n\r\n/Ü\r\n'.encode()
    assert kind.endswith(b'name="format"\r\n\r\nAUTO\r\n')
    assert content.partition(b"\r\n\r\n")[2] == b"a\r\n\x00\xff\r\n"
    assert sent.headers["Content-Length"] == str(len(sent.body))


def test_a_refused_token_is_fetched_anew_and_it_is_sent_once_more(
    wire: Wire, endpoints: Endpoints, credential: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = open_it(wire, endpoints, Entra(credential, endpoints))
    late = (401, {}, {"error_code": "UNAUTHENTICATED", "message": "Token is expired"})
    renewed: list[float] = []
    monkeypatch.setattr(credential, "renew", renewed.append)
    answers(wire, late, (200, {}, {}))
    one.upload("/api/2.0/workspace/import", {"path": "/x"}, [b"ab", b"cd"])
    first, second = wire.sent
    assert first.body == second.body and b"abcd" in second.body, "the whole of it again"
    wire.sent.clear()
    answers(wire, late)
    with pytest.raises(Denied):
        one.write("POST", "/api/2.0/x", {})
    assert len(wire.sent) == len(renewed) == 2, "and not a third time"


def test_an_upload_that_is_read_while_it_is_sent(
    wire: Wire, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be sent once more by itself: whoever wrote notes it anew, with the content opened again."""
    credential = Pat("dapi-1")
    one = open_it(wire, endpoints, credential)
    answers(wire, (200, {}, {"object_id": 7}))
    assert one.upload("/api/2.0/workspace/import", {}, iter([b"ab", b"cd"]), 4) == {"object_id": 7}
    assert b"abcd" in wire.sent[0].body
    monkeypatch.setattr(credential, "renew", lambda sent: True)
    wire.sent.clear()
    answers(wire, (401, {}, {"error_code": "UNAUTHENTICATED", "message": "Token is expired"}), (200, {}, {}))
    with pytest.raises(Anew):
        one.upload("/api/2.0/workspace/import", {}, iter([b"ab", b"cd"]), 4)
    assert len(wire.sent) == 1
    with pytest.raises(Unknown, match="another size"):
        one.upload("/api/2.0/workspace/import", {}, iter([b"ab", b"cd"]), 5)


def test_what_is_read_while_it_is_sent_may_wait_as_long_as_any_answer(wire: Wire, endpoints: Endpoints) -> None:
    """And reading it, which this thread does meanwhile, changes nothing of by when the rest has to leave."""
    source, one = open_it(wire, endpoints), open_it(wire, endpoints)
    moment, seen = time.time() + 3600, list[tuple[float, float]]()
    wire.answer = lambda _: (200, {}, b"abcd")

    def content() -> Iterator[bytes]:
        yield from source.download("/api/2.0/workspace/export", held=False)
        seen.append((leave._mine.by, leave._mine.pause))

    with one.leaving_by(moment), suppress(CallError):
        one.upload("/api/2.0/workspace/import", {}, content(), 4)
    assert seen == [(moment, one.timeout_s + 0.5)]
    with one.leaving_by(moment), suppress(CallError):
        one.upload("/api/2.0/workspace/import", {}, content())
    assert seen[1] == (math.inf, math.inf), "read before"


def test_what_is_not_held_needs_no_room(wire: Wire, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    one, wanted = open_it(wire, endpoints), list[int]()
    monkeypatch.setattr(databricks.room, "wanted", wanted.append)
    answers(wire, (200, {}, b"abcd"))
    assert b"".join(one.download("/x", held=False)) == b"".join(one.download("/x")) == b"abcd"
    assert wanted == [0, 4]


def test_download(wire: Wire, endpoints: Endpoints) -> None:
    one = open_it(wire, endpoints)
    content = bytes(range(256)) * 8192
    answers(wire, (503, {}, b""), (200, {"Content-Type": "text/html"}, HTML), (200, {}, content))
    assert b"".join(one.download("/api/2.0/workspace/export", {"path": "/x"})) == content
    assert len(wire.sent) == 3
    answers(wire, (200, {"Content-Type": "text/html", "Content-Disposition": "attachment"}, HTML))
    assert b"".join(one.download("/api/2.0/workspace/export", {"path": "/x.html"})) == HTML
    answers(wire, (404, {}, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "x"}))
    with pytest.raises(NotFound):
        next(one.download("/api/2.0/workspace/export"))


def test_the_pool_is_as_large_as_it_says(wire: Wire, endpoints: Endpoints) -> None:
    one = open_it(wire, endpoints)
    assert one._api._api_client._session.pool.pool.maxsize == POOL >= 32
    with ThreadPoolExecutor(32) as pool:
        assert len(list(pool.map(lambda _: one.read("/api/2.0/x"), range(64)))) == 64


def test_429s_reach_the_pace(wire: Wire, endpoints: Endpoints) -> None:
    wire.answer = lambda _: ME
    paces = Paces(float("inf"))
    one = Workspace(HOST, Pat("x"), endpoints, paces)
    answers(wire, (429, {"Retry-After": "60"}, {"error_code": "RESOURCE_EXHAUSTED", "message": "x"}))
    with pytest.raises(Throttled) as first:
        one.write("POST", "/api/2.2/jobs/create", {})
    assert first.value.retry_after == 60
    with pytest.raises(Throttled) as second:  # its turn is too far off: it is not even sent
        one.write("POST", "/api/2.2/jobs/create", {})
    assert second.value.code == "PACE" and second.value.retry_after > 50
    assert [seen.throttled for seen in paces.seen() if seen.family == "jobs create"] == [1]


def test_importing_the_cloud_imports_no_sdk() -> None:
    import subprocess

    code = (
        "import sys, cmkmigrate.clients.cloud;"
        "print([m for m in sys.modules if m.split('.')[0] in ('azure', 'databricks', 'msal', 'requests', 'tenacity')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_write_has_to_leave_in_time(wire: Wire, endpoints: Endpoints) -> None:
    """Reads of the same item may come before it, and what it does after it is not held to that moment."""
    one = open_it(wire, endpoints)
    moment, seen = time.time() + 3600, list[float]()

    def answer(_: Sent) -> Any:
        seen.append(leave._mine.by)
        return 200, {}, {}

    wire.answer = answer
    with one.leaving_by(moment):
        one.read("/api/2.0/x")
        one.write("POST", "/api/2.0/x", {})
        one.write("POST", "/api/2.0/y", {})
    one.write("POST", "/api/2.0/z", {})
    assert seen == [math.inf, moment, math.inf, math.inf]


def test_what_was_late_says_nothing_of_the_service(wire: Wire, endpoints: Endpoints) -> None:
    wire.answer = lambda _: ME
    paces = Paces(float("inf"))
    one = Workspace(HOST, Pat("x"), endpoints, paces)
    answers(wire, Anew("late"), (200, {}, {}))
    with pytest.raises(Throttled):
        one.write("POST", "/api/2.2/jobs/create", {})
    one.write("POST", "/api/2.2/jobs/create", {})  # at once
    assert [seen.throttled for seen in paces.seen() if seen.family == "jobs create"] == [0]
