"""A managed HSM: its keys as those of a vault, its token and its local roles of its own."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.clients.managed_hsm import CRYPTO_SERVICE_ENCRYPTION_USER, ManagedHsm
from cmkmigrate.clients.vault import Vault
from cmkmigrate.errors import AlreadyExists, CallError, Denied, Refused
from tests.clients.conftest import Sent, Wire

URI = "https://h.managedhsm.azure.test/"
CHALLENGE = {
    "WWW-Authenticate": 'Bearer authorization="https://login.microsoftonline.test/t", '
    'resource="https://managedhsm.azure.test"'
}
ROLE = CRYPTO_SERVICE_ENCRYPTION_USER[1]
GUID = "11111111-2222-3333-4444-555555555555"
ASSIGNMENT = {"id": f"/keys/k/providers/Microsoft.Authorization/roleAssignments/{GUID}", "properties": {"scope": "/"}}


def answers(wire: Wire, *said: Any) -> None:
    """Ask for a token first; then one answer after the other, the last for ever."""
    left = list(said)

    def answer(sent: Sent) -> Any:
        if "Authorization" not in sent.headers:
            return 401, CHALLENGE, {"error": {"code": "Unauthorized"}}
        return left.pop(0) if len(left) > 1 else left[0]

    wire.answer = answer


@pytest.fixture
def site(endpoints: Endpoints, credential: Login) -> Subscription:
    return Subscription("s", credential, endpoints)


def test_a_key(wire: Wire, site: Subscription) -> None:
    bundle = {"key": {"kid": f"{URI}keys/k/1"}, "attributes": {}}
    answers(wire, (200, {}, bundle))
    assert site.hsm(URI).key("k") == bundle
    sent = [one for one in wire.sent if "Authorization" in one.headers]
    assert [one.headers["Authorization"] for one in sent] == ["Bearer token-for-https://managedhsm.azure.test/.default"]


def test_which_client_a_url_gets(site: Subscription) -> None:
    assert isinstance(site.keys(URI), ManagedHsm) and site.keys(URI) is site.hsm(URI)
    assert type(site.keys("https://v.vault.azure.test/")) is Vault
    with pytest.raises(Refused, match="not a managed HSM"):
        site.hsm("https://v.vault.azure.test/")


def test_role_assignments_are_read_page_by_page(wire: Wire, site: Subscription) -> None:
    more = f"{URI}keys/k/providers/Microsoft.Authorization/roleAssignments?page=2&api-version=7.5"
    other = {**ASSIGNMENT, "id": "other"}
    answers(wire, (200, {}, {"value": [ASSIGNMENT], "nextLink": more}), (200, {}, {"value": [other]}))
    assert site.hsm(URI).role_assignments("k") == [ASSIGNMENT, other]
    first = next(one for one in wire.sent if "Authorization" in one.headers)
    assert first.path == "/keys/k/providers/Microsoft.Authorization/roleAssignments"
    assert first.query["$filter"] == ["atScope()"] and first.query["api-version"]
    assert {one.method for one in wire.sent} == {"GET"}


def test_the_roles_of_an_hsm(wire: Wire, site: Subscription) -> None:
    """They are asked for at `/`, the one scope that they have."""
    roles = [{"id": f"r/{name}", "name": name, "properties": {}} for name in "ab"]
    answers(wire, (200, {}, {"value": roles}))
    assert site.hsm(URI).role_definitions() == roles
    assert wire.sent[-1].method == "GET"
    assert wire.sent[-1].url.startswith(f"{URI}providers/Microsoft.Authorization/roleDefinitions")


def test_a_next_page_elsewhere_gets_no_token(wire: Wire, site: Subscription) -> None:
    answers(wire, (200, {}, {"value": [], "nextLink": "https://evil.example/keys"}))
    with pytest.raises(Refused, match=r"evil\.example"):
        site.hsm(URI).role_assignments()
    assert all("evil" not in one.url for one in wire.sent)


def test_a_role_is_assigned_once(wire: Wire, site: Subscription) -> None:
    answers(wire, (201, {}, ASSIGNMENT))
    assert site.hsm(URI).put_role_assignment("k", GUID, ROLE, "oid") == ASSIGNMENT
    (sent,) = [one for one in wire.sent if "Authorization" in one.headers]
    assert (sent.method, sent.path) == ("PUT", ASSIGNMENT["id"])
    assert sent.json() == {
        "properties": {
            "roleDefinitionId": f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{ROLE}",
            "principalId": "oid",
        }
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((403, {}, {"error": {"code": "Forbidden", "message": "m"}}), Denied),
        ((409, {}, {"error": {"code": "RoleAssignmentExists", "message": "m"}}), AlreadyExists),
    ],
)
def test_a_refused_assignment(wire: Wire, site: Subscription, answer: Any, kind: type[CallError]) -> None:
    answers(wire, answer)
    with pytest.raises(kind):
        site.hsm(URI).put_role_assignment("", GUID, ROLE, "oid")
    sent = [one for one in wire.sent if "Authorization" in one.headers]
    assert len(sent) == 1 and sent[0].path.startswith("/keys/providers/")


def test_a_rotation_policy(wire: Wire, site: Subscription) -> None:
    policy = {"lifetimeActions": [], "attributes": {"expiryTime": "P2Y"}}
    answers(wire, (200, {}, policy))
    assert site.keys(URI).rotation_policy("k") == policy == site.keys(URI).put_rotation_policy("k", policy)
    sent = [one for one in wire.sent if "Authorization" in one.headers]
    assert [(one.method, one.path) for one in sent] == [
        ("GET", "/keys/k/rotationpolicy"),
        ("PUT", "/keys/k/rotationpolicy"),
    ]


def test_expiry(wire: Wire, site: Subscription) -> None:
    bundle = {"key": {"kid": f"{URI}keys/k/1"}, "attributes": {}}
    answers(wire, (200, {}, bundle))
    site.keys(URI).create("k", "RSA-HSM", 3072, expires=1_900_000_000)
    site.keys(URI).patch_expiry("k", "1", 1_900_000_000)
    made, changed = [one for one in wire.sent if "Authorization" in one.headers]
    assert made.json()["attributes"]["exp"] == changed.json()["attributes"]["exp"] == 1_900_000_000
    assert (changed.method, changed.path) == ("PATCH", "/keys/k/1") and set(changed.json()) == {"attributes"}
