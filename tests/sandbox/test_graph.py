"""Graph: the service principal that everything hangs on, in every form it is asked for."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.sandbox.conftest import GRAPH, Answer, Running

APPLICATION = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"


def ask(sandbox: Running, path: str) -> Answer:
    headers = {"authorization": f"Bearer {sandbox.token(f'https://{GRAPH}')}"}
    return sandbox.send("GET", GRAPH, f"/v1.0/{path}", headers=headers)


def by_ids(sandbox: Running, *ids: str, **more: object) -> Answer:
    headers = {"authorization": f"Bearer {sandbox.token(f'https://{GRAPH}')}"}
    return sandbox.send("POST", GRAPH, "/v1.0/directoryObjects/getByIds", {"ids": [*ids], **more}, headers)


@pytest.mark.parametrize(
    "wanted",
    [
        f"servicePrincipalNames/any(c:c eq '{APPLICATION}')",
        f"appId eq '{APPLICATION}'",
        "displayName eq 'AzureDatabricks'",
    ],
)
def test_by_filter(sandbox: Running, wanted: str) -> None:
    answer = ask(sandbox, f"servicePrincipals?$filter={quote(wanted)}")
    (found,) = answer.json["value"]
    assert (found["appId"], found["displayName"]) == (APPLICATION, "AzureDatabricks")
    assert found["id"] != APPLICATION and answer.headers["odata-version"] == "4.0"


def test_by_application_and_by_object_id(sandbox: Running) -> None:
    found = ask(sandbox, f"servicePrincipals(appId='{APPLICATION}')").json
    assert ask(sandbox, f"servicePrincipals/{found['id']}").json["appId"] == APPLICATION


@pytest.mark.parametrize("path", ["servicePrincipals/x", "servicePrincipals(appId='x')"])
def test_absent(sandbox: Running, path: str) -> None:
    answer = ask(sandbox, path)
    assert (answer.status, answer.code) == (404, "Request_ResourceNotFound")


def test_unknown_filter_is_refused_not_ignored(sandbox: Running) -> None:
    assert ask(sandbox, "servicePrincipals?$filter=tags%20eq%20'x'").status == 400


def test_without_the_right_to_read(sandbox: Running) -> None:
    sandbox.control("PUT", "settings", {"graph": "deny"})
    try:
        answer = ask(sandbox, f"servicePrincipals(appId='{APPLICATION}')")
        assert (answer.status, answer.code) == (403, "Authorization_RequestDenied")
    finally:
        sandbox.control("PUT", "settings", {"graph": "allow"})


def test_names_by_object_id(sandbox: Running) -> None:
    """Who is not there is left out."""
    found = ask(sandbox, f"servicePrincipals(appId='{APPLICATION}')").json["id"]
    nobody = "00000000-0000-4000-8000-000000000009"
    (shown,) = by_ids(sandbox, found, nobody).json["value"]
    assert (shown["@odata.type"], shown["appId"]) == ("#microsoft.graph.servicePrincipal", APPLICATION)
    assert by_ids(sandbox, found, types=["user"]).json["value"] == []
    assert by_ids(sandbox).status == 400
