"""A proxy that answers for some hosts itself, with a certificate that nobody has signed but it; others it leads on."""

from __future__ import annotations

import datetime
import re
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LINE: Final = re.compile(rb"CONNECT ([^ :]+):(\d+) HTTP/1\.[01]\r\n")


class Impostor:
    """On a free port. hosts: a pattern for those that it answers for. on: host and port of the proxy for the others.

    asked: the hosts that it was asked for and answered for; said: what was sent to it in spite of its certificate.
    """

    def __init__(self, folder: Path, hosts: str, on: tuple[str, int]) -> None:
        self._hosts, self._on, self._folder = re.compile(hosts), on, folder
        self.asked: list[str] = []
        self.said: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(60)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(4096)
                if not piece:
                    return
                head += piece
            found = LINE.match(head)
            host = found[1].decode() if found else ""
            if found and self._hosts.fullmatch(host):
                self.asked.append(host)
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._pretend(connection, host)
            else:
                self._lead_on(connection, head)

    def _pretend(self, connection: socket.socket, host: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(self._folder, host))
        with context.wrap_socket(connection, server_side=True) as wrapped:
            self.said.append(wrapped.recv(65536))

    def _lead_on(self, connection: socket.socket, head: bytes) -> None:
        with socket.create_connection(self._on) as there:
            there.settimeout(60)
            there.sendall(head)
            back = threading.Thread(target=relay, args=(there, connection), daemon=True)
            back.start()
            relay(connection, there)
            back.join(60)


def relay(here: socket.socket, there: socket.socket) -> None:
    with suppress(OSError):
        while data := here.recv(65536):
            there.sendall(data)
    with suppress(OSError):
        there.shutdown(socket.SHUT_WR)


def self_signed(folder: Path, host: str) -> Path:
    """A certificate for a host with its key, signed by itself."""
    file = folder / f"{host}.pem"
    if file.exists():
        return file
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    data = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    draft = folder / f"{host}.{threading.get_ident()}"
    draft.write_bytes(data + made.public_bytes(serialization.Encoding.PEM))
    draft.replace(file)
    return file
