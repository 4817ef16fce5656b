"""PF01 and PF02."""

from __future__ import annotations

import pytest

from cmkmigrate.errors import Unknown
from cmkmigrate.preflight.checks.tenant import reachable, registered
from tests.preflight.fakes import SUBSCRIPTION, Stage, judged, statuses, vault

HERE = f"/subscriptions/{SUBSCRIPTION}"
PARTS = ("Compute", "Storage", "Network", "ManagedIdentity")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("Enabled", "pass"),
        ("Warned", "warn"),
        ("PastDue", "warn"),
        ("Disabled", "fail"),
        ("Deleted", "fail"),
        ("", "fail"),
    ],
)
def test_the_subscription(stage: Stage, state: str, status: str) -> None:
    stage.azure.put(HERE, {"state": state, "tenantId": "t"})
    (one,) = judged(reachable(stage.ground()))
    assert one.status == status
    assert SUBSCRIPTION in one.evidence
    assert one.fix == ("" if status == "pass" else f"az account show --subscription {SUBSCRIPTION}")


def test_by_url_no_subscription_is_asked(stage: Stage) -> None:
    url = "https://adb-1.1.azuredatabricks.test"
    assert statuses(reachable(stage.ground("contents-only", source=url))) == ["pass"]
    assert statuses(registered(stage.ground("contents-only", source=url))) == ["pass"]


def providers(stage: Stage, **states: str) -> None:
    for name in ("Databricks", "KeyVault", *PARTS):
        stage.azure.put(f"{HERE}/providers/Microsoft.{name}", {"registrationState": states.get(name, "Registered")})


def test_all_are_registered(stage: Stage) -> None:
    providers(stage)
    assert statuses(registered(stage.ground())) == ["pass"] * 6
    assert statuses(registered(stage.ground("contents-only"))) == ["pass"], "nothing is provisioned"


@pytest.mark.parametrize(
    ("state", "status", "verb"), [("NotRegistered", "fail", "register"), ("Registering", "unknown", "show")]
)
def test_what_is_called_here_must_be(stage: Stage, state: str, status: str, verb: str) -> None:
    for name in ("Databricks", "KeyVault"):
        providers(stage, **{name: state})
        bad = [one for one in judged(registered(stage.ground())) if one.status != "pass"]
        assert [one.status for one in bad] == [status]
        assert bad[0].fix == f"az provider {verb} --namespace Microsoft.{name} --subscription {SUBSCRIPTION}"


@pytest.mark.parametrize("state", ["NotRegistered", "Registering"])
def test_what_a_workspace_is_made_of_is_warned_of(stage: Stage, state: str) -> None:
    """That Azure wants them registered before is an assumption."""
    for name in PARTS:
        providers(stage, **{name: state})
        assert sorted(statuses(registered(stage.ground()))) == ["pass"] * 5 + ["warn"]


def test_a_vault_that_is_there_needs_no_provider_here(stage: Stage) -> None:
    providers(stage, KeyVault="NotRegistered")
    there = vault()
    assert "fail" not in statuses(registered(stage.there(there).ground(vault_id=there["id"])))
    assert "fail" in statuses(registered(Stage.there(stage).ground(vault_name="other")))


def test_one_that_is_not_told_hides_no_other(stage: Stage) -> None:
    providers(stage, KeyVault="NotRegistered")
    stage.azure.put(f"{HERE}/providers/Microsoft.Databricks", Unknown("no answer"))
    stage.azure.put(f"{HERE}/providers/Microsoft.Compute", Unknown("no answer"))
    assert sorted(statuses(registered(stage.ground()))) == ["fail", "pass", "pass", "pass", "unknown", "warn"]
