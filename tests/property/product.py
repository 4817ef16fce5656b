"""The product's side of a trial: its clients, kinds, engine and ledger, in a process of its own.

Imported before the fork, so that a process costs no imports; used after it alone. Nothing here judges.
"""

from __future__ import annotations

import importlib
import io
import json
import math
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cmkmigrate import playbook
from cmkmigrate.clients import databricks, sdk
from cmkmigrate.clients.cloud import Cloud
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.pace import Paces
from cmkmigrate.engine.apply import another_pass, apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.reading import ReadOnly
from cmkmigrate.engine.reckon import adds_up, problems, reckon
from cmkmigrate.engine.verify import Verification
from cmkmigrate.errors import CallError, OperatorError, Stopped
from cmkmigrate.kinds import discover
from cmkmigrate.model import Outcome
from cmkmigrate.run.ledger import FILE, Ledger

FAST = 25  # times: how much faster the clock of everything that waits for a service goes
TIMEOUT_S = 0.05  # how long what was sent last may still land (half a second comes on top of it)
SCOPES = ("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", "https://management.core.windows.net/")
KINDS = discover()
HEAVY = ("requests", "sqlalchemy.dialects.sqlite", "tenacity", "urllib3", "cmkmigrate.cli.common")
BROKEN = 70  # the exit code of a traceback


def warm() -> None:
    """Import what a process would import late."""
    sdk.core()
    for name in HEAVY:
        importlib.import_module(name)


def child(order: dict[str, Any], answer: Path) -> None:
    """Carry an order out, write what came of it, and end this process."""
    code = BROKEN
    try:
        os.setsid()
        os.environ["XDG_STATE_HOME"] = order["state"]
        if order.get("patch"):
            from tests import patches

            patches.apply(order["patch"])
        found = _carried_out(order)
        code = int(found["code"])
        draft = answer.with_suffix(".new")
        draft.write_text(json.dumps(found), "utf-8")
        draft.replace(answer)
    except BaseException:
        import traceback

        answer.write_text(json.dumps({"code": BROKEN, "error": traceback.format_exc()[-4000:]}), "utf-8")
    finally:
        os._exit(code)


def _carried_out(order: dict[str, Any]) -> dict[str, Any]:
    migration = _migration(order)
    directory = Path(order["run"])
    try:
        if order["do"] == "verify":
            return _verified(migration, Ledger.open(directory), order)
        if not (directory / FILE).is_file():
            ledger = _new(directory, migration)
        else:
            ledger = Ledger.open(directory)
            if order.get("again"):
                another_pass(ledger)
        more = {name: bool(order.get(name)) for name in ("retry_failed", "overwrite")}
        more["parallelism"] = order["parallelism"]
        for _ in apply(migration, ledger, confirm={}, **more):
            pass
    except CallError as error:  # a workspace that did not answer when it was opened: Cloud says so in words
        return {"code": Stopped.exit_code, "said": str(error)}
    except OperatorError as error:
        said = {"what": error.what, "subject": error.subject, "why": error.why, "next": error.next}
        return {"code": error.exit_code, "said": said}
    counts = reckon(ledger)
    failed = any(one.outcomes.get(Outcome.FAILED) for one in counts) or not adds_up(counts)
    return {
        "code": 3 if failed else 0,
        "counts": {one.kind: {"source": one.source, **{str(k): v for k, v in one.outcomes.items()}} for one in counts},
        "problems": [[row.kind, row.key, str(row.state), row.reason] for row in problems(ledger)],
    }


def _verified(migration: Migration, ledger: Ledger, order: dict[str, Any]) -> dict[str, Any]:
    verification = Verification(migration, ledger, "content", order["parallelism"])
    findings = [[one.kind, one.key, one.what, one.reason] for one in verification.run()]
    good = verification.clean and verification.complete
    return {"code": 0 if good else 3, "clean": verification.clean, "findings": findings}


def _new(directory: Path, migration: Migration) -> Ledger:
    from cmkmigrate.cli.common import new_run

    return new_run(directory, migration)


def _migration(order: dict[str, Any]) -> Migration:
    read = playbook.parse(order["playbook"], "drawn.yaml", KINDS)
    sites: Any = _Sites(order)
    if order["do"] == "verify":
        sites = ReadOnly(sites)
    return Migration(read, playbook.fill_params(read, order["params"]), KINDS, sites)


class _Sites(Cloud):
    """Opens the real workspaces' client on the local socket."""

    def __init__(self, order: dict[str, Any]) -> None:
        ends = {"CMKMIGRATE_TIMEOUT_S": str(TIMEOUT_S), "CMKMIGRATE_POLL_S": "0.02"}
        paces = Paces(math.inf, math.inf, lambda: time.monotonic() * FAST, _sleep)
        super().__init__(Endpoints.from_env(ends), _Login(order["tokens"]), paces, {})  # type: ignore[arg-type]
        self._by_id = {str(one["id"]).lower(): one for one in order["workspaces"]}
        _over(order["socket"])

    def workspace(self, ref: str, *, profile: str = "", source: bool = False, writes: bool | None = None) -> Any:
        shown = self._by_id[ref.lower()]
        return databricks.Workspace(
            shown["properties"]["workspaceUrl"],
            databricks.Entra(self.credential, self.endpoints, shown["id"]),
            self.endpoints,
            self.paces,
            resource=shown,
            source=source,
            writes=not source if writes is None else writes,
            sleep=_sleep,
        )

    def subscription(self, subscription_id: str) -> Any:
        raise AssertionError("no drawn playbook provisions anything")


def _sleep(seconds: float) -> None:
    time.sleep(seconds / FAST)


class _Login:
    def __init__(self, tokens: dict[str, str]) -> None:
        self._tokens = tokens

    def token(self, scope: str) -> str:
        return self._tokens[scope.removesuffix("/.default")]


def _over(path: str) -> None:
    """Let every session of the SDK send over the socket, and nothing look for the host elsewhere."""
    from databricks.sdk import config

    def nowhere(*given: Any, **more: Any) -> Any:
        raise OSError("there is no metadata here")

    config.get_host_metadata = nowhere

    class Session(databricks.Session):
        def __init__(self, url: str, size: int, judge: Callable[..., None]) -> None:
            self._url, self._judge = url, judge
            self.auth = lambda request: request
            self.pool = _Pool(path, url.removeprefix("https://"))

    databricks.Session = Session  # type: ignore[misc]


class _Pool:
    """What a urllib3 pool is to the session: one request out, one response back."""

    def __init__(self, path: str, host: str) -> None:
        self._path, self._host = path, host
        self._mine = threading.local()

    def urlopen(self, method: str, target: str, *, body: Any, headers: dict[str, str], **more: Any) -> Any:
        from urllib3 import HTTPResponse
        from urllib3.exceptions import ProtocolError

        from tests.property.wire import receive, send

        if hasattr(body, "read"):
            body = b"".join(body)
        elif isinstance(body, str):
            body = body.encode()
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = socket.socket(socket.AF_UNIX)
            connection.connect(self._path)
        send(connection, (method, self._host, target, headers, body or b""))
        answer = receive(connection)
        if answer is None:
            raise ProtocolError("Connection aborted.", ConnectionResetError())
        status, given, data = answer
        return HTTPResponse(
            io.BytesIO(data), given, status, preload_content=False, decode_content=False, request_method=method
        )
