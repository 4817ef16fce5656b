"""What is in the way: each blocker where it counts, and not where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.assess.blockers import blockers
from cmkmigrate.assess.model import BLOCKERS, Remedy
from cmkmigrate.audit.model import Feature

GROUP = "/subscriptions/s/resourceGroups/g"
ID = f"{GROUP}/providers/Microsoft.Databricks/workspaces/w"
VAULT = "/subscriptions/s/resourceGroups/k/providers/Microsoft.KeyVault/vaults/v"


def workspace(sku: str = "premium", state: str = "Succeeded", **more: Any) -> dict[str, Any]:
    return {"id": ID, "name": "w", "sku": {"name": sku}, "properties": {"provisioningState": state, **more}}


def lock(scope: str, level: str = "ReadOnly") -> dict[str, Any]:
    return {"id": f"{scope}/providers/Microsoft.Authorization/locks/l", "properties": {"level": level}}


def codes(
    resource: dict[str, Any], remedy: str, *locks: Any, vaults: Any = (), features: Any = tuple(Feature)
) -> list[str]:
    return [one.code for one in blockers(resource, Remedy(remedy), features, locks, vaults)]


def test_nothing_is_in_the_way_of_nothing() -> None:
    bad = workspace("standard", "Failed")
    assert codes(bad, "none", lock(ID)) == codes(bad, "exception", lock(ID)) == []
    assert (
        codes(workspace(), "in place") == codes(workspace(), "migrate") == codes(workspace("trial"), "in place") == []
    )


def test_the_plan_and_the_state() -> None:
    assert codes(workspace("standard"), "in place") == ["sku"]
    assert codes(workspace("Standard"), "migrate") == [], "a new workspace is Premium"
    assert codes(workspace(state="Failed"), "in place") == ["state"]
    assert codes(workspace(state="Updating"), "migrate") == ["state"]
    assert codes(workspace(state=""), "unknown") == ["state"]
    assert codes(workspace(), "not eligible") == ["serverless"]


def test_disks_of_a_fedramp_workspace() -> None:
    federal = workspace(parameters={"enableFedRampCertification": {"value": True}})
    assert codes(federal, "in place") == ["fedramp"]
    assert codes(federal, "in place", features=[Feature.DBFS_ROOT]) == []
    assert codes(workspace(parameters={"enableFedRampCertification": {"value": False}}), "in place") == []


def test_the_network_of_a_new_workspace() -> None:
    inside = workspace(parameters={"customVirtualNetworkId": {"value": "/v"}}, publicNetworkAccess="Disabled")
    assert codes(inside, "migrate") == ["subnets", "private"]
    assert codes(inside, "in place") == []


@pytest.mark.parametrize(
    ("scope", "level", "remedy", "code"),
    [
        (ID, "ReadOnly", "in place", "lock-read-only"),
        (ID.upper(), "ReadOnly", "in place", "lock-read-only"),
        (GROUP, "ReadOnly", "in place", "lock-read-only"),
        ("/subscriptions/s", "ReadOnly", "in place", "lock-read-only"),
        (f"{ID}x", "ReadOnly", "in place", ""),
        (f"{GROUP}2", "ReadOnly", "in place", ""),
        (ID, "CanNotDelete", "in place", ""),
        (GROUP, "ReadOnly", "migrate", "lock-read-only"),
        (ID, "ReadOnly", "migrate", "lock-delete"),
        (GROUP, "CanNotDelete", "migrate", "lock-delete"),
        (f"{GROUP}2", "CanNotDelete", "migrate", ""),
        (VAULT, "ReadOnly", "mend", "lock-read-only"),
        (VAULT, "ReadOnly", "in place", "lock-read-only"),
        (VAULT, "CanNotDelete", "mend", ""),
        (ID, "ReadOnly", "mend", ""),
    ],
)
def test_locks(scope: str, level: str, remedy: str, code: str) -> None:
    assert codes(workspace(), remedy, lock(scope, level), vaults=[VAULT]) == ([code] if code else [])


def test_locks_that_could_not_be_read_are_no_pass() -> None:
    found = blockers(workspace(), Remedy.IN_PLACE, [], "403: no")
    assert [(one.code, "403: no" in one.text) for one in found] == [("locks-unread", True)]


def test_every_code_is_met_here() -> None:
    met = {
        "sku",
        "state",
        "lock-read-only",
        "lock-delete",
        "locks-unread",
        "serverless",
        "fedramp",
        "subnets",
        "private",
    }
    assert met == BLOCKERS.keys()
