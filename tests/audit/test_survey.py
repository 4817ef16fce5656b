"""The audit of an estate with every case: each verdict is right, and nothing that could not be read is silent."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.audit.estate import BROKEN, DENIED, FEATURES, HIDDEN, OTHER, OWN, Estate
from tests.cli.transcript import Terminal
from tests.harness import ARM, Commands, Launcher, Sandbox


@pytest.fixture
def body(terminal: Terminal) -> dict[str, Any]:
    result = terminal("audit --scope scope.yaml -o json")
    assert result.code == 3, result
    found: dict[str, Any] = result.json
    return found


OWNER, READER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def by_name(body: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in body["rows"]:
        found.setdefault(row["name"], {})[row["feature"]] = row
    return found


def test_every_verdict_is_right(body: dict[str, Any], estate: Estate) -> None:
    found = {name: tuple(rows[one]["verdict"] for one in FEATURES) for name, rows in by_name(body).items()}
    wrong = {name: (found.get(name), wanted) for name, wanted in estate.expected.items() if found.get(name) != wanted}
    assert wrong == {}
    assert found.keys() == estate.expected.keys()


def test_every_cause_is_named(body: dict[str, Any], estate: Estate) -> None:
    rows = by_name(body)
    for name, codes in estate.codes.items():
        named = {cause["code"] for row in rows[name].values() for cause in row["causes"]}
        assert set(codes) <= named, (name, codes, named)
    for name in BROKEN:  # and no other cause than the one that was built
        for feature, row in rows[f"broken-{name}"].items():
            assert {cause["code"] for cause in row["causes"]} == {BROKEN[name][2]}, (name, feature, row["causes"])


def test_the_population_is_counted(body: dict[str, Any], estate: Estate) -> None:
    population = {one["subscription"]: one for one in body["population"]}
    assert population.keys() == {OWN, OTHER, DENIED}
    assert population[OWN]["workspaces"] == len(estate.workspaces) - 1
    assert population[OTHER] == {"subscription": OTHER, "name": "other", "workspaces": 1, "problem": "", "cut": ""}
    assert "AuthorizationFailed" in population[DENIED]["problem"]
    assert [(one["group"], one["sure"]) for one in body["orphaned"]] == [("databricks-rg-left-behind", True)]
    passes = sum(row["verdict"] in ("cmk", "excepted") for row in body["rows"])
    assert body["findings"] == len(body["rows"]) - passes + 1 + 1
    assert sum(body["counts"].values()) == len(body["rows"]) == 3 * len(estate.workspaces)


def test_a_hidden_subscription_that_is_named_is_a_finding(terminal: Terminal) -> None:
    result = terminal(f"audit --subscription {HIDDEN} --subscription {OTHER} -o json --scope scope.yaml")
    assert result.code == 3
    assert [bool(one["problem"]) for one in result.json["population"]] == [True, False]
    assert result.json["findings"] == 1


def test_all_well_ends_with_nothing(terminal: Terminal) -> None:
    """The one workspace of a subscription that is healthy; its vault is found in another subscription."""
    result = terminal(f"audit --subscription {OTHER} -o json --scope scope.yaml")
    assert (result.code, result.json["findings"]) == (0, 0)
    assert {row["verdict"] for row in result.json["rows"]} == {"cmk"}
    assert result.json["unmatched"], "the other entries of the scope file were not met, and that is said"


def test_one_list_call_for_each_subscription(terminal: Terminal, sandbox: Sandbox, estate: Estate) -> None:
    sandbox.forget()
    terminal("audit --scope scope.yaml")
    sent = [one for one in sandbox.requests() if one["host"] == "management.azure.test"]
    assert not [one for one in sent if one["write"]]
    listings = [one["path"] for one in sent if one["path"].endswith("/Microsoft.Databricks/workspaces")]
    assert len(listings) == len(set(listings)) == 3
    single = [one["path"] for one in sent if "/Microsoft.Databricks/workspaces/" in one["path"]]
    assert [path.rpartition("/")[2] for path in single] == ["deleted-long-ago"], "only the owner of a leftover group"
    keys = len({json.dumps([one["vault"], one["key"]]) for one in terminal("audit -o json").json["keys"]})
    assert len(sent) <= 3 * 6 + 3 * keys + 10, len(sent)


def test_a_reader_gets_the_same_picture(
    estate: Estate, launcher: Launcher, body: dict[str, Any], tmp_path: Path
) -> None:
    """Reader on the subscription and nothing else: no right on the content of any vault."""
    scope, version = f"/subscriptions/{OWN}", "api-version=2022-04-01"
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    made = Sandbox(tmp_path / "sandbox", estate.write(tmp_path / "estate"), grant_delay=0)
    try:
        all_of_them = made.call(ARM, "GET", f"{path}?{version}&$filter=atScope()")["value"]
        (owner,) = [one for one in all_of_them if one["properties"]["roleDefinitionId"].endswith(OWNER)]
        role = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
        given = {"properties": {"roleDefinitionId": role, "principalId": owner["properties"]["principalId"]}}
        made.call(ARM, "PUT", f"{path}/{uuid.uuid4()}?{version}", given)
        made.call(ARM, "DELETE", f"{owner['id']}?{version}")
        terminal = Terminal(Commands(launcher, tmp_path, made.env))
        terminal.write("scope.yaml", yaml.safe_dump(estate.scope()))
        found = terminal("audit --scope scope.yaml -o json").json
        with pytest.raises(RuntimeError, match="AuthorizationFailed"):
            made.call(ARM, "PUT", f"{path}/{uuid.uuid4()}?{version}", given)
    finally:
        made.close()
    same = ("name", "feature", "verdict")
    assert [[row[one] for one in same] for row in found["rows"]] == [[row[one] for one in same] for row in body["rows"]]
    assert found["findings"] == body["findings"]


def test_nobody_attests(terminal: Terminal) -> None:
    """Without the scope file no key of managed services is known to have been there from the beginning."""
    rows = by_name(terminal("audit -o json").json)
    row = rows["well-xxx"]["managed_services"]
    assert (row["verdict"], [one["code"] for one in row["causes"]]) == ("unknown", ["since"])
    assert rows["well-xxx"]["dbfs_root"]["verdict"] == "cmk"


def test_a_directory_that_may_not_be_read(terminal: Terminal, sandbox: Sandbox) -> None:
    sandbox.control("PUT", "settings", {"graph": "deny"})
    try:
        row = by_name(terminal("audit --scope scope.yaml -o json").json)["well-xxx"]["managed_services"]
        assert (row["verdict"], [one["code"] for one in row["causes"]]) == ("unknown", ["principal-unknown"])
    finally:
        sandbox.control("PUT", "settings", {"graph": "allow"})
