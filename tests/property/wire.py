"""The sandbox in this process, and the product in processes that are forked from it: requests go over a local socket.

The sandbox's own application answers (services, faults, its record), and the product's clients, kinds, engine and
ledger ask. What is left out between the two is TLS, an HTTP parser and the start of a command: these cost more than
all the rest, and whole commands over TLS are tried beside it (`whole.py`). A kill is SIGKILL to the process, at a
request or at a result, as there.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import selectors
import signal
import socket
import struct
import time
import urllib.parse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cmkmigrate.sandbox.databricks.contents import Held
from cmkmigrate.sandbox.server import Sandbox
from cmkmigrate.sandbox.settings import Settings
from tests.property import product

LONGEST_S = 120.0  # of one process; it takes a second
HUNG = -99
ARM = "management.azure.com"


class Wire:
    """A sandbox of these estates (the first is the source). folder: for the socket and what the product keeps."""

    def __init__(self, folder: Path, estates: Sequence[Path]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.sandbox = Sandbox([str(one) for one in estates], settings=Settings(grant_delay_s=0.0))
        cloud = self.sandbox.cloud
        self.operator = cloud.operator.name
        self.workspaces = [json.loads(json.dumps(self._shown(one.id))) for one in cloud.workspaces.values()]
        self.hosts = [str(one["properties"]["workspaceUrl"]) for one in self.workspaces]

    def _token(self, resource: str) -> str:
        cloud = self.sandbox.cloud
        return str(cloud.tokens.issue(cloud.operator, resource, self.operator, "https://sts.windows.net/"))

    def _shown(self, id: str) -> Any:
        """A workspace as ARM shows it."""
        return self._asked(ARM, f"https://{ARM}", id, "api-version=2024-05-01")

    def _asked(self, host: str, resource: str, path: str, query: str) -> Any:
        from cmkmigrate.sandbox.wire import Request

        headers = {"authorization": f"Bearer {self._token(resource)}"}
        answer = self.sandbox.app.respond(Request("GET", host, path, query, headers, b""))
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.body!r}")
        return json.loads(answer.body)

    def exports(self, *numbers: int) -> Any:
        """SOURCE exports of workspaces, as the comparer asks for them."""

        def export(host: str, path: str) -> bytes:
            query = urllib.parse.urlencode({"path": path, "format": "SOURCE"})
            found = self._asked(host, product.SCOPES[0], "/api/2.0/workspace/export", query)
            return base64.b64decode(found["content"])

        return tuple(partial(export, self.hosts[number]) for number in numbers)

    def state(self, number: int) -> dict[str, Any]:
        """The canonical state of a workspace."""
        label = ".".join(self.hosts[number].split(".")[:2])
        found: dict[str, Any] = json.loads(json.dumps(self.sandbox.cloud.served[label].state(), sort_keys=True))
        return found

    def requests(self) -> list[dict[str, Any]]:
        """What reached it since the last `forget`."""
        return [dict(one) for one in self.sandbox.recorder.all()]

    def forget(self) -> None:
        self.sandbox.recorder.clear()

    def settings(self, values: dict[str, Any]) -> None:
        """Change what the sandbox's settings name."""
        self.sandbox.cloud.settings.put(values)

    def damage(self, number: int, chance: int) -> str:
        """Change one thing of a workspace behind everybody's back, past its services; what ("" : there is none)."""
        state = self.sandbox.cloud.served[".".join(self.hosts[number].split(".")[:2])]
        ways: list[tuple[str, Callable[[], Any]]] = []
        for node in state.tree.by_id.values():
            if node.content is not None and node.parent is not None and node.parent.children is not None:
                data, at = node.content.read(), node.modified_at + 1
                ways.append((f"{node.path} gone", partial(node.parent.children.pop, node.name)))
                ways.append((f"{node.path} changed", partial(_change, node, content=Held(data + b"#"), modified_at=at)))
        for name, scope in state.scopes.items():
            ways.append((f"scope {name}: nobody may", scope.acls.clear))
            for key, (value, at) in scope.values.items():
                ways.append((f"secret {name}/{key}", partial(scope.values.__setitem__, key, (value + b"!", at + 1))))
        for held in (state.pools, state.policies, state.clusters, state.jobs):
            ways += [(f"{id} gone", partial(held.pop, id)) for id in held]
        ways += [(f"{id}: another size", partial(one.update, num_workers=9)) for id, one in state.clusters.items()]
        ways += [(f"{id}: max", partial(one["settings"].update, timeout_seconds=9)) for id, one in state.jobs.items()]
        ways += [(f"ACL of {at}", entries.clear) for at, entries in state.acls.items()]
        if not ways:
            return ""
        what, do = sorted(ways, key=lambda one: one[0])[chance % len(ways)]
        do()
        return what

    def close(self) -> None:
        """Nothing stays: it is all in this process."""

    def run(self, order: dict[str, Any], faults: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """One process of the product, under these rules; what it says of its end; `code`: minus the signal."""
        path, answer = str(self.folder / "s"), self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        Path(path).unlink(missing_ok=True)
        given = {
            "socket": path,
            "workspaces": self.workspaces,
            "tokens": {scope: self._token(scope) for scope in product.SCOPES},
            "state": str(self.folder / "state"),
            **order,
        }
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen(128)
            pid = os.fork()
            if not pid:
                product.child(given, answer)  # does not come back
            self.sandbox.faults.put(
                [{**one, "pid": pid} if one["action"].startswith("kill") else one for one in faults]
            )
            try:
                code = self._serve(pid, listening)
            finally:
                self.sandbox.faults.put([])
        found: dict[str, Any] = json.loads(answer.read_text("utf-8")) if answer.exists() else {}
        return found | {"code": code if code < 0 else found.get("code", code)}

    def _serve(self, pid: int, listening: socket.socket) -> int:
        """Answer until the process is gone; how it ended (HUNG: it did not)."""
        until, gone = time.monotonic() + LONGEST_S, os.pidfd_open(pid)
        with selectors.DefaultSelector() as waiting:
            waiting.register(gone, selectors.EVENT_READ)
            waiting.register(listening, selectors.EVENT_READ)
            open_: set[socket.socket] = set()
            try:
                while True:
                    ready = [key.fileobj for key, _ in waiting.select(max(0.0, until - time.monotonic()))]
                    if gone in ready:
                        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    if not ready:
                        os.kill(pid, signal.SIGKILL)
                        os.waitpid(pid, 0)
                        return HUNG
                    for one in ready:
                        if one is listening:
                            made, _ = listening.accept()
                            open_.add(made)
                            waiting.register(made, selectors.EVENT_READ)
                        elif isinstance(one, socket.socket) and not self._answered(one):
                            waiting.unregister(one)
                            open_.discard(one)
                            one.close()
            finally:
                os.close(gone)
                for one in open_:
                    one.close()

    def _answered(self, connection: socket.socket) -> bool:
        try:
            asked = receive(connection)
            if asked is None:
                return False
            send(connection, self._answer(*asked))
        except OSError:  # its process was killed
            return False
        return True

    def _answer(self, method: str, host: str, target: str, headers: dict[str, str], body: bytes) -> Any:
        """(status, headers, body) of the application's answer; None where it gives none."""
        path, _, query = target.partition("?")
        sent: list[Any] = []
        dropped: list[bool] = []

        def nothing(*given: Any) -> None:
            """What one could do to the connection changes nothing here."""

        scope = {
            "type": "http",
            "scheme": "https",
            "method": method,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [
                (b"host", host.encode()),
                *((k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()),
            ],
            "client": None,
            "state": {
                "drop": lambda: dropped.append(True),
                "gone": lambda: True,
                "undated": nothing,
                "close": nothing,
                "write": nothing,
            },
        }

        async def receiving() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def sending(message: Any) -> None:
            sent.append(message)

        work = self.sandbox.app(scope, receiving, sending)
        try:
            work.__await__().send(None)  # type: ignore[attr-defined]  # nothing in it waits for anything
            raise RuntimeError(f"{method} {host}{target}: the application waits")
        except StopIteration:
            pass
        if dropped or not sent:
            return None
        parts = b"".join(one.get("body", b"") for one in sent[1:])
        return sent[0]["status"], [(k.decode("latin-1"), v.decode("latin-1")) for k, v in sent[0]["headers"]], parts


def _change(node: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(node, name, value)


def send(connection: socket.socket, what: Any) -> None:
    """One message. Raises OSError."""
    data = pickle.dumps(what)
    connection.sendall(struct.pack("!I", len(data)) + data)


def receive(connection: socket.socket) -> Any:
    """One message; None at the end. Raises OSError."""
    head = _exactly(connection, 4)
    return None if head is None else pickle.loads(_exactly(connection, struct.unpack("!I", head)[0]) or b"N.")


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    found = b""
    while len(found) < size:
        block = connection.recv(size - len(found))
        if not block:
            return None
        found += block
    return found
