"""One sandbox for a module, in a process of its own on a free port, and plain HTTP to talk to it."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from cmkmigrate.sandbox.arm_workspace import Workspace
from cmkmigrate.sandbox.server import Sandbox
from cmkmigrate.sandbox.wire import Principal, Request
from tests.e2e import networked
from tests.harness import Sandbox as Served

Body = dict[str, Any]
ARM, GRAPH, LOGIN = "management.azure.test", "graph.microsoft.test", "login.microsoftonline.test"
DATABRICKS = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"  # its application, in every tenant
PUBLIC_ARM = "management.azure.com"
VERSIONS = {"Microsoft.Databricks": "2026-01-01", "Microsoft.KeyVault": "2026-05-15", "": "2022-04-01"}
START_S = 120.0


def versioned(path: str, version: str = "") -> str:
    """A path of ARM with an api-version, where it has none: this one, or what its provider is usually asked with."""
    if "api-version=" in path:
        return path
    tail = path.lower().rsplit("providers/")[-1]
    provider = next((one for one in VERSIONS if one and one.lower() in tail), "")
    return f"{path}{'&' if '?' in path else '?'}api-version={version or VERSIONS[provider]}"


@dataclass
class Answer:
    """Status, headers (lower-case names) and body of an answer."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content) if self.content else None

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass
class Running:
    """A sandbox that runs: what it wrote, and how it is asked."""

    process: subprocess.Popen[bytes]
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lines = (self.folder / "env").read_text().splitlines()
        pairs = [shlex.split(line)[1].partition("=") for line in lines]
        self.env = {name: value for name, _, value in pairs}
        self.port = int(self.env["HTTPS_PROXY"].rsplit(":", 1)[1])
        self.tls = ssl.create_default_context(cafile=self.env["SSL_CERT_FILE"])
        self.subscription = f"/subscriptions/{self.env['AZURE_SUBSCRIPTION_ID']}"
        self._tokens: dict[str, str] = {}

    @property
    def params(self) -> dict[str, str]:
        lines = (self.folder / "params").read_text().splitlines()
        return {line.split(": ", 1)[0]: json.loads(line.split(": ", 1)[1]) for line in lines}

    def opened(self, host: str, timeout: float = 60) -> http.client.HTTPSConnection:
        """A connection to a host through the front; the caller closes it."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.tls)
        connection.set_tunnel(host, 443)
        return connection

    def send(
        self, method: str, host: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:  # fmt: skip
        """One request through the front, on a connection of its own. Raises OSError when it is cut."""
        connection = self.opened(host, timeout)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, content, {"content-type": "application/json", **(headers or {})})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()

    def token(self, resource: str) -> str:
        """An access token of the operator for a resource."""
        if resource not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.env["AZURE_CLIENT_ID"],
                "client_secret": self.env["AZURE_CLIENT_SECRET"],
                "scope": f"{resource}/.default",
            }
            answer = self.sign_in(form)
            assert answer.status == 200, answer.content
            self._tokens[resource] = answer.json["access_token"]
        return self._tokens[resource]

    def sign_in(self, form: Mapping[str, str], tenant: str = "") -> Answer:
        path = f"/{tenant or self.env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", LOGIN, path, urlencode(form).encode(), kind)

    def arm(self, method: str, path: str, body: Any = None, *, version: str = "", host: str = ARM) -> Answer:
        """One request to ARM as the operator; `path` is below the subscription where it has no leading slash."""
        full = versioned(path if path.startswith("/") else f"{self.subscription}/{path}", version)
        return self.send(method, host, full, body, {"authorization": f"Bearer {self.token(f'https://{ARM}')}"})

    def vault(self, method: str, name: str, path: str, body: Any = None) -> Answer:
        """One request to the data plane of a vault as the operator."""
        token = self.token("https://vault.azure.test")
        headers = {"authorization": f"Bearer {token}"}
        return self.send(method, f"{name}.vault.azure.test", f"{path}?api-version=2025-07-01", body, headers)

    @property
    def host(self) -> str:
        """The host of the estate's workspace."""
        return str(self.arm("GET", self.params["source"]).json["properties"]["workspaceUrl"])

    def workspace(self, method: str, path: str, body: Any = None, host: str = "") -> Answer:
        """One request to a workspace (the estate's) as the operator."""
        return self.send(method, host or self.host, path, body, self.signed())

    def signed(self) -> dict[str, str]:
        """The header with which a workspace lets the operator in."""
        return {"authorization": f"Bearer {self.token(DATABRICKS)}"}

    def control(self, method: str, what: str, body: Any = None) -> Answer:
        """One request to the control API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, f"/_sandbox/{what}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            return Answer(response.status, {}, response.read())
        finally:
            connection.close()

    def settle(self, answer: Answer) -> Body:
        """Follow a long-running operation to its end; gives its last body."""
        url = answer.headers.get("azure-asyncoperation") or answer.headers["location"]
        for _ in range(50):
            parts = urlsplit(url)
            told = self.arm("GET", f"{parts.path}?{parts.query}", host=parts.netloc)
            if told.status != 202:
                return dict(told.json)
            url = told.headers["location"]
        raise AssertionError("the operation does not end")

    def later(self, seconds: float) -> None:
        """Move the clock; tokens may end by that, and are asked for anew."""
        assert self.control("PUT", "clock", {"advance": seconds}).status == 200
        self._tokens.clear()

    def now_effective(self) -> None:
        """Move the clock past the delay of grants."""
        assert self.control("PUT", "clock", {"advance": 5}).status == 200

    def put_vault(self, name: str, **properties: Any) -> Answer:
        body = {
            "location": "westeurope",
            "properties": {
                "tenantId": self.env["AZURE_TENANT_ID"],
                "sku": {"family": "A", "name": "premium"},
                "enableRbacAuthorization": True,
                **properties,
            },
        }
        return self.arm("PUT", f"resourceGroups/{self.group}/providers/Microsoft.KeyVault/vaults/{name}", body)

    @property
    def group(self) -> str:
        return self.params["source"].split("/")[4]


class Inside:
    """A sandbox in this process, of an estate with this `arm.json`; asked without a wire."""

    def __init__(self, folder: Path, arm: Body | None = None) -> None:
        told = {"name": "old", "region": "westeurope", "workspace_id": 1234567890123456,
                "workspace_url": "https://adb-1234567890123456.16.azuredatabricks.net"}  # fmt: skip
        folder.mkdir(exist_ok=True)
        (folder / "estate.json").write_text(json.dumps(told))
        (folder / "arm.json").write_text(json.dumps(arm or {}))
        self.sandbox = Sandbox([str(folder)])
        self.cloud = self.sandbox.cloud
        self.workspace: Workspace = next(iter(self.cloud.workspaces.values()))
        self.subscription = f"/subscriptions/{self.cloud.subscription_id}"

    def ask(
        self, method: str, host: str, path: str, body: Any = None, resource: str = f"https://{ARM}",
        who: Principal | None = None, **headers: str,
    ) -> Answer:  # fmt: skip
        """One request as the operator, or as `who`."""
        caller = who or self.cloud.operator
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told["authorization"] = f"Bearer {self.cloud.tokens.issue(caller, resource, caller.name, 'issuer')}"
        path, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.sandbox.app.respond(Request(method, host, path, query, told, content))
        return Answer(answer.status, answer.headers, answer.body)

    def arm(
        self, method: str, path: str, body: Any = None, *, version: str = "", who: Principal | None = None
    ) -> Answer:
        """One request to ARM; `path` is below the subscription where it has no leading slash."""
        full = path if path.startswith("/") else f"{self.subscription}/{path}"
        return self.ask(method, ARM, versioned(full, version), body, who=who)

    def vault(self, method: str, name: str, path: str, body: Any = None) -> Answer:
        """One request to the data plane of a vault."""
        where = f"{path}?api-version=2025-07-01"
        return self.ask(method, f"{name}.vault.azure.test", where, body, "https://vault.azure.test")

    def databricks(
        self, method: str, path: str, body: Any = None, workspace: Workspace | None = None, **headers: str
    ) -> Answer:
        """One request to a workspace, the estate's own where none is named."""
        host = f"{(workspace or self.workspace).label}.azuredatabricks.test"
        return self.ask(method, host, path, body, DATABRICKS, **headers)

    def settle(self, answer: Answer) -> Body:
        """Follow an operation to its end; gives its last body."""
        while answer.status in (201, 202):
            url = answer.headers.get("azure-asyncoperation") or answer.headers["location"]
            parts = urlsplit(url)
            answer = self.ask("GET", parts.netloc, f"{parts.path}?{parts.query}")
        return dict(answer.json)


def start(folder: Path, *words: str) -> Running:
    """Start a sandbox with these flags, and wait until it is ready."""
    command = [sys.executable, "-m", "cmkmigrate.sandbox", "--env-file", str(folder / "env")]
    command += ["--params-file", str(folder / "params"), "--log", str(folder / "log"), *words]
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=clean)
    until = time.monotonic() + START_S
    while not (folder / "env").exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            process.wait()
            raise RuntimeError((folder / "output").read_text())
        time.sleep(0.01)
    return Running(process, folder)


def stop(running: Running) -> int:
    """End it; gives its exit code."""
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
    return running.process.wait(60)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("sandbox"), "--estate", "small")
    try:
        yield running
    finally:
        stop(running)


@pytest.fixture
def clients(sandbox: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The environment of this process points at the sandbox, for the vendor's clients."""
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    return sandbox


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The estate with a network around its workspace; `shut` has no public access and no endpoint."""
    folder = tmp_path_factory.mktemp("around")
    made = Served(folder / "sandbox", networked.build(folder / "estate", beside=("shut",)))
    yield made
    made.close()
