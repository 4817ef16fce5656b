"""A wire that is not there: every request of every SDK ends at one function of the test, urllib3's `urlopen`."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login

ENVIRON = {
    "CMKMIGRATE_ARM": "https://management.azure.test",
    "CMKMIGRATE_GRAPH": "https://graph.microsoft.test",
    "CMKMIGRATE_AUTHORITY": "https://login.microsoftonline.test",
    "CMKMIGRATE_VAULT_SUFFIX": "vault.azure.test",
    "CMKMIGRATE_HSM_SUFFIX": "managedhsm.azure.test",
    "CMKMIGRATE_DATABRICKS_SUFFIX": "azuredatabricks.test",
    "CMKMIGRATE_POLL_S": "0.001",
}


@dataclass
class Sent:
    """One request as it went out."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.url).query)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """`answer` gives (status, headers, body) or raises; `sent` is what it was asked (without the SDK's own probe)."""

    answer: Callable[[Sent], Any] = lambda _: (200, {}, {})
    sent: list[Sent] = field(default_factory=list)

    def send(self, pool: urllib3.HTTPConnectionPool, method: str, url: str, **given: Any) -> urllib3.BaseHTTPResponse:
        said: Any = given.get("body") or b""
        if hasattr(said, "read"):
            said = b"".join(said)
        body = said.encode() if isinstance(said, str) else bytes(said)
        one = Sent(method, f"{pool.scheme}://{pool.host}{url}", dict(given["headers"]), body)
        if one.path == "/.well-known/databricks-config":
            return self._response((404, {}, {}))
        self.sent.append(one)
        return self._response(self.answer(one))

    @staticmethod
    def _response(answer: Any) -> urllib3.BaseHTTPResponse:
        status, headers, body = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return urllib3.HTTPResponse(
            io.BytesIO(content), headers=headers, status=status, preload_content=False, reason="", request_method="GET"
        )


class Token:
    """What azure-core asks of a token."""

    def __init__(self, token: str) -> None:
        self.token, self.expires_on, self.refresh_on, self.token_type = token, int(time.time()) + 3600, None, "Bearer"


class Credential:
    """Gives a token that names its scope, so that a test sees which one went where."""

    def get_token(self, *scopes: str, **_: Any) -> Token:
        return Token(f"token-for-{scopes[0]}")

    def get_token_info(self, *scopes: str, options: Any = None) -> Token:
        return Token(f"token-for-{scopes[0]}")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(
        urllib3.HTTPConnectionPool, "urlopen", lambda pool, method, url, **how: made.send(pool, method, url, **how)
    )
    return made


@pytest.fixture
def endpoints() -> Endpoints:
    return Endpoints.from_env(ENVIRON)


@pytest.fixture
def credential() -> Login:
    return Login(Credential)
