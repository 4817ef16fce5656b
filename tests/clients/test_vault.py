"""The keys of a vault: the challenge is answered, one request makes a key, bundles come out raw."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.clients.vault import Vault
from cmkmigrate.errors import CallError, Denied, NotFound, Refused, Throttled, Unknown
from tests.clients.conftest import Sent, Wire

URI = "https://v.vault.azure.test/"
KID = f"{URI}keys/k/0123456789abcdef0123456789abcdef"
BUNDLE = {
    "key": {"kid": KID, "kty": "RSA", "key_ops": ["wrapKey"], "n": "AQAB", "e": "AQAB", "new": 1},
    "attributes": {},
}
CHALLENGE = {
    "WWW-Authenticate": 'Bearer authorization="https://login.microsoftonline.test/t", resource="https://vault.azure.test"'
}


def challenged(answer: Any) -> Any:
    """Ask for a token first, as the service does."""
    return lambda sent: (
        answer if "Authorization" in sent.headers else (401, CHALLENGE, {"error": {"code": "Unauthorized"}})
    )


def authorized(wire: Wire) -> list[Sent]:
    return [one for one in wire.sent if "Authorization" in one.headers]


@pytest.fixture
def vault(wire: Wire, endpoints: Endpoints, credential: Login) -> Vault:
    wire.answer = challenged((200, {}, BUNDLE))
    return Vault(URI, credential, endpoints)


def test_key(wire: Wire, vault: Vault) -> None:
    assert vault.key("k") == BUNDLE
    assert authorized(wire)[0].headers["Authorization"] == "Bearer token-for-https://vault.azure.test/.default"


def test_create(wire: Wire, vault: Vault) -> None:
    assert vault.create("k", "RSA", 3072) == BUNDLE
    sent = authorized(wire)
    assert [one.method for one in sent] == ["POST"]
    assert sent[0].path == "/keys/k/create"
    body = sent[0].json()
    assert (body["kty"], body["key_size"], body["key_ops"]) == ("RSA", 3072, ["wrapKey", "unwrapKey"])
    assert all(not one.body for one in wire.sent if one not in sent)  # asking where to sign in makes nothing


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            (403, {}, {"error": {"code": "Forbidden", "message": "m", "innererror": {"code": "ForbiddenByRbac"}}}),
            Denied,
        ),
        ((404, {}, {"error": {"code": "KeyNotFound", "message": "m"}}), NotFound),
        ((409, {}, {"error": {"code": "Conflict", "message": "m"}}), Refused),
        ((429, {"Retry-After": "2"}, {"error": {"code": "Throttled", "message": "m"}}), Throttled),
        ((503, {}, b""), Unknown),
        ((200, {}, b"<html>"), Unknown),
        ((302, {"Location": "https://evil.example"}, b""), Refused),
    ],
)
def test_a_create_is_sent_once(wire: Wire, vault: Vault, answer: Any, kind: type[CallError]) -> None:
    wire.answer = challenged(answer)
    with pytest.raises(CallError) as failed:
        vault.create("k", "RSA", 3072)
    assert type(failed.value) is kind
    assert len(authorized(wire)) == 1


def test_versions(wire: Wire, vault: Vault) -> None:
    items = [{"kid": KID, "attributes": {"enabled": True}, "new": 1}]
    wire.answer = challenged((200, {}, {"value": items}))
    assert vault.versions("k") == items
    assert vault.names() == items
    wire.answer = challenged((200, {}, {"value": [], "nextLink": "https://evil.example/keys"}))
    with pytest.raises(Refused, match="evil"):
        vault.versions("k")
    assert all(one.url.startswith(URI) for one in wire.sent)


def test_foreign_vault(endpoints: Endpoints, credential: Login) -> None:
    with pytest.raises(Refused):
        Vault("https://v.vault.azure.test.evil.example/", credential, endpoints)


def test_a_refusal_without_a_body_is_a_refusal(wire: Wire, vault: Vault) -> None:
    wire.answer = challenged((403, {}, b""))
    with pytest.raises(Denied):
        vault.key("k")


@pytest.mark.parametrize("body", [{}, [], "x", {"key": None}, {"key": "x"}])
def test_an_answer_that_is_no_key_says_nothing_of_what_became_of_it(body: Any, wire: Wire, vault: Vault) -> None:
    wire.answer = challenged((200, {}, body))
    with pytest.raises(Unknown):
        vault.create("k", "RSA", 3072)
