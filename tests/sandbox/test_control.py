"""The control API."""

from __future__ import annotations

import http.client
import json
from email.utils import parsedate_to_datetime

from tests.sandbox.conftest import ARM, Running


def test_requests_are_told_and_forgotten(sandbox: Running) -> None:
    assert sandbox.control("DELETE", "requests").status == 204
    sandbox.arm("GET", "resourceGroups?$top=5")
    sandbox.arm("PUT", "resourceGroups/rg-told", {"location": "westeurope"})
    lines = [json.loads(line) for line in sandbox.control("GET", "requests").content.splitlines()]
    told = [one for one in lines if one["host"] == ARM]
    assert [(one["method"], one["status"], one["write"], one["fault"]) for one in told] == [
        ("GET", 200, False, None),
        ("PUT", 201, True, None),
    ]
    assert told[0]["path"].endswith("/resourceGroups") and told[0]["query"].startswith("$top=5&api-version=")
    assert told[0]["client"].startswith("127.0.0.1:") and told[0]["time"].endswith("Z")
    log = [json.loads(line) for line in (sandbox.folder / "log").read_text().splitlines()]
    assert log[-len(lines) :] == lines


def test_reads_by_post_are_no_writes(sandbox: Running) -> None:
    sandbox.control("DELETE", "requests")
    body = {"name": "kv-any", "type": "Microsoft.KeyVault/vaults"}
    sandbox.arm("POST", "providers/Microsoft.KeyVault/checkNameAvailability", body)
    (told,) = [json.loads(line) for line in sandbox.control("GET", "requests").content.splitlines()]
    assert told["method"] == "POST" and told["write"] is False


def test_state_is_canonical(sandbox: Running) -> None:
    first = sandbox.control("GET", f"state/{ARM}")
    assert first.content == sandbox.control("GET", f"state/{ARM}").content
    assert sandbox.params["source"].lower() in first.json["workspaces"]
    assert "createdDateTime" not in first.content.decode() and sandbox.env["AZURE_CLIENT_SECRET"] not in str(first.json)
    host = sandbox.arm("GET", sandbox.params["source"]).json["properties"]["workspaceUrl"]
    assert sandbox.control("GET", f"state/{host}").status == 200
    assert sandbox.control("GET", "state/example.com").status == 404


def test_answers_say_the_time_of_the_clock(sandbox: Running) -> None:
    def date() -> float:
        return parsedate_to_datetime(sandbox.arm("GET", "/subscriptions").headers["date"]).timestamp()

    before = date()
    assert sandbox.control("PUT", "clock", {"advance": 600}).status == 200
    assert date() - before >= 599, "at once, and in whole seconds"


def test_clock(sandbox: Running) -> None:
    before = sandbox.control("GET", "clock").json["advanced_s"]
    assert sandbox.control("PUT", "clock", {"advance": 10}).json["advanced_s"] == before + 10
    assert sandbox.control("PUT", "clock", {"advance": -1}).status == 400
    assert sandbox.control("PUT", "clock", []).status == 400


def test_settings(sandbox: Running) -> None:
    assert sandbox.control("PUT", "settings", {"polls": 3}).json["polls"] == 3
    assert sandbox.control("PUT", "settings", {"polls": 2}).json["polls"] == 2
    for bad in ({"pols": 3}, {"polls": "3"}, {"graph": "maybe"}, []):
        assert sandbox.control("PUT", "settings", bad).status == 400


def test_limits(sandbox: Running) -> None:
    try:
        assert sandbox.control("PUT", "limits", {"mode": "x2", "retry_after": "always"}).json["mode"] == "x2"
        vault = sandbox.put_vault("kv-limits", enableRbacAuthorization=False, accessPolicies=[]).status
        assert vault == 200
        answers = [sandbox.vault("POST", "kv-limits", "/keys/k/create", {"kty": "RSA"}) for _ in range(23)]
        refused = [one for one in answers if one.status == 429]
        assert refused and refused[0].code == "Throttled" and int(refused[0].headers["retry-after"]) >= 1
        assert sandbox.control("PUT", "limits", {"mode": "much"}).status == 400
        assert sandbox.control("PUT", "limits", {"speed": 1}).status == 400
    finally:
        sandbox.control("PUT", "limits", {"mode": "off"})


def test_only_for_who_asks_plainly_and_locally(sandbox: Running) -> None:
    assert sandbox.control("GET", "nothing").status == 404
    assert sandbox.control("POST", "faults", []).status == 404
    headers = {"authorization": f"Bearer {sandbox.token(f'https://{ARM}')}"}
    assert sandbox.send("GET", ARM, "/_sandbox/requests?api-version=1", headers=headers).status == 404
    for path, host in (
        ("/", "127.0.0.1"),
        ("/_sandbox/requests", "example.com"),
        ("http://example.com/", "example.com"),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=20)
        connection.request("GET", path, headers={"host": host})
        assert connection.getresponse().status == 403
        connection.close()
