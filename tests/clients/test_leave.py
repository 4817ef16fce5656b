"""A write leaves in time or not at all: looked at where its bytes leave."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any

import pytest

from cmkmigrate.clients import leave
from cmkmigrate.errors import Anew, Throttled

SOON_S = 60.0


class Server:
    """Takes connections and keeps what came."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.came: list[bytes] = []
        self.clients: list[Any] = []  # a test that fails leaves them open, and the thread would wait for their end
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            one, _ = self._listening.accept()
            with one:
                came = b""
                while block := one.recv(1 << 16):
                    came += block
                if came == b"end":
                    return
                self.came.append(came)

    def close(self) -> None:
        for one in self.clients:
            one.close()
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"end")
        self._thread.join()
        self._listening.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def connection(server: Server) -> Any:
    made = leave.held_to(HTTPConnection)("127.0.0.1", server.port)
    server.clients.append(made)
    return made


def came(server: Server) -> bytes:
    """What came on the one connection, which the client has closed."""
    server.close()
    server.close = lambda: None  # type: ignore[method-assign]
    return b"".join(server.came)


def test_in_time(server: Server) -> None:
    one = connection(server)
    with leave.by(time.time() + SOON_S, SOON_S):
        one.request("POST", "/x", b"body")
    one.close()
    assert came(server).endswith(b"\r\n\r\nbody")


def test_too_late(server: Server) -> None:
    one = connection(server)
    with leave.by(time.time() - 0.001, SOON_S), pytest.raises(Anew, match="too late"):
        one.request("POST", "/x", b"body")
    one.close()
    assert came(server) == b""


def test_it_was_refused_before_any_effect() -> None:
    assert issubclass(Anew, Throttled)  # so that the engine notes it anew and sends it again


def test_connecting_counts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look comes after it."""
    one = connection(server)
    connect, now = one.connect, time.time()
    clock = [now]
    monkeypatch.setattr(leave, "time", SimpleNamespace(time=lambda: clock[0]))
    monkeypatch.setattr(one, "connect", lambda: (connect(), clock.__setitem__(0, now + SOON_S + 1)))
    with leave.by(now + SOON_S, SOON_S), pytest.raises(Anew):
        one.request("POST", "/x", b"body")
    one.close()
    assert came(server) == b""


@pytest.mark.parametrize(("pause", "whole"), [(SOON_S - 1, False), (SOON_S + 1, True)])
def test_stopped_between_two_parts(server: Server, monkeypatch: pytest.MonkeyPatch, pause: float, whole: bool) -> None:
    """A large body may take long, but not stand still: the rest of it stays here."""
    one = connection(server)
    clock = [time.time()]
    monkeypatch.setattr(leave, "time", SimpleNamespace(time=lambda: clock[0]))

    def body() -> Iterator[bytes]:
        for part in (b"one", b"two", b"three"):
            yield part
            clock[0] += SOON_S

    def send() -> None:
        with leave.by(clock[0], pause):
            one.request("POST", "/x", body(), {"Content-Length": "11"})

    if whole:
        send()
    else:
        with pytest.raises(Anew):
            send()
    one.close()
    assert came(server).partition(b"\r\n\r\n")[2] == (b"onetwothree" if whole else b"one")


def test_reads_are_free(server: Server) -> None:
    """What is read on the way, say how far another operation is, may take long."""
    one = connection(server)
    with leave.by(time.time() - 1, SOON_S):
        one.request("GET", "/x")
    one.close()
    assert came(server).startswith(b"GET /x ")


def test_a_second_request_gets_no_more_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one is sent again with a new token: each begins to leave before the same moment."""
    clock = [time.time()]
    monkeypatch.setattr(leave, "time", SimpleNamespace(time=lambda: clock[0]))
    with leave.by(clock[0] + 1, SOON_S):
        first, second = connection(server), connection(server)
        first.request("POST", "/x", b"body")
        first.close()
        clock[0] += 2
        with pytest.raises(Anew):
            second.request("POST", "/x", b"again")
        second.close()
    assert came(server).endswith(b"body")


def test_a_proxy_asked_for_the_way_gives_no_more_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line to it may be slow: what is sent through it counts."""
    clock = [time.time()]
    monkeypatch.setattr(leave, "time", SimpleNamespace(time=lambda: clock[0]))
    one = connection(server)
    one.set_tunnel("host.test", 443)
    monkeypatch.setattr(one, "response_class", lambda *_, **__: _Opened(clock))
    with leave.by(clock[0] + 1, SOON_S), pytest.raises(Anew):
        one.request("POST", "/x", b"body")
    one.close()
    assert came(server).startswith(b"CONNECT host.test:443 ") and b"POST" not in came(server)


class _Opened:
    """A proxy's answer, two seconds later."""

    def __init__(self, clock: list[float]) -> None:
        self.fp = SimpleNamespace(readline=lambda *_: b"")
        self._clock = clock

    def _read_status(self) -> tuple[str, int, str]:
        self._clock[0] += 2
        return "HTTP/1.1", 200, "OK"

    def close(self) -> None:
        pass


def test_one_moment_inside_another(server: Server) -> None:
    with leave.by(time.time() - 1, SOON_S):
        with leave.by(time.time() + SOON_S, SOON_S):
            pass
        one = connection(server)
        with pytest.raises(Anew):
            one.request("POST", "/x", b"body")
        one.close()
    assert came(server) == b""


def test_a_class_is_made_once() -> None:
    held: Any = leave.held_to(HTTPConnection)
    assert leave.held_to(HTTPConnection) is held and leave.held_to(held) is held


def test_what_comes_after_is_free(server: Server) -> None:
    """A read, and whatever else this thread sends."""
    with leave.by(time.time() - 1, 0.0):
        pass
    one = connection(server)
    one.request("GET", "/x")
    one.close()
    assert came(server).startswith(b"GET /x ")


def test_other_threads_are_free(server: Server) -> None:
    one = connection(server)
    with leave.by(time.time() - 1, 0.0):
        other = threading.Thread(target=one.request, args=("GET", "/x"))
        other.start()
        other.join()
    one.close()
    assert came(server).startswith(b"GET /x ")
