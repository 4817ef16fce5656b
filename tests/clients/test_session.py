"""The SDK's session: one request, one answer, on the right way, over a real connection."""

from __future__ import annotations

import gzip
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import certifi
import pytest
import urllib3

from cmkmigrate.clients import leave
from cmkmigrate.clients.session import Answer, Session
from cmkmigrate.errors import Anew

SEEN: list[tuple[str, str, dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    """Answers by the path."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        SEEN.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        content, more = b'{"a": 1}', {}
        if self.path.startswith("/gzip"):
            content, more = gzip.compress(content), {"Content-Encoding": "gzip"}
            content = content[: -9 if self.path.startswith("/gzip-cut") else None]
        if self.path.startswith("/cut"):
            more = {"Content-Length": str(len(content) + 5), "Connection": "close"}
        if self.path.startswith("/chunks"):
            more = {"Transfer-Encoding": "chunked"}
            content = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:3], content[3:], b""))
        self.send_response(302 if self.path.startswith("/away") else 200)
        for name, value in {"Content-Length": str(len(content)), "Location": "/gzip", **more}.items():
            if name == "Content-Length" and "Transfer-Encoding" in more:
                continue
            self.send_header(name, value)
        self.end_headers()
        for byte in content if self.path.startswith("/drip") else ():
            with suppress(OSError):  # the client may have had enough
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            time.sleep(0.01)  # so that they come one by one
        if not self.path.startswith("/drip"):
            self.wfile.write(content)
        self.close_connection = self.path.startswith("/cut")

    do_GET = do_PUT = do_POST

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    SEEN.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def session(url: str) -> Iterator[Session]:
    made = Session(url, 4, lambda answer, stream: None)
    yield made
    made.pool.close()


def test_query_and_headers(session: Session, url: str) -> None:
    session.auth = lambda request: request.headers.update({"Authorization": "Bearer t"})
    answer = session.request("GET", f"{url}/x/ä b", params={"a": [1, 2], "b": None, "c": "ü&"}, headers={"X": "y"})
    assert answer.json() == {"a": 1} and answer.ok and answer.status_code == 200
    method, path, headers, _ = SEEN[0]
    assert (method, path) == ("GET", "/x/%C3%A4%20b?a=1&a=2&c=%C3%BC%26")
    assert (headers["authorization"], headers["x"], "content-length" in headers) == ("Bearer t", "y", False)


def test_bodies(session: Session, url: str) -> None:
    session.request("POST", f"{url}/x", data='{"ü": 1}')
    session.request("PUT", f"{url}/x")
    assert SEEN[0][3] == '{"ü": 1}'.encode()
    assert SEEN[1][2]["content-length"] == "0"


def test_compressed(session: Session, url: str) -> None:
    assert session.request("GET", f"{url}/gzip").json() == {"a": 1}
    streamed = session.request("GET", f"{url}/gzip", stream=True)
    assert b"".join(streamed.iter_content(2)) == b'{"a": 1}'
    streamed.close()


@pytest.mark.parametrize("stream", [False, True])
def test_compressed_and_cut_off_is_no_whole_answer(stream: bool, session: Session, url: str) -> None:
    """Its length is right, and what there is of it can be unpacked."""
    with pytest.raises(urllib3.exceptions.HTTPError):
        b"".join(session.request("GET", f"{url}/gzip-cut", stream=stream).iter_content(100))


def test_no_redirect_is_followed(session: Session, url: str) -> None:
    assert session.request("GET", f"{url}/away").status_code == 302
    assert len(SEEN) == 1


def test_cut_short(session: Session, url: str) -> None:
    with pytest.raises(urllib3.exceptions.HTTPError):
        _ = session.request("GET", f"{url}/cut").content
    with pytest.raises(urllib3.exceptions.HTTPError):
        b"".join(session.request("GET", f"{url}/cut", stream=True).iter_content(100))
    assert len(SEEN) == 2, "nothing is sent again"


def test_what_drips_for_ever_ends(session: Session, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = itertools.count(0, 100)
    monkeypatch.setattr("cmkmigrate.clients.session.time", SimpleNamespace(monotonic=lambda: float(next(now))))
    with pytest.raises(urllib3.exceptions.TimeoutError):
        _ = session.request("GET", f"{url}/drip", timeout=1.0).content
    assert len(SEEN) == 1


def test_chunks_without_a_length(session: Session, url: str) -> None:
    assert session.request("GET", f"{url}/chunks").json() == {"a": 1}
    assert session.request("GET", f"{url}/chunks").json() == {"a": 1}


def test_nobody_there() -> None:
    with pytest.raises(urllib3.exceptions.HTTPError):
        Session("http://127.0.0.1:9", 1, lambda answer, stream: None).request("GET", "http://127.0.0.1:9/x")


def test_what_the_judge_refuses_gives_its_connection_back(url: str) -> None:
    def judge(answer: Answer, stream: bool) -> None:
        raise ValueError("no")

    session = Session(url, 1, judge)
    for stream in (False, True, False, True):  # one connection, which blocks when it is not given back
        with pytest.raises(ValueError, match="no"):
            session.request("GET", f"{url}/x", stream=stream)
    session.pool.close()


def test_an_option_that_is_not_built_is_refused(session: Session, url: str) -> None:
    with pytest.raises(TypeError, match="files"):
        session.request("POST", f"{url}/x", files={"a": b""})
    assert SEEN == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_the_way_is_that_of_requests(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://proxy.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    pool = Session("https://a.example", 3, lambda answer, stream: None).pool
    assert (pool.proxy.host, pool.proxy.port, pool.ca_certs, pool.cert_reqs) == (
        "proxy.example", 3128, certifi.where(), "CERT_REQUIRED",
    )  # fmt: skip
    monkeypatch.setenv("NO_PROXY", "a.example")
    assert Session("https://a.example", 3, lambda answer, stream: None).pool.proxy is None


def test_a_write_that_is_late_stays_here(session: Session, url: str) -> None:
    """Also on a connection that is open already."""
    session.request("POST", f"{url}/json", data="{}").close()
    with leave.by(time.time() - 1, 0.0), pytest.raises(Anew):
        session.request("POST", f"{url}/json", data="{}")
    session.request("POST", f"{url}/json", data="{}").close()
    assert len(SEEN) == 2
