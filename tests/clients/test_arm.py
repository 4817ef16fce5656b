"""A subscription: raw bodies in and out, one request for a write, no token for a foreign host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cmkmigrate.clients import again
from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import CallError, Denied, Mistake, NotFound, Refused, Unknown
from tests.clients.conftest import Sent, Wire

ARM = "https://management.azure.test"
W = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
V = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
UNKNOWN_FIELDS = {"id": W, "fromTheFuture": {"a": [1]}, "properties": {"alsoNew": True, "workspaceUrl": "x"}}
OPERATION = f"{ARM}/subscriptions/s/providers/Microsoft.Databricks/locations/l/operationStatuses/o?t=1"


@pytest.fixture
def site(wire: Wire, endpoints: Endpoints, credential: Login, monkeypatch: pytest.MonkeyPatch) -> Subscription:
    monkeypatch.setattr(again, "ATTEMPTS", 3)
    monkeypatch.setattr(again.read_again, "__kwdefaults__", {"sleep": lambda _: None, "attempts": 3})
    return Subscription("s", credential, endpoints)


def listings(site: Subscription) -> list[Callable[[], list[dict[str, Any]]]]:
    """Every listing of a subscription."""
    return [
        site.workspaces,
        site.vaults,
        site.subscriptions,
        site.resource_groups,
        lambda: site.role_assignments(V),
        lambda: site.vault_key_versions(V, "k"),
        lambda: site.activity("Microsoft.Databricks", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
    ]


def test_bodies_are_raw(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (200, {}, UNKNOWN_FIELDS)
    assert site.workspace(W) == UNKNOWN_FIELDS
    assert site.vault(V) == UNKNOWN_FIELDS
    body = {"location": "l", "id": W, "properties": {"alsoNew": True, "workspaceUrl": "read-only"}}
    site.put_workspace(W, body)
    site.put_vault(V, body)
    site.patch_vault(V, body)
    assert [one.json() for one in wire.sent[2:]] == [body] * 3
    assert [one.method for one in wire.sent] == ["GET", "GET", "PUT", "PUT", "PATCH"]
    assert {one.headers["Authorization"] for one in wire.sent} == {f"Bearer token-for-{ARM}/.default"}


def test_a_put_gives_its_operation(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (201, {"Azure-AsyncOperation": OPERATION}, {"id": W})
    put = site.put_workspace(W, {})
    assert (put.body, put.operation_url) == ({"id": W}, OPERATION)
    assert len(wire.sent) == 1


def test_foreign_hosts_get_no_token(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (201, {"Azure-AsyncOperation": "https://evil.example/o"}, {"id": W})
    assert site.put_workspace(W, {}).operation_url == "", "the PUT was accepted, so it is no refusal"
    with pytest.raises(Refused, match="evil"):
        site.poll("https://evil.example/o")
    wire.answer = lambda _: (200, {}, {"value": [], "nextLink": "https://evil.example/next"})
    for listing in listings(site):
        with pytest.raises(Refused, match="evil"):
            listing()
    wire.answer = lambda _: (302, {"Location": "https://evil.example/"}, b"")
    with pytest.raises(CallError):
        site.workspace(W)
    assert all(one.url.startswith(ARM) for one in wire.sent)


def test_what_a_page_brings_twice_is_there_once(wire: Wire, site: Subscription) -> None:
    def answer(sent: Sent) -> Any:
        more = {} if "page" in sent.query else {"nextLink": f"{ARM}{sent.path}?page=2&api-version=1"}
        return 200, {}, {"value": [{"id": W, "name": "w"}, {"id": W.upper(), "name": "w"}], **more}

    wire.answer = answer
    assert [len(listing()) for listing in (site.workspaces, site.vaults, site.subscriptions)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ((202, {"retry-after-ms": "20"}, {"status": "Accepted"}), {"status": "Accepted", "retry_after": 0.02}),
        ((200, {}, {"status": "Succeeded"}), {"status": "Succeeded", "retry_after": 0}),
        ((200, {}, {"status": "Failed", "error": {"code": "c"}}), None),
        ((202, {"Retry-After": "15"}, {}), {"status": "Accepted", "retry_after": 15}),
        ((204, {}, b""), {"status": "Succeeded"}),
    ],
)
def test_poll(wire: Wire, site: Subscription, answer: Any, status: dict[str, Any] | None) -> None:
    wire.answer = lambda _: answer
    found = site.poll(OPERATION)
    assert found == (status or {"status": "Failed", "error": {"code": "c"}, "retry_after": 0})
    assert wire.sent[0].url == OPERATION


def test_a_forgotten_operation(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (404, {}, {"error": {"code": "NotFound", "message": "x"}})
    with pytest.raises(NotFound):
        site.poll(OPERATION)


def test_pages(wire: Wire, site: Subscription) -> None:
    def answer(sent: Sent) -> Any:
        page = int(sent.query.get("page", ["1"])[0])
        more = {"nextLink": f"{ARM}{sent.path}?page={page + 1}"} if page < 3 else {}
        return 200, {}, {"value": [{"name": str(page), "new": 1}], **more}

    wire.answer = answer
    for listing in listings(site):
        assert [one["name"] for one in listing()] == ["1", "2", "3"]


@pytest.mark.parametrize("body", [b"", b"<html>", {"value": None}, {}, [1]])
def test_an_unreadable_listing_is_never_empty(wire: Wire, site: Subscription, body: Any) -> None:
    wire.answer = lambda _: (200, {}, body)
    for listing in listings(site):
        with pytest.raises(Unknown):
            listing()
    assert len(wire.sent) == 3 * len(listings(site))


def test_pages_in_a_circle(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda sent: (200, {}, {"value": [], "nextLink": f"{ARM}{sent.path}?page=1"})
    for listing in listings(site):
        with pytest.raises(Unknown, match="circle"):
            listing()


def test_what_a_reader_asks(wire: Wire, site: Subscription) -> None:
    """The requests as the specifications have them; spaces of a filter are written for a URL."""
    wire.answer = lambda _: (200, {}, {"value": [{"name": "n", "new": 1}], "id": "raw", "new": 1})
    assert site.resource_groups() == [{"name": "n", "new": 1}]
    assert site.vault_key_versions(V, "k") == [{"name": "n", "new": 1}]
    site.role_assignments("/subscriptions/s", assigned_to="me")
    site.activity("Microsoft.Databricks", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    role = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r"
    assert site.role_definition(role)["id"] == "raw"
    groups, versions, assigned, log, definition = wire.sent
    assert {one.method for one in wire.sent} == {"GET"}
    assert (groups.path, groups.query) == ("/subscriptions/s/resourcegroups", {"api-version": ["2021-04-01"]})
    assert versions.path == f"{V}/keys/k/versions"
    assert assigned.path == "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments"
    assert assigned.query["$filter"] == ["atScope() and assignedTo('me')"] and " " not in assigned.url
    assert log.path == "/subscriptions/s/providers/Microsoft.Insights/eventtypes/management/values"
    times = "eventTimestamp ge '2026-01-01T00:00:00Z' and eventTimestamp le '2026-02-01T00:00:00Z'"
    wanted = f"{times} and resourceProvider eq 'Microsoft.Databricks'"
    assert log.query == {"api-version": ["2015-04-01"], "$filter": [wanted]}
    assert (definition.path, definition.query) == (role, {"api-version": ["2022-04-01"]})


@pytest.mark.parametrize(("status", "times"), [(503, 3), (429, 3), (403, 1), (404, 1)])
def test_a_lost_reading_is_sent_again_and_a_refused_one_is_not(
    wire: Wire, site: Subscription, status: int, times: int
) -> None:
    wire.answer = lambda _: (status, {}, {"error": {"code": "c", "message": "m"}})
    for listing in listings(site):
        wire.sent.clear()
        with pytest.raises(CallError):
            listing()
        assert len(wire.sent) == times


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_write_is_sent_once(wire: Wire, site: Subscription, status: int) -> None:
    wire.answer = lambda _: (status, {"Retry-After": "1"}, {"error": {"code": "x", "message": "x"}})
    for write in (
        lambda: site.put_workspace(W, {}),
        lambda: site.put_vault(V, {}),
        lambda: site.patch_vault(V, {}),
        lambda: site.add_access_policies(V, []),
        lambda: site.put_role_assignment(V, "n", {}),
    ):
        wire.sent.clear()
        with pytest.raises(CallError):
            write()
        assert len(wire.sent) == 1


def test_a_refused_token_is_fetched_anew_and_it_is_sent_once_more(
    wire: Wire, site: Subscription, credential: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed: list[float] = []
    monkeypatch.setattr(credential, "renew", renewed.append)
    headers = {"WWW-Authenticate": 'Bearer authorization_uri="https://login.x/t", error="invalid_token"'}
    late = (401, headers, {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token is expired."}})
    left = [late, (200, {}, UNKNOWN_FIELDS)]
    wire.answer = lambda _: left.pop(0)
    assert site.put_workspace(W, {"tags": {"a": "b"}}).body == UNKNOWN_FIELDS
    first, second = wire.sent
    assert first.body == second.body and len(renewed) == 1
    wire.sent.clear()
    wire.answer = lambda _: late
    with pytest.raises(Denied):
        site.put_workspace(W, {})
    assert len(wire.sent) == 2, "and not a third time"


def test_an_unregistered_provider_is_not_registered_in_passing(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (409, {}, {"error": {"code": "MissingSubscriptionRegistration", "message": "x"}})
    with pytest.raises(Exception, match="not registered"):
        site.put_workspace(W, {})
    assert [one.method for one in wire.sent] == ["PUT"]


def test_vault_names(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (200, {}, {"nameAvailable": False, "reason": "AlreadyExists", "message": "in use"})
    assert site.vault_name_taken("v") == "in use"
    assert wire.sent[0].json() == {"name": "v", "type": "Microsoft.KeyVault/vaults"}
    wire.answer = lambda _: (200, {}, {"nameAvailable": True})
    assert site.vault_name_taken("v") == ""


def test_tenant(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (200, {}, {"tenantId": "t"})
    assert site.tenant_id == site.tenant_id == "t"
    assert len(wire.sent) == 1


def test_ids() -> None:
    assert ResourceId.parse(W) == ResourceId("s", "g", "Microsoft.Databricks/workspaces", "w")
    assert str(ResourceId.parse(W.upper())).lower() == W.lower()
    for text in ("", "w", "/subscriptions/s", W + "/x/y", "https://x" + W):
        with pytest.raises(Mistake):
            ResourceId.parse(text)


def test_no_token_goes_to_a_foreign_page(wire: Wire, site: Subscription) -> None:
    """A next page on a host that is not of this cloud is not asked for: the token would go there."""
    foreign = "https://management.azure.example.com/next"
    wire.answer = lambda _: (200, {}, {"value": [], "nextLink": foreign})
    for listing in listings(site):
        with pytest.raises(CallError):
            listing()
    assert not [one.url for one in wire.sent if one.url.startswith(foreign)]
