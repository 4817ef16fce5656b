"""Signing in: which credential, how long a token is kept, what failures say."""

from __future__ import annotations

import base64
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import ClientSecretCredential, CredentialUnavailableError, DefaultAzureCredential

from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login, login
from cmkmigrate.errors import NotAllowed, OperatorError, Stopped

PRINCIPAL = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}


class Fake:
    """Tokens that live `life` seconds, counted."""

    def __init__(self, clock: list[float], life: float = 3600, token: str = "") -> None:
        self.clock, self.life, self.asked, self.token = clock, life, 0, token

    def get_token(self, *scopes: str, **_: Any) -> Any:
        self.asked += 1
        return SimpleNamespace(token=self.token or f"{scopes[0]} {self.asked}", expires_on=self.clock[0] + self.life)


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_token(self, *_: str, **__: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(("life", "kept"), [(3600, 3299), (60, 29)])
def test_a_token_is_kept_until_shortly_before_its_end(life: float, kept: float) -> None:
    clock = [0.0]
    fake = Fake(clock, life)
    signed = Login(lambda: fake, clock=lambda: clock[0])
    assert signed.token("a") == signed.token("a") == "a 1"
    clock[0] = kept
    assert signed.token("a") == "a 1"
    clock[0] = kept + 2
    assert signed.token("a") == "a 2"


def test_refused_tokens_are_fetched_anew_once_for_all_who_had_them() -> None:
    fakes = [Fake([0.0], token="old"), Fake([0.0], token="new")]
    signed = Login(lambda: fakes.pop(0), clock=lambda: 0.0)
    before = time.monotonic()
    assert signed.token("a") == "old"
    signed.renew(before)
    assert signed.token("a") == "new", "a credential that keeps tokens is made anew too"
    for sent in (before, time.monotonic()):  # another request that had left with the old one, and one with the new
        signed.renew(sent)
        assert signed.token("a") == "new"


def test_claims() -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"oid": "1", "tid": "2"}).encode()).rstrip(b"=").decode()
    assert Login(lambda: Fake([0.0], token=f"x.{payload}.y")).claims("s") == {"oid": "1", "tid": "2"}
    assert Login(lambda: Fake([0.0], token="opaque")).claims("s") == {}


def _unreadable() -> ClientAuthenticationError:
    """As azure-identity raises it where a proxy answers with a page."""
    error = ClientAuthenticationError("Authentication failed: Expecting value: line 1 column 1 (char 0)")
    error.__cause__ = json.JSONDecodeError("Expecting value", "<html>", 0)
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_unreadable(), Stopped),
        (ClientAuthenticationError("AADSTS7000215: Invalid client secret provided.\nTrace"), NotAllowed),
        (CredentialUnavailableError("no credential"), NotAllowed),
        (ValueError("invalid tenant"), NotAllowed),
        (ServiceRequestError("proxy refused"), Stopped),
    ],
)
def test_failures_say_what_to_do(error: Exception, kind: type[OperatorError]) -> None:
    with pytest.raises(kind) as failed:
        Login(lambda: Failing(error)).token("scope")
    assert failed.value.why and "\n" not in failed.value.why
    assert failed.value.next
    if kind is NotAllowed:
        assert failed.value.next == "az login"


def test_what_cannot_be_reached_is_not_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try takes seconds, and everybody asks: `apply` without a network took two minutes to say so."""
    now, asked = [100.0], list[float]()

    def make() -> Failing:
        asked.append(now[0])
        raise ServiceRequestError("proxy refused")

    monkeypatch.setattr("cmkmigrate.clients.login.time.monotonic", lambda: now[0])
    signed = Login(make)
    for scope in ("a", "b", "a"):
        with pytest.raises(Stopped, match="Entra cannot be reached"):
            signed.token(scope)
    assert asked == [100.0]
    now[0] += 11
    with pytest.raises(Stopped):
        signed.token("b")
    assert asked == [100.0, 111.0]


def test_a_refusal_is_asked_again() -> None:
    failing = Failing(ClientAuthenticationError("not yet"))
    signed = Login(lambda: failing)
    with pytest.raises(NotAllowed):
        signed.token("a")
    failing.error = ClientAuthenticationError("still not")
    with pytest.raises(NotAllowed) as second:
        signed.token("a")
    assert second.value.why == "still not"


def test_which_credential() -> None:
    endpoints = Endpoints.from_env({})
    assert isinstance(login(endpoints, PRINCIPAL)._make(), ClientSecretCredential)
    whoever = login(endpoints, {**PRINCIPAL, "AZURE_CLIENT_SECRET": ""})._make()
    assert isinstance(whoever, DefaultAzureCredential)
    whoever.close()
