"""A plain request: to hosts of the cloud alone, sent once, following nothing, and its refusal in short."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from email.message import Message
from typing import Any

import pytest

from cmkmigrate.cli.live.wire import Answer, Wire
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.errors import Refused, Unknown


class Login:
    """Counts the tokens that it gives."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def token(self, scope: str) -> str:
        self.asked.append(scope)
        return "t"


def wire(*endings: Exception) -> tuple[Wire, Login, list[urllib.request.Request]]:
    """A Wire whose requests end so, one after the other; its login, and what it sent."""
    left = list(endings)
    login, sent = Login(), list[urllib.request.Request]()
    made = Wire(login, Endpoints.from_env({}))  # type: ignore[arg-type]

    class Opener:
        def open(self, request: urllib.request.Request, timeout: float) -> Any:
            sent.append(request)
            raise left.pop(0)

    made._opener = Opener()  # type: ignore[assignment]
    return made, login, sent


def answered(status: int, body: bytes) -> urllib.error.HTTPError:
    headers = Message()
    headers["Location"] = "https://elsewhere.example.com/"
    return urllib.error.HTTPError("https://management.azure.com", status, "", headers, io.BytesIO(body))


def test_no_token_for_a_foreign_host() -> None:
    one, login, sent = wire()
    with pytest.raises(Refused, match=r"elsewhere\.example\.com"):
        one.send("GET", "https://elsewhere.example.com/x", "scope")
    assert (login.asked, sent) == ([], [])


def test_a_redirection_is_an_answer() -> None:
    one, login, sent = wire(answered(302, b""))
    found = one.arm("GET", "/subscriptions/s", "2021-04-01")
    assert (found.status, found.headers["location"], found.body) == (302, "https://elsewhere.example.com/", {})
    assert sent[0].full_url == "https://management.azure.com/subscriptions/s?api-version=2021-04-01"
    assert login.asked == ["https://management.azure.com/.default"]


def test_the_directory_and_a_vault_have_scopes_of_their_own() -> None:
    one, login, sent = wire(answered(404, b"no json"), answered(200, b"{}"))
    one.graph("/v1.0/x")
    one.vault("DELETE", "https://v.vault.azure.net/", "/keys/k")
    assert login.asked == ["https://graph.microsoft.com/.default", "https://vault.azure.net/.default"]
    assert sent[1].full_url == "https://v.vault.azure.net/keys/k?api-version=2025-07-01"


def test_what_is_lost_is_unknown_and_sent_once() -> None:
    one, _, sent = wire(ConnectionResetError("gone"))
    with pytest.raises(Unknown, match="ConnectionResetError"):
        one.arm("PUT", "/subscriptions/s", "2021-04-01", {"a": 1})
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ({"error": {"code": "A", "message": "b"}}, {"code": "A", "text": "b"}),
        ({"error": {"code": "A", "message": "b", "innererror": {"code": "C"}}}, {"code": "C", "text": "b"}),
        ({"error": "invalid_grant"}, {}),
        ({}, {}),
    ],
)
def test_a_refusal_in_short(body: dict[str, Any], seen: dict[str, str]) -> None:
    assert Answer(403, {}, body).seen() == {"status": 403, **seen}
    assert Answer(200, {}, body).seen() == {"status": 200}
