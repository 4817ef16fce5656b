"""The front: what a proxy lets through, and that nothing leaves the machine."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from cmkmigrate.sandbox.front import Connection
from cmkmigrate.sandbox.hosts import certificate_names, place_of
from cmkmigrate.sandbox.server import Sandbox
from cmkmigrate.sandbox.wire import Request
from tests.sandbox.conftest import ARM, Running


def connect(sandbox: Running, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", sandbox.port), 10) as client:
        client.sendall(head)
        return client.recv(1000).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        (f"{ARM}:443", b"HTTP/1.1 200 Connection established"),
        ("example.com:443", b"HTTP/1.1 403 Forbidden"),
        ("pypi.example:443", b"HTTP/1.1 403 Forbidden"),
        ("accounts.azuredatabricks.net:443", b"HTTP/1.1 403 Forbidden"),
        (f"{ARM}:80", b"HTTP/1.1 403 Forbidden"),
        ("kv-none.vault.azure.test:443", b"HTTP/1.1 502 Bad Gateway"),
        ("adb-1.1.azuredatabricks.test:443", b"HTTP/1.1 502 Bad Gateway"),
        ("127.0.0.1:443", b"HTTP/1.1 403 Forbidden"),
    ],
)
def test_connect(sandbox: Running, target: str, answer: bytes) -> None:
    assert connect(sandbox, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()) == answer


def test_what_was_refused_is_told(sandbox: Running) -> None:
    sandbox.control("DELETE", "requests")
    connect(sandbox, b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
    (told,) = [json.loads(line) for line in sandbox.control("GET", "requests").content.splitlines()]
    assert (told["method"], told["host"], told["status"], told["write"]) == ("CONNECT", "example.com", 403, False)


@pytest.mark.parametrize("head", [b"CONNECT\r\n\r\n", b"CONNECT x\r\n\r\n", b"CONNECT " + b"x" * 20_000])
def test_malformed(sandbox: Running, head: bytes) -> None:
    assert connect(sandbox, head) == b"HTTP/1.1 400 Bad Request"


def test_a_head_in_pieces(sandbox: Running) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port), 10) as client:
        for byte in f"CONNECT {ARM}:443 HTTP/1.1\r\n\r\n".encode():
            client.sendall(bytes([byte]))
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_without_the_ca_a_client_gets_nowhere(sandbox: Running) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port), 10) as client:
        client.sendall(f"CONNECT {ARM}:443 HTTP/1.1\r\n\r\n".encode())
        client.recv(1000)
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(client, server_hostname=ARM)
    assert sandbox.arm("GET", "resourceGroups").status == 200


def test_every_name_of_the_certificate_is_served() -> None:
    for name in certificate_names():
        host = name.replace("*.", "kv-x.", 1) if ".vault." in name else name.replace("*.", "adb-1.", 1)
        assert place_of(host) is not None, name
    for foreign in ("azuredatabricks.net", "a.b.vault.azure.net", "login.microsoftonline.com.evil.example", ""):
        assert place_of(foreign) is None


class Transport(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.sent = b""

    def write(self, data: Any) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return False


def test_a_request_that_comes_with_the_end_of_the_handshake() -> None:
    """asyncio delivers it before `start_tls` returns; it was once dropped, and the client waited for ever."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def play() -> bytes:
        config = Config(app, http="httptools", ws="none", loop="none", lifespan="off", log_level="critical")
        config.load()
        connection, transport = Connection(config, ServerState()), Transport()
        connection.data_received(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.connection_made(transport)
        while not transport.sent:
            await asyncio.sleep(0)
        connection.connection_lost(ConnectionError())
        return transport.sent

    assert asyncio.run(play()).startswith(b"HTTP/1.1 204")


@pytest.mark.parametrize(("sent", "worked_on"), [(b'{"a": 1}', True), (b'{"a"', False), (b"", False)])
def test_a_client_that_dies_while_it_sends(sent: bytes, worked_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came whole is worked on; half a request is none (it was once taken for one with an empty body)."""
    asked: list[tuple[str, bytes]] = []

    async def play() -> None:
        app = Sandbox().app

        async def serve(request: Request, *_: Any) -> None:
            asked.append((request.path, request.body))

        monkeypatch.setattr(app, "_serve", serve)
        config = Config(app, http="httptools", ws="none", loop="none", lifespan="off", log_level="critical")
        config.load()
        connection = Connection(config, ServerState())
        connection.connection_made(Transport())
        connection.scheme = "https"
        connection.data_received(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n" + sent)
        connection.connection_lost(ConnectionError())
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(play())
    assert asked == ([("/x", sent)] if worked_on else [])
