"""Any resource by its path: what is sent, how often, and what an answer means."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.clients import again
from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import NotFound, Unknown
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
