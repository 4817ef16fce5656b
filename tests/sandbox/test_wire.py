"""Requests, routes and the directory."""

from __future__ import annotations

from types import ModuleType

import pytest

from cmkmigrate.sandbox.wire import BadBody, Clock, Directory, Principal, Request, Response, Routes, route


@route("GET", "/a/{x}/b")
@route("GET", "/a/c/d")
@route("POST", "/a/check", reads=True)
@route("PUT", "/files/{path:path}")
@route("GET", "/{scope:path}/providers/P/grants/{name}")
def handler(state: object, request: Request) -> Response:
    return Response()


handler.__module__ = "made"


def routes(ignore_case: bool = False) -> Routes:
    module = ModuleType("made")
    module.handler = handler  # type: ignore[attr-defined]
    return Routes.collect(module, ignore_case=ignore_case)


@pytest.mark.parametrize(
    ("method", "path", "pattern", "params"),
    [
        ("GET", "/a/q%20r/b", "/a/{x}/b", {"x": "q r"}),
        ("GET", "/a/c/d", "/a/c/d", {}),
        ("GET", "/a/c/b", "/a/{x}/b", {"x": "c"}),
        ("PUT", "/files/u/v%2Fw", "/files/{path:path}", {"path": "u/v/w"}),
        ("GET", "/s/1/providers/P/grants/n", "/{scope:path}/providers/P/grants/{name}", {"scope": "s/1", "name": "n"}),
    ],
)
def test_found(method: str, path: str, pattern: str, params: dict[str, str]) -> None:
    found = routes().find(method, path)
    assert found is not None and (found[0].pattern, found[1]) == (pattern, params)


@pytest.mark.parametrize(("method", "path"), [("GET", "/a//b"), ("POST", "/a/c/d"), ("GET", "/A/c/d"), ("GET", "/")])
def test_not_found(method: str, path: str) -> None:
    assert routes().find(method, path) is None


def test_case_is_ignored_where_it_is_asked_for() -> None:
    found = routes(ignore_case=True).find("GET", "/S/providers/p/GRANTS/Name")
    assert found is not None and found[1] == {"scope": "S", "name": "Name"}
    assert routes(ignore_case=True).find("GET", "/A/Q/B") is not None


def test_which_routes_write() -> None:
    assert {one.pattern for one in routes().all if one.writes} == {"/files/{path:path}"}


def test_bodies() -> None:
    def request(body: bytes, kind: str = "") -> Request:
        return Request("POST", "h", "/p", "a=1&a=2&b=", {"content-type": kind}, body)

    assert request(b"").json() == {} and request(b'{"x": 1}').json() == {"x": 1}
    assert request(b"").query == {"a": ["1", "2"], "b": [""]} and request(b"").arg("a") == "1"
    assert request(b"x=1&y=a%20b").form() == {"x": "1", "y": "a b"}
    with pytest.raises(BadBody):
        request(b"{").json()
    parts = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
        for pair in ((b"path", b"/x"), (b"content", b"1\r\n--2\r\n"))
    )
    assert request(parts + b"--B--\r\n", "multipart/form-data; boundary=B").multipart() == {
        "path": b"/x",
        "content": b"1\r\n--2\r\n",
    }


def test_directory_and_clock() -> None:
    directory, clock = Directory(), Clock()
    first = directory.add(Principal("user", "1", "A@x.example"))
    assert directory.add(Principal("user", "2", "a@X.example")) is first
    assert directory.find("user", "a@x.EXAMPLE") is first and directory.find("group", "a@x.example") is None
    before = clock.now()
    clock.advance(100)
    assert clock.now() >= before + 100
