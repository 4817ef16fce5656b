"""The assessment of an estate with every case: each remedy is right, and nothing is written."""

from __future__ import annotations

import shlex
import uuid
from typing import Any

import pytest

from tests.assess.estate import NETWORK, Assessed
from tests.audit.estate import DENIED, OTHER, OWN
from tests.cli.transcript import Terminal
from tests.harness import ARM, Sandbox


@pytest.fixture
def found(whole: Any) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in whole["body"]["workspaces"]}


def test_every_remedy_is_right(found: dict[str, Any], estate: Assessed) -> None:
    wrong = {name: found[name]["remedy"] for name, remedy in estate.remedies.items() if found[name]["remedy"] != remedy}
    assert wrong == {}
    assert found.keys() == estate.remedies.keys()
    for one in found.values():
        assert one["needs"] is (one["remedy"] not in ("none", "exception"))
        assert one["reasons"], one["name"]
        assert bool(one["steps"]) is one["needs"], one["name"]


def test_every_verdict_is_that_of_the_audit(found: dict[str, Any], estate: Assessed) -> None:
    assert {name: tuple(one["features"].values()) for name, one in found.items()} == estate.expected


def test_what_is_in_the_way_is_named(found: dict[str, Any], estate: Assessed) -> None:
    named = {name: {step["code"] for step in one["blockers"]} for name, one in found.items() if one["blockers"]}
    assert named == estate.blocked
    assert found["locked"]["blockers"][0]["command"].startswith("az lock delete --ids /subscriptions/")
    assert found["standard-ooo"]["blockers"][0]["command"].endswith("--sku premium")


def test_tools_are_named_by_their_signs(found: dict[str, Any], estate: Assessed) -> None:
    by_tags = {
        name: {sign["tool"] for sign in one["owners"] if sign["seen"].startswith("tag ")} for name, one in found.items()
    }
    assert {name: tools for name, tools in by_tags.items() if tools} == estate.tools


def test_rights_that_are_missing_are_commands(found: dict[str, Any], sandbox: Sandbox) -> None:
    """The operator is Owner of the sandbox's subscription, and Reader of the other."""
    assert found["well-ooo"]["rights"]["state"] == "enough"
    assert found["well-xxx"]["rights"]["state"] == "not needed"
    other = found["read-only"]["rights"]
    assert other["state"] == "missing"
    assert {"Microsoft.Databricks/workspaces/write", "Microsoft.Authorization/roleAssignments/write"} <= {
        one["action"] for one in other["missing"]
    }
    for line in other["commands"]:
        words = shlex.split(line)
        assert words[:4] == ["az", "role", "assignment", "create"]
        given = dict(zip(words[4::2], words[5::2], strict=True))
        assert given.keys() == {"--assignee", "--role", "--scope"} and f"/subscriptions/{OTHER}/" in given["--scope"]
    assert "roleAssignments/write" not in str(found["broken-disabled"]["rights"])
    keys = found["broken-disabled"]["rights"]["missing"]  # an Owner has no right on what is in a vault
    assert [(one["action"], one["data"]) for one in keys] == [("Microsoft.KeyVault/vaults/keys/update/action", True)]
    assert found["broken-dead-vault"]["rights"]["state"] == "unknown"


def test_nothing_is_written_and_no_workspace_is_opened(whole: Any) -> None:
    sent = [one for one in whole["requests"] if one["method"] != "CONNECT"]
    assert [one for one in sent if one["write"]] == []
    assert not [one["host"] for one in sent if one["host"].startswith("adb-") or ".vault." in one["host"]]


def test_one_listing_of_locks_for_each_subscription(whole: Any, estate: Assessed) -> None:
    paths = [one["path"].lower() for one in whole["requests"] if one["method"] == "GET"]
    locks = [path for path in paths if path.endswith("/locks")]
    assert sorted(locks) == sorted(
        f"/subscriptions/{id}/providers/microsoft.authorization/locks" for id in (OWN, OTHER)
    )
    permissions = [path for path in paths if path.endswith("/permissions")]
    assert len(permissions) == len(set(permissions)), "each scope is asked for once"
    assert len(permissions) == 2, "the caller has roles on subscriptions alone"


def test_what_could_not_be_read_needs_something(whole: Any) -> None:
    body = whole["body"]
    assert "AuthorizationFailed" in {one["subscription"]: one for one in body["population"]}[DENIED]["problem"]
    needs = sum(one["needs"] for one in body["workspaces"])
    assert body["needing"] == needs + 1
    assert sum(body["counts"].values()) == len(body["workspaces"])


def moved(body: Any) -> dict[str, Any]:
    return {one["name"]: one for one in body["workspaces"] if one["remedy"] == "migrate"}


