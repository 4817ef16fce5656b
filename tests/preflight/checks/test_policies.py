"""PF06."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from cmkmigrate.preflight.checks.policies import restrictions
from tests.preflight.fakes import GROUP, Stage, denied, judged, statuses, workspace

CHECK = f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
LIST = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments"
ASSIGNMENT = "/subscriptions/s/providers/microsoft.authorization/policyAssignments/57DAC8A0"
POLICY = {"policyAssignmentId": ASSIGNMENT}


def answered(stage: Stage, *evaluations: Any, fields: Any = ()) -> None:
    said = {"fieldRestrictions": list(fields), "contentEvaluationResult": {"policyEvaluations": list(evaluations)}}
    stage.azure.put(CHECK, said)


def found(stage: Stage, **params: Any) -> list[Any]:
    return judged(restrictions(stage.ground(**params)))


def test_nothing_stands_against_it(stage: Stage) -> None:
    answered(stage)
    assert [str(one.status) for one in found(stage)] == ["pass", "pass"]
    assert statuses(restrictions(stage.ground("contents-only"))) == ["pass"]


def test_what_is_asked_about_is_what_would_be_sent(stage: Stage) -> None:
    answered(stage)
    stage.there(workspace("old", requiredNsgRules="NoAzureServiceRules"))
    stage.source.resource = workspace("old", requiredNsgRules="NoAzureServiceRules")
    found(stage)
    contents = {body["resourceDetails"]["resourceContent"]["type"]: body for _, body in stage.azure.asked}
    sent = contents["Microsoft.Databricks/workspaces"]["resourceDetails"]["resourceContent"]
    assert sent["name"] == "new" and sent["location"] == "westeurope"
    assert sent["properties"]["requiredNsgRules"] == "NoAzureServiceRules"
    assert "known after" not in str(sent)
    sent = contents["Microsoft.KeyVault/vaults"]["resourceDetails"]["resourceContent"]
    assert sent["properties"]["enablePurgeProtection"] is True


def test_in_place_the_whole_of_it_is_asked_about(stage: Stage) -> None:
    answered(stage)
    stage.there(workspace("old", requiredNsgRules="NoAzureServiceRules"))
    assert statuses(restrictions(stage.ground("enable-in-place"))) == ["pass", "pass"]
    sent = stage.azure.asked[-1][1]["resourceDetails"]["resourceContent"]["properties"]
    assert sent["requiredNsgRules"] == "NoAzureServiceRules"
    assert sent["encryption"]["entities"].keys() == {"managedServices", "managedDisk"}


def test_a_policy_that_denies(stage: Stage) -> None:
    """The shape is that of the vendor's example, 2022-03-01."""
    answered(stage, {"policyInfo": POLICY, "evaluationResult": "NonCompliant"})
    one = found(stage)[0]
    assert one.status == "fail" and ASSIGNMENT in one.evidence
    words = shlex.split(one.fix)
    assert words[words.index("--policy-assignment") + 1] == ASSIGNMENT
    assert words[words.index("--scope") + 1] == GROUP


@pytest.mark.parametrize(
    ("evaluation", "status"),
    [
        ({"evaluationResult": "NonCompliant", "effectDetails": {"policyEffect": "Audit"}}, "warn"),
        ({"evaluationResult": "NonCompliant", "effectDetails": {"policyEffect": "Deny"}}, "fail"),
        ({"evaluationResult": "Error"}, "unknown"),
    ],
)
def test_other_results(stage: Stage, evaluation: dict[str, Any], status: str) -> None:
    answered(stage, {"policyInfo": POLICY, **evaluation})
    assert found(stage)[0].status == status


@pytest.mark.parametrize(
    ("field", "restriction", "status"),
    [
        ("location", {"result": "Deny", "values": ["west europe"]}, "fail"),
        ("location", {"result": "Deny", "values": ["eastus"]}, "pass"),
        ("location", {"result": "Required", "values": ["westeurope"]}, "pass"),
        ("location", {"result": "Required", "values": ["eastus"]}, "fail"),
        ("tags.team", {"result": "Required"}, "fail"),
        ("tags.team", {"result": "Required", "defaultValue": "x"}, "warn"),
        ("tags['env']", {"result": "Required", "values": ["prod"]}, "pass"),
        ("tags.env", {"result": "Removed"}, "warn"),
        ("Microsoft.Databricks/workspaces/sku.name", {"result": "Deny", "values": ["premium"]}, "unknown"),
    ],
)
def test_fields(stage: Stage, field: str, restriction: dict[str, Any], status: str) -> None:
    answered(stage, fields=[{"field": field, "restrictions": [restriction | {"policy": POLICY}]}])
    stage.source.resource = workspace("old") | {"tags": {"env": "prod"}}
    seen = [one for one in found(stage) if ASSIGNMENT in one.evidence]
    assert seen[-1].status == status, seen


def test_who_may_not_ask_gets_the_list(stage: Stage) -> None:
    stage.azure.put(CHECK, denied())
    stage.azure.put(LIST, [{"name": "one", "properties": {"displayName": "Allowed locations"}}])
    one = found(stage)[0]
    assert one.status == "unknown" and "Allowed locations" in one.evidence
    assert shlex.split(one.fix)[-1] == GROUP
    stage.azure.put(LIST, [{"name": "one", "properties": {"enforcementMode": "DoNotEnforce"}}])
    assert [str(one.status) for one in found(stage)] == ["pass", "pass"]


def test_a_step_that_cannot_be_planned_is_judged_by_what_is_certain(stage: Stage) -> None:
    answered(stage)
    stage.there(workspace("old", parameters={"customVirtualNetworkId": {"value": "/x"}}))
    stage.source.resource = stage.azure.workspace(stage.source.arm_id)
    assert [str(one.status) for one in found(stage)] == ["pass", "pass"]
