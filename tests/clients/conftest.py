"""A wire that is not there: every request of every SDK ends at one function of the test."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import urllib3

from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login

ENVIRON = {
    "CMKMIGRATE_ARM": "https://management.azure.test",
    "CMKMIGRATE_GRAPH": "https://graph.microsoft.test",
    "CMKMIGRATE_AUTHORITY": "https://login.microsoftonline.test",
    "CMKMIGRATE_VAULT_SUFFIX": "vault.azure.test",
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

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        body = request.body or b""
        if hasattr(body, "read"):
            body = b"".join(body)
        body = body.encode() if isinstance(body, str) else bytes(body)
        one = Sent(str(request.method), str(request.url), dict(request.headers), body)
        if one.path == "/.well-known/databricks-config":
            return self._response(request, (404, {}, {}))
        self.sent.append(one)
        return self._response(request, self.answer(one))

    @staticmethod
    def _response(request: requests.PreparedRequest, answer: Any) -> requests.Response:
        status, headers, body = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        raw = urllib3.HTTPResponse(
            io.BytesIO(content), headers=headers, status=status, preload_content=False, reason="", request_method="GET"
        )
        return requests.adapters.HTTPAdapter().build_response(request, raw)


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
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda _self, request, **how: made.send(request, **how))
    return made


@pytest.fixture
def endpoints() -> Endpoints:
    return Endpoints.from_env(ENVIRON)


@pytest.fixture
def credential() -> Login:
    return Login(Credential)
