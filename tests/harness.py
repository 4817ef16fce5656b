"""A sandbox in a process of its own, and commands run against it. Shared by the tests that need the whole product."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shlex
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ROOT.parent / "shared" / "estate" / "public"
ARM = "management.azure.test"
START_S = 120.0


class Sandbox:
    """`python -m cmkmigrate.sandbox` and its control API. env and params are those that it wrote."""

    def __init__(self, folder: Path, *estates: str | Path, grant_delay: float = 0.3, limits: str = "off") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.log = folder, folder / "requests.jsonl"
        self.env_file, self.params_file = folder / "env", folder / "params.yaml"
        words = [sys.executable, "-m", "cmkmigrate.sandbox", "--env-file", str(self.env_file), "--limits", limits]
        words += ["--params-file", str(self.params_file), "--log", str(self.log), "--grant-delay", str(grant_delay)]
        for estate in estates:
            words += ["--estate", str(estate)]
        with (folder / "output").open("wb") as output:
            self._process = subprocess.Popen(words, stdout=output, stderr=output, env=_clean())
        until = time.monotonic() + START_S
        while not self.env_file.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                self.close()
                raise RuntimeError(f"the sandbox did not start: {(folder / 'output').read_text()}")
            time.sleep(0.02)
        self.env = _variables(self.env_file)
        self.params: dict[str, Any] = yaml.safe_load(self.params_file.read_text())
        self.operator = self.env["AZURE_CLIENT_ID"]
        self._front = urllib.parse.urlsplit(self.env["HTTPS_PROXY"])
        self._tls = ssl.create_default_context(cafile=self.env["SSL_CERT_FILE"])
        self._connections: dict[str, http.client.HTTPSConnection] = {}
        self._tokens: dict[str, str] = {}

    def close(self) -> None:
        """Stop it."""
        for connection in getattr(self, "_connections", {}).values():
            connection.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # control

    def control(self, method: str, what: str, body: Any = None) -> bytes:
        """One request to the control API; the body of the answer. Raises RuntimeError with the sandbox's words."""
        connection = http.client.HTTPConnection(str(self._front.hostname), self._front.port, timeout=60)
        try:
            data = json.dumps(body).encode() if body is not None else None
            connection.request(method, f"/_sandbox/{what}", data)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {what}: {answer.status} {text.decode()}")
        return text

    def state(self, host: str) -> dict[str, Any]:
        """The canonical state of a workspace, or of ARM."""
        found: dict[str, Any] = json.loads(self.control("GET", f"state/{host}"))
        return found

    def requests(self) -> list[dict[str, Any]]:
        """What reached it since the last `forget`."""
        return [json.loads(line) for line in self.control("GET", "requests").splitlines()]

    def writes(self, host: str = "") -> list[dict[str, Any]]:
        """The writing requests (to a host)."""
        return [one for one in self.requests() if one["write"] and host in ("", one["host"])]

    def forget(self) -> None:
        self.control("DELETE", "requests")

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Replace the rules of what goes wrong (none: all is well)."""
        self.control("PUT", "faults", list(rules))

    # workspaces

    def arm(self) -> dict[str, Any]:
        return self.state(ARM)

    def host_of(self, ref: str) -> str:
        """The host of a workspace by its ARM id or its name."""
        for body in self.arm()["workspaces"].values():
            if ref.lower() in (str(body["id"]).lower(), str(body["name"]).lower()):
                return str(body["properties"]["workspaceUrl"])
        raise KeyError(ref)

    @property
    def source_host(self) -> str:
        return self.host_of(self.params["source"])

    def call(self, host: str, method: str, path: str, body: Any = None) -> Any:
        """One raw request as the operator, past every client of the product. Raises RuntimeError for a 4xx or 5xx."""
        audience = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d" if host.startswith("adb-") else f"https://{host}"
        if ".vault." in host:  # all vaults have the same
            audience = f"https://{host.partition('.')[2]}"
        for _ in range(2):
            connection = self._connections.get(host)
            if connection is None:
                connection = http.client.HTTPSConnection(
                    str(self._front.hostname), self._front.port, timeout=60, context=self._tls
                )
                connection.set_tunnel(host, 443)
                self._connections[host] = connection
            data = json.dumps(body).encode() if body is not None else None
            headers = {"authorization": f"Bearer {self._token(audience)}", "content-type": "application/json"}
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self._connections.pop(host).close()
        else:
            raise RuntimeError(f"{method} {host}{path}: no answer")
        if answer.status >= 400:
            raise RuntimeError(f"{method} {host}{path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text) if text[:1] in b"{[" and text else text

    def export(self, host: str, path: str) -> bytes:
        """The SOURCE export of a notebook."""
        query = urllib.parse.urlencode({"path": path, "format": "SOURCE"})
        return base64.b64decode(self.call(host, "GET", f"/api/2.0/workspace/export?{query}")["content"])

    def exports(self, source: str, target: str) -> Any:
        """SOURCE exports of both sides, as the comparer asks for them."""
        return (lambda path: self.export(source, path)), (lambda path: self.export(target, path))

    def _token(self, audience: str) -> str:
        if audience not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.operator,
                "client_secret": self.env["AZURE_CLIENT_SECRET"],
                "scope": f"{audience}/.default",
            }
            url = f"{self.env['CMKMIGRATE_AUTHORITY']}/{self.env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
            proxy = urllib.request.ProxyHandler({"https": self.env["HTTPS_PROXY"]})
            opener = urllib.request.build_opener(proxy, urllib.request.HTTPSHandler(context=self._tls))
            with opener.open(url, urllib.parse.urlencode(form).encode(), timeout=60) as answer:
                self._tokens[audience] = json.load(answer)["access_token"]
        return self._tokens[audience]


@dataclass(frozen=True)
class Result:
    """How a command ended: exit code (minus the signal), and what it wrote."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float

    def __str__(self) -> str:
        return f"{' '.join(self.argv)} -> {self.code} in {self.seconds:.1f} s\n{self.out[-3000:]}\n{self.err[-3000:]}"

    @property
    def json(self) -> Any:
        """What it wrote, as JSON. Raises AssertionError with all of it where it is none."""
        try:
            return json.loads(self.out)
        except ValueError:
            raise AssertionError(str(self)) from None


