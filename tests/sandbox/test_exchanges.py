"""What is written down of exchanges, what is counted, and that nothing is without the variable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.sandbox import exchanges
from cmkmigrate.sandbox.exchanges import LONG, VARIABLE, Exchanges
from cmkmigrate.sandbox.wire import Request, Response, json_response


def request(body: Any = None, **more: Any) -> Request:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    kind = {"content-type": more.pop("kind", "application/json"), "user-agent": more.pop("agent", "me/1 x/2")}
    return Request("POST", more.pop("host", "adb-1.1.test"), "/api/x", more.pop("query", ""), kind, content)


def written(made: Exchanges) -> list[dict[str, Any]]:
    made.close()
    return [json.loads(line) for line in made.path.read_text("utf-8").splitlines()]


def shapes(folder: Path, *pairs: tuple[Request, Response | None]) -> int:
    """How many of these exchanges are written, and not only counted."""
    made = Exchanges(folder)
    for asked, told in pairs:
        made.note(asked, told)
    return sum("method" in line for line in written(made))


def test_one_line_holds_all_of_an_exchange(tmp_path: Path) -> None:
    made = Exchanges(tmp_path / "new")
    headers = {"x-sandbox-fault": "status"}
    made.note(request({"a": 1}, query="b=2&b=3"), json_response({"c": "d" * 1000}, 201, headers), "/api/x", "status")
    (line,) = written(made)
    assert line.pop("key")
    assert line == {
        "method": "POST", "host": "adb-1.1.test", "path": "/api/x", "query": {"b": ["2", "3"]}, "agent": "me/1 x/2",
        "type": "application/json", "request": {"a": 1}, "status": 201, "answer": {"c": "d" * LONG}, "fault": "status",
        "headers": {"content-type": "application/json; charset=utf-8", **headers},
    }  # fmt: skip


def test_the_same_shape_is_counted(tmp_path: Path) -> None:
    made = Exchanges(tmp_path)
    for number in range(5):
        made.note(request({"id": number, "path": f"/a/{number}"}), json_response({"at": number * 1.5}))
    first, *more = written(made)
    assert "method" in first and [line["seen"] for line in more] == [2, 4, 5]


def test_what_makes_another_shape(tmp_path: Path) -> None:
    ok = json_response({"state": "RUNNING"})
    pairs: list[tuple[Request, Response | None]] = [
        (request({"a": 1}), ok),
        (request({"a": "1 x"}), ok),
        (request({"a": 1, "b": 1}), ok),
        (request({"a": 1}), json_response({"state": "TERMINATED"})),
        (request({"a": 1}), json_response({"state": "RUNNING"}, 201)),
        (request({"a": 1}), None),
        (request({"a": 1}, query="q=1"), ok),
        (request({"a": 1}, agent="curl/8"), ok),
        (request({"a": None}), ok),
        (request({"a": True}), ok),
    ]
    assert shapes(tmp_path, *pairs) == len(pairs)
    assert shapes(tmp_path, *pairs, *pairs) == len(pairs)


def test_bodies_that_are_no_json(tmp_path: Path) -> None:
    made = Exchanges(tmp_path)
    parts = b'--B\r\nContent-Disposition: form-data; name="path"\r\n\r\n/n\r\n--B\r\n' + (
        b'Content-Disposition: form-data; name="content"; filename="f"\r\n\r\n{"not": "read"}\r\n--B--\r\n'
    )
    raw = Response(200, b'{"looks": "like JSON"}', {"content-type": "application/octet-stream"})
    made.note(request(parts, kind="multipart/form-data; boundary=B"), raw)
    made.note(request(b"a=b&c=d", kind="application/x-www-form-urlencoded"), Response(204))
    made.note(request(b"{broken"), None)
    form, encoded, broken = written(made)
    assert form["request"] == {"": len(parts), "path": "/n", "content": '{"not": "read"}'}
    assert form["answer"] == {"": len(raw.body)}
    assert (encoded["request"], encoded["answer"]) == ({"": 7, "a": "b", "c": "d"}, None)
    assert (broken["request"], broken["status"]) == ({"": 7}, 0)


def test_only_where_the_environment_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert exchanges.opened() is None
    monkeypatch.setenv(VARIABLE, str(tmp_path / "here"))
    made = exchanges.opened()
    assert made is not None and made.path.parent == tmp_path / "here"
    assert exchanges.opened() is made
    made.close()
