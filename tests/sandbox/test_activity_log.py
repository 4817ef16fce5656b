"""The Activity Log: what was written through ARM, by whom, and how it ended; nobody else's, nothing older, no reads."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from tests.sandbox.conftest import Answer, Running

LOG = "providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
DAY_S = 86_400


def iso(days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * DAY_S))


def ask(sandbox: Running, filter: str) -> Answer:
    return sandbox.arm("GET", f"{LOG}&$filter={quote(filter)}")


def events(sandbox: Running, more: str = "") -> list[dict[str, Any]]:
    answer = ask(sandbox, f"eventTimestamp ge '{iso(-1)}' and eventTimestamp le '{iso(1)}'{more}")
    assert answer.status == 200, answer.content
    found: list[dict[str, Any]] = answer.json["value"]
    return found


def test_a_write_that_goes_on(sandbox: Running) -> None:
    id = sandbox.params["source"]
    before = events(sandbox, f" and resourceUri eq '{id}'")
    body = sandbox.arm("GET", id).json
    assert sandbox.arm("PUT", id, body).status == 201
    while sandbox.arm("GET", id).json["properties"]["provisioningState"] != "Succeeded":
        sandbox.control("PUT", "clock", {"advance": 10})
    found = [one for one in events(sandbox, f" and resourceUri eq '{id}'") if one not in before]
    assert [one["status"]["value"] for one in found] == ["Succeeded", "Accepted", "Started"], "newest first"
    assert len({one["operationId"] for one in found}) == len({one["correlationId"] for one in found}) == 1
    assert {one["operationName"]["value"] for one in found} == {"Microsoft.Databricks/workspaces/write"}
    assert {one["httpRequest"]["method"] for one in found} == {"PUT"}
    assert len({one["id"] for one in found}) == 3
    assert not any("responseBody" in one["properties"] for one in found)


def test_a_write_that_is_refused(sandbox: Running) -> None:
    id = sandbox.params["source"]
    body = sandbox.arm("GET", id).json
    assert sandbox.arm("PUT", id, {**body, "location": "eastus"}).status == 409
    newest = events(sandbox, " and resourceProvider eq 'Microsoft.Databricks'")[0]
    assert (newest["status"]["value"], newest["resourceId"]) == ("Failed", id)


def test_only_what_was_asked_for(sandbox: Running) -> None:
    sandbox.arm("PUT", "resourceGroups/rg-logged", {"location": "westeurope"})
    providers = {one["resourceProviderName"]["value"] for one in events(sandbox)}
    assert providers >= {"Microsoft.Databricks", "Microsoft.Resources"}
    assert {
        one["resourceProviderName"]["value"] for one in events(sandbox, " and resourceProvider eq 'Microsoft.X'")
    } == set()
    named = events(sandbox, " and resourceGroupName eq 'rg-logged'")
    assert [one["resourceId"].rpartition("/")[2] for one in named] == ["rg-logged"]
    assert all(one["httpRequest"]["method"] != "GET" for one in events(sandbox)), "reads leave nothing"


def test_what_the_answer_was(sandbox: Running) -> None:
    sandbox.control("PUT", "settings", {"activity_bodies": "response"})
    try:
        sandbox.arm("PUT", "resourceGroups/rg-bodies", {"location": "westeurope"})
        (found,) = events(sandbox, " and resourceGroupName eq 'rg-bodies'")
        assert "westeurope" in found["properties"]["responseBody"]
    finally:
        sandbox.control("PUT", "settings", {"activity_bodies": "none"})


def test_a_filter_is_needed_and_reaches_ninety_days_back(sandbox: Running) -> None:
    assert sandbox.arm("GET", LOG).status == 400
    assert ask(sandbox, "resourceProvider eq 'Microsoft.Databricks'").status == 400
    assert ask(sandbox, f"eventTimestamp ge '{iso(-91)}'").status == 400
    assert ask(sandbox, f"eventTimestamp ge '{iso(-89)}'").status == 200
    assert ask(sandbox, f"eventTimestamp ge '{iso(-1)}' and level eq 'Error'").status == 400


def test_what_is_old_is_gone(sandbox: Running) -> None:
    """Last in this file: the sandbox's clock runs ahead from here on."""
    assert events(sandbox)
    sandbox.control("PUT", "clock", {"advance": 91 * DAY_S})
    sandbox._tokens.clear()  # they have ended too
    answer = ask(sandbox, f"eventTimestamp ge '{iso(2)}'")
    assert (answer.status, answer.json["value"]) == (200, [])