class Launcher:
    """The parent of `launcher.py`."""

    def __init__(self) -> None:
        tests = str(Path(__file__).resolve().parent)
        env = _clean() | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
        words = [sys.executable, str(Path(tests) / "launcher.py")]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        if not self._answer().get("ready"):
            raise RuntimeError("the launcher did not start")

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def order(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the launcher has ended")
        found: dict[str, Any] = json.loads(line)
        return found


class Commands:
    """Commands of the product in one working directory, with a home, a temporary directory and a state of their own."""

    def __init__(self, launcher: Launcher, folder: Path, env: Mapping[str, str]) -> None:
        self.launcher, self.folder = launcher, folder
        self.work, self.temporary = folder / "work", folder / "tmp"
        for each in (self.work, self.temporary, folder / "home", folder / "state", folder / "streams"):
            each.mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        own = {"HOME": str(folder / "home"), "XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(self.temporary)}
        self.env = {**kept, **env, **own, "NO_COLOR": "1", "CMKMIGRATE_TIMEOUT_S": "4"}
        self._number = 0

    def start(self, *argv: str, patch: str = "", **env: str) -> tuple[int, Path]:
        """A command that waits for `finish` before it does anything; its pid, and where its streams go."""
        self._number += 1
        streams = self.folder / "streams" / f"{self._number}"
        names = {"stdout": f"{streams}.out", "stderr": f"{streams}.err"}
        order = {"argv": list(argv), "cwd": str(self.work), "env": self.env | env, "patch": patch}
        return int(self.launcher.order(do="fork", **order, **names)["pid"]), streams

    def finish(self, started: tuple[int, Path], argv: Iterable[str] = (), seconds: float = 300.0) -> Result:
        """Let a started command run to its end. Raises TimeoutError (it is killed then)."""
        self.launcher.order(do="go", pid=started[0])
        return self.wait(started, argv, seconds)

    def wait(self, started: tuple[int, Path], argv: Iterable[str] = (), seconds: float = 300.0) -> Result:
        """Wait for a command that is under way. Raises TimeoutError (it is killed then)."""
        pid, streams = started
        began = time.monotonic()
        code = self.launcher.order(do="wait", pid=pid, seconds=seconds)["code"]
        if code is None:
            os.kill(pid, 9)
            self.launcher.order(do="wait", pid=pid, seconds=10)
        out, err = (Path(f"{streams}.{end}").read_text("utf-8", errors="replace") for end in ("out", "err"))
        result = Result(tuple(argv), -1 if code is None else code, out, err, time.monotonic() - began)
        if code is None:
            raise TimeoutError(f"after {seconds} s: {result}")
        return result

    def __call__(self, *argv: str, patch: str = "", seconds: float = 300.0, **env: str) -> Result:
        """Run a command."""
        return self.finish(self.start(*argv, patch=patch, **env), argv, seconds)


def params_of(sandbox: Sandbox, path: Path, **changes: Any) -> Path:
    """The sandbox's parameters with changes, as a file."""
    path.write_text(yaml.safe_dump(sandbox.params | changes, allow_unicode=True))
    return path


def _clean() -> dict[str, str]:
    """The environment without anything that points at a cloud, and with the product importable."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AZURE_", "CMKMIGRATE_", "DATABRICKS_", "COV_")) and not name.upper().endswith("_PROXY")
    }
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep)}


def _variables(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        found[name] = "".join(shlex.split(value))
    return found