def test_a_reason_that_is_none_for_a_workspace_does_not_move_it(terminal: Terminal, estate: Assessed) -> None:
    """Each reason moves those that lack what it asks for, and no other."""
    line = "assess --scope scope.yaml -o json --want"
    assert moved(terminal(f"{line} double-encryption").json).keys() == estate.remedies.keys() - {"doubled"}
    old = moved(terminal(f"{line} no-old-data").json)
    assert {"well-ooo", "well-oxx", "late", "since-when", "lost", "waived"} <= old.keys()
    assert not {"well-xxx", "well-xoo", "ill-xxx", "by-policy", "elsewhere"} & old.keys()


def test_what_a_new_network_takes(networked: Any, estate: Assessed) -> None:
    found = moved(networked)
    assert found.keys() == estate.remedies.keys()
    assert {step["code"] for step in found["inside"]["blockers"]} == {"subnets", "private"}
    assert NETWORK in found["inside"]["blockers"][0]["text"]
    assert "-p public_subnet=" in found["inside"]["steps"][0]["command"]
    assert {one["code"] for one in found["kept"]["blockers"]} == {"lock-delete"}
    assert {one["code"] for one in found["locked-group"]["blockers"]} == {"lock-read-only"}


def test_one_workspace_by_the_scope_file(terminal: Terminal, estate: Assessed) -> None:
    import yaml

    id = estate.id("well-xxx")
    wanted = [{"workspace": id, "reasons": ["new-network"], "owner": "networks", "because": "the hub goes away"}]
    gone = [{**wanted[0], "workspace": f"{id}-gone", "reasons": ["no-old-data"]}]
    terminal.write("scope.yaml", yaml.safe_dump({**estate.scope(), "wanted": wanted + gone}))
    body = terminal("assess --scope scope.yaml -o json").json
    assert {one["name"] for one in body["workspaces"] if one["remedy"] == "migrate"} == {"well-xxx"}
    reason = next(one for one in body["workspaces"] if one["name"] == "well-xxx")["reasons"]
    assert "networks: the hub goes away" in reason[0]
    assert [entry for entry in body["unmatched"] if f"{id}-gone".lower() in entry] == body["unmatched"]


@pytest.mark.parametrize("name", ["well-ooo", "well-xoo", "pinned", "doubled"])
def test_the_commands_are_right(name: str, whole: Any, networked: Any, terminal: Terminal, sandbox: Sandbox) -> None:
    """What is printed is typed as it stands: with the rights that it names, each plan is made, and nothing blocked."""
    body = networked if name == "doubled" else whole["body"]
    one = next(one for one in body["workspaces"] if one["name"] == name)
    lines = [step["command"] for step in one["steps"] if step["command"].startswith("cmkmigrate ")]
    assert lines
    given = [granted(sandbox, line) for line in one["rights"]["commands"]]
    try:
        sandbox.forget()
        for line in lines:
            result = terminal(line.removeprefix("cmkmigrate "))
            assert result.code == 0, result
            assert " 0 blocked" in result.out, result
        assert sandbox.writes() == []
    finally:
        for path in given:
            sandbox.call(ARM, "DELETE", path)


def granted(sandbox: Sandbox, line: str) -> str:
    """Do what a printed `az role assignment create` does; gives the path of the assignment, which is in effect."""
    words = shlex.split(line)
    said = dict(zip(words[4::2], words[5::2], strict=True))
    of = f"{said['--scope']}/providers/Microsoft.Authorization"
    listed = sandbox.call(ARM, "GET", f"{of}/roleDefinitions?api-version=2022-04-01")["value"]
    role = next(one["id"] for one in listed if one["properties"]["roleName"] == said["--role"])
    path = f"{of}/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    body = {"properties": {"roleDefinitionId": role, "principalId": said["--assignee"]}}
    sandbox.call(ARM, "PUT", path, body)
    sandbox.control("PUT", "clock", {"advance": 60})
    return path


def test_what_cannot_be_read_is_said(terminal: Terminal, sandbox: Sandbox) -> None:
    rule = {"count": -1, "action": "refuse", "status": 403}
    try:
        sandbox.faults(*({**rule, "match": {"path": f"*/{name}"}} for name in ("locks", "permissions")))
        body = terminal(f"assess --scope scope.yaml --subscription {OTHER} -o json").json
    finally:
        sandbox.faults()
    found = {one["name"]: one for one in body["workspaces"]}
    assert {step["code"] for step in found["read-only"]["blockers"]} == {"locks-unread"}
    assert found["read-only"]["rights"]["state"] == "unknown"
    assert "could not be read" in found["read-only"]["rights"]["reason"]
    assert found["elsewhere"]["blockers"] == [] and found["elsewhere"]["remedy"] == "none"
