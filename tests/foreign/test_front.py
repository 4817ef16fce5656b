"""The front: bytes go through as they are, and to nobody else."""

from __future__ import annotations

import http.client
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign.front import LOOPBACK, Front

pytestmark = pytest.mark.foreign


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers a POST with what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def server() -> Iterator[int]:
    made = http.server.ThreadingHTTPServer((LOOPBACK, 0), Echo)
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made.server_port
    made.shutdown()
    thread.join()
    made.server_close()


def connection(front: Front, host: str) -> http.client.HTTPSConnection:
    tls = ssl.create_default_context(cafile=str(front.ca_file))
    made = http.client.HTTPSConnection(LOOPBACK, front.port, timeout=30, context=tls)
    made.set_tunnel(host, 443)
    return made


def test_bytes_go_through(server: int, tmp_path: Path) -> None:
    seen: list[bytes] = []
    front = Front(tmp_path, {"adb-1.1.example.test": server}, seen.append)
    caller = connection(front, "adb-1.1.example.test")
    try:
        for body in (b"x", bytes(range(256)) * 4096):
            caller.request("POST", "/", body)
            assert caller.getresponse().read() == body
        assert seen[0].startswith(b"POST / HTTP/1.1\r\n") and sum(map(len, seen)) > 256 * 4096
    finally:
        caller.close()
        front.close()


def test_other_names_are_refused(server: int, tmp_path: Path) -> None:
    front = Front(tmp_path, {"adb-1.1.example.test": server})
    caller = connection(front, "adb-9.9.example.test")
    try:
        with pytest.raises(OSError, match="403"):
            caller.request("POST", "/", b"x")
    finally:
        caller.close()
        front.close()
