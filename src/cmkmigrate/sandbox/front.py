"""The front: one loopback port that is a proxy to the clouds' names, and the control API for who asks it plainly.

CONNECT is answered by the sandbox itself: it says that the tunnel stands and turns the same socket to TLS, so there is
no second hop and no port per host. Hosts that are not simulated get 403, names of vaults and workspaces that do not
exist 502, as a proxy answers when a name does not resolve. Nothing is ever forwarded.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEAD_CAP = 16 * 1024
REASONS = {400: "Bad Request", 403: "Forbidden", 405: "Method Not Allowed", 502: "Bad Gateway"}


class Connection(HttpToolsProtocol):
    """uvicorn's protocol; the application can cut the connection through its scope's state.

    A client may send its first request together with the end of the TLS handshake. asyncio then delivers the request
    before `start_tls` returns, that is before `connection_made`: it is kept until then.
    """

    def __init__(self, config: Config, state: ServerState) -> None:
        super().__init__(config=config, server_state=state, app_state={})
        self.app_state = {
            "drop": self.drop, "close": self.close, "gone": self.gone, "write": self.write, "undated": self.undated,
            "rest": self.rest,
        }  # fmt: skip
        self.made = False
        self.early = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.made = True
        super().connection_made(transport)
        if self.early:
            early, self.early = self.early, b""
            super().data_received(early)

    def data_received(self, data: bytes) -> None:
        if self.made:
            super().data_received(data)
        else:
            self.early += data

    def connection_lost(self, exc: Exception | None) -> None:
        if self.made:
            super().connection_lost(exc)

    def drop(self) -> None:
        """Cut it; what was not sent yet is lost."""
        self.transport.abort()

    def close(self) -> None:
        """End it, once what was written is sent."""
        self.transport.close()

    def gone(self) -> bool:
        return self.cycle.disconnected

    def rest(self) -> bytes | None:
        """What came of the body and was not read before the client went away; None: not all of it came."""
        return None if self.cycle.more_body else bytes(self.cycle.body)

    def write(self, data: bytes) -> None:
        """Bytes that HTTP does not allow for."""
        self.transport.write(data)

    def undated(self) -> None:
        """Leave the Date header of this answer to the application."""
        self.cycle.default_headers = []


class Front(asyncio.Protocol):
    """One connection from a client, until it is known what it wants."""

    def __init__(
        self, factory: Callable[[], Connection], tls: ssl.SSLContext, check: Callable[[str], int], tasks: set[Any]
    ) -> None:
        self.factory, self.tls, self.check, self.tasks = factory, tls, check, tasks
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.buffer.startswith(b"CONNECT "[: len(self.buffer)]):
            self._plain()
        elif b"\r\n\r\n" in self.buffer:
            self._connect()
        elif len(self.buffer) > HEAD_CAP:
            self._refuse(400)

    def _plain(self) -> None:
        protocol = self.factory()
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.data_received(self.buffer)

    def _connect(self) -> None:
        words = self.buffer.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3:
            self._refuse(400)
            return
        host, _, port = words[1].decode("latin-1").rpartition(":")
        status = self.check(host) if port == "443" else 403
        if status != 200:
            self._refuse(status)
            return
        self.transport.pause_reading()
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        task = asyncio.get_running_loop().create_task(self._upgrade())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _upgrade(self) -> None:
        protocol = self.factory()
        try:
            upgraded = await asyncio.get_running_loop().start_tls(self.transport, protocol, self.tls, server_side=True)
        except (OSError, ssl.SSLError):  # a client without our CA, or one that went away
            self.transport.abort()
            return
        if upgraded is None or upgraded.is_closing():
            self.transport.abort()
            return
        protocol.connection_made(upgraded)

    def _refuse(self, status: int) -> None:
        text = f"{status} {REASONS[status]}"
        self.transport.write(f"HTTP/1.1 {text}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        self.transport.close()
