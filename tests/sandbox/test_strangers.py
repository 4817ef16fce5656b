"""Answers whose addresses lead to strangers."""

from __future__ import annotations

import json

import pytest

from cmkmigrate.sandbox.strangers import sent_away
from cmkmigrate.sandbox.wire import Request, json_response

ARM, WORKSPACE = "management.azure.test", "adb-1.2.azuredatabricks.test"


def asked(host: str = ARM, method: str = "GET", path: str = "/p") -> Request:
    return Request(method, host, path, "a=b", {})


def test_every_address_of_an_answer_leads_away() -> None:
    body = {"a": ["https://kv.vault.azure.test/keys/k"], "workspaceUrl": WORKSPACE, "text": "see https://host.test"}
    answer = json_response(body, 401, {"www-authenticate": 'Bearer authorization="https://login.test/t", x="y"'})
    sent_away(asked(), answer, "http://evil.example:1")
    moved = {"a": ["http://evil.example:1/keys/k"], "workspaceUrl": "evil.example:1", "text": "see https://host.test"}
    assert json.loads(answer.body) == moved
    assert answer.headers["www-authenticate"] == 'Bearer authorization="http://evil.example:1/t", x="y"'
    assert "location" not in answer.headers


@pytest.mark.parametrize(("host", "name"), [(ARM, "nextLink"), ("graph.microsoft.test", "@odata.nextLink")])
def test_a_list_gets_a_next_page(host: str, name: str) -> None:
    answer = json_response({"value": []})
    sent_away(asked(host), answer, "evil.example")
    assert json.loads(answer.body)[name] == "https://evil.example/p?a=b&%24skiptoken=2"


def test_a_write_gets_links() -> None:
    answer = json_response({}, 201)
    sent_away(asked(method="PUT"), answer, "evil.example")
    assert answer.headers["location"] == answer.headers["azure-asyncoperation"] == "https://evil.example/p?a=b"


def test_what_a_workspace_holds_stays() -> None:
    body = {"url": "https://github.com/o/r"}
    for path, there in (("/api/2.0/repos", "https://github.com/o/r"), ("/.well-known/x", "https://evil.example/o/r")):
        answer = json_response(body)
        sent_away(asked(WORKSPACE, path=path), answer, "evil.example")
        assert json.loads(answer.body)["url"] == there
