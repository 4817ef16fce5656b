"""Any resource by its path: what is sent, how often, and what an answer means."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import Any

import pytest
import urllib3

from cmkmigrate.clients import again, leave
from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import CallError, NotFound, Unknown
from tests.clients.conftest import Sent, Wire

ARM = "https://management.azure.test"
PATH = "/subscriptions/s/providers/Microsoft.Some/things"


@pytest.fixture
def site(wire: Wire, endpoints: Endpoints, credential: Login, monkeypatch: pytest.MonkeyPatch) -> Subscription:
    monkeypatch.setattr(again.read_again, "__kwdefaults__", {"sleep": lambda _: None, "attempts": 3})
    return Subscription("s", credential, endpoints)


def test_a_listing_is_every_page_of_it(wire: Wire, site: Subscription) -> None:
    def answer(sent: Sent) -> Any:
        if "skip" in sent.query:
            return 200, {}, {"value": [{"id": "b"}]}
        return 200, {}, {"value": [{"id": "a"}], "nextLink": f"{ARM}{PATH}?api-version=1&skip=1"}

    wire.answer = answer
    assert site.listing(PATH, "1", "a eq 'b c'") == [{"id": "a"}, {"id": "b"}]
    assert wire.sent[0].query == {"api-version": ["1"], "$filter": ["a eq 'b c'"]}


def test_a_question_is_a_post_that_may_be_asked_again(wire: Wire, site: Subscription) -> None:
    answers = [(503, {}, {}), (200, {}, {"fine": True})]
    wire.answer = lambda _: answers.pop(0)
    assert site.ask(PATH, "1", {"a": 1}) == {"fine": True}
    assert [(one.method, one.json()) for one in wire.sent] == [("POST", {"a": 1})] * 2


def test_a_put_is_sent_once(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (503, {}, {})
    with pytest.raises(Unknown):
        site.put_resource(PATH, "1", {"a": 1})
    assert [(one.method, one.json()) for one in wire.sent] == [("PUT", {"a": 1})]


def test_what_is_missing_and_what_is_no_list(wire: Wire, site: Subscription) -> None:
    wire.answer = lambda _: (404, {}, {"error": {"code": "ResourceNotFound", "message": "no"}})
    with pytest.raises(NotFound):
        site.read(PATH, "1")
    wire.answer = lambda _: (200, {}, {"not": "a list"})
    with pytest.raises(Unknown):
        site.listing(PATH, "1")


def test_what_is_written_has_to_leave_in_time(wire: Wire, site: Subscription, monkeypatch: pytest.MonkeyPatch) -> None:
    """To Resource Manager, a vault and a managed HSM: on connections that look at the clock."""
    moment, seen = time.time() + 3600, list[tuple[str, float, bool]]()

    def urlopen(pool: Any, method: str, url: str, **how: Any) -> Any:
        seen.append((pool.host, leave._mine.by, hasattr(pool.ConnectionCls, "held_by")))
        return wire.send(pool, method, url, **how)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", urlopen)
    with site.leaving_by(moment):
        site.put_resource(PATH, "1", {})
        for uri in ("https://v.vault.azure.test/", "https://v.managedhsm.azure.test/"):
            with suppress(CallError):  # the answer is no key
                site.keys(uri).create("k", "RSA", 2048)
    hosts = {"management.azure.test", "v.vault.azure.test", "v.managedhsm.azure.test"}
    assert {host for host, *_ in seen} == hosts and {one[1:] for one in seen} == {(moment, True)}
    seen.clear()
    site.put_resource(PATH, "1", {})
    assert seen == [("management.azure.test", math.inf, True)]
