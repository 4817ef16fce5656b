"""Plain requests, for what the clients of the tool never send: deletions, forms that are wrong on purpose, other reads.

Each is sent once, without following anything, to hosts of this cloud alone. The proxy and the certificate authorities
are those of the environment.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import Unknown

# Not the agent of the product: what is asked here is partly nonsense, and nothing that the product would send.
AGENT: Final = "selftest of cmkmigrate"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. headers: names in small letters. body: {} where it is no JSON object."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    def seen(self) -> dict[str, Any]:
        """The status, and of a refusal its code (the inner one, where there is one) and text."""
        found: dict[str, Any] = {"status": self.status}
        said = self.body.get("error")
        if self.status >= 400 and isinstance(said, dict):
            inner = said.get("innererror")
            found["code"] = (inner.get("code") if isinstance(inner, dict) else None) or said.get("code") or ""
            found["text"] = str(said.get("message") or "")
        return found


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: Any, **more: Any) -> None:
        return None


class Wire:
    """Sends with the tokens of `login`. Every URL is held to the hosts of the cloud before a token is put on it."""

    def __init__(self, login: Login, endpoints: Endpoints) -> None:
        self._login, self._endpoints = login, endpoints
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or None
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=bundle))
        self._opener = urllib.request.build_opener(tls, _Stay())

    def arm(self, method: str, path: str, version: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One request to Resource Manager; path begins with /subscriptions. Raises Unknown."""
        mark = "&" if "?" in path else "?"
        url = f"{self._endpoints.arm}{path}{mark}api-version={version}"
        return self.send(method, url, self._endpoints.arm_scope, body)

    def graph(self, path: str) -> Answer:
        """One read of the directory. Raises Unknown."""
        return self.send("GET", f"{self._endpoints.graph}{path}", self._endpoints.graph_scope)

    def vault(self, method: str, uri: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One request to the data plane of the vault at `uri`. Raises Unknown."""
        scope = f"https://{self._endpoints.vault_suffix}/.default"
        return self.send(method, f"{uri.rstrip('/')}{path}?api-version=2025-07-01", scope, body)

    def send(self, method: str, url: str, scope: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One request. Raises Refused for a foreign host, Unknown where nothing readable came back."""
        self._endpoints.check(url)
        headers = {"Authorization": f"Bearer {self._login.token(scope)}", "User-Agent": AGENT}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with self._opened(request) as answer:
                return _answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Unknown(f"no readable answer ({type(error).__name__})") from None

    def _opened(self, request: urllib.request.Request) -> Any:
        try:
            return self._opener.open(request, timeout=self._endpoints.timeout_s)
        except urllib.error.HTTPError as error:  # which is an answer, too
            return error


def _answer(status: int, headers: Any, content: bytes) -> Answer:
    try:
        body = json.loads(content)
    except ValueError:
        body = {}
    names = {str(name).lower(): str(value) for name, value in headers.items()}
    return Answer(status, names, body if isinstance(body, dict) else {})
