"""A TLS front for servers that speak plain HTTP, so that the product reaches them as it reaches a cloud.

The product talks to https hosts of one cloud and to nothing else. This front is what a company's proxy is to it
(`HTTPS_PROXY`, a CA file): it answers CONNECT for the names that it was given, ends the TLS itself, and hands the bytes
on to a loopback port. It changes no byte; a test may be told what has gone out.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
BLOCK = 64 * 1024


class Front:
    """A proxy on a free loopback port. `hosts`: name -> loopback port of the server behind it. `folder` takes the
    certificate (`ca_file`, its own issuer) and its key; `port` is the proxy's own. `sent` is called, on the front's
    thread, with each block of a client that was handed on."""

    def __init__(self, folder: Path, hosts: Mapping[str, int], sent: Callable[[bytes], None] | None = None) -> None:
        self.hosts, self._sent = dict(hosts), sent
        self.ca_file = folder / "front.pem"
        self._tls = _context(self.ca_file, folder / "front.key", sorted(self.hosts))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="front")
        self._thread.start()
        self._server: asyncio.Server = self._run(asyncio.start_server(self._serve, LOOPBACK, 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def env(self) -> dict[str, str]:
        """What a program's environment needs to go through it."""
        pem = str(self.ca_file)
        return {"HTTPS_PROXY": f"http://{LOOPBACK}:{self.port}", "REQUESTS_CA_BUNDLE": pem, "SSL_CERT_FILE": pem}

    def close(self) -> None:
        """Stop listening and drop what is still open."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    async def _end(self) -> None:
        self._server.close()
        own = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not own]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, ssl.SSLError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            name, _, port = target.rpartition(":")
            if method != "CONNECT" or port != "443" or name not in self.hosts:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._tls)
            there, here = await asyncio.open_connection(LOOPBACK, self.hosts[name])
            with contextlib.closing(here):
                await _first(_pump(reader, here, self._sent), _pump(there, writer))


async def _first(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all of them until one ends, then end the others."""
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, sent: Callable[[bytes], None] | None = None
) -> None:
    while block := await source.read(BLOCK):
        sink.write(block)
        await sink.drain()
        if sent is not None:
            sent(block)


def _context(certificate: Path, key_file: Path, names: list[str]) -> ssl.SSLContext:
    """A server context for `names`, with a certificate that is made now, lasts a day and signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "front of a test, trust nowhere else")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.touch(0o600)
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key_file)
    return context
