"""Policies: what they would say, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.sandbox.loading import BadEstate
from tests.sandbox.conftest import Answer, Body, Inside

VERSION = "2022-03-01"
VAULTS = "Microsoft.KeyVault/vaults"
CHECK = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
ASSIGNMENTS = "providers/Microsoft.Authorization/policyAssignments"
WHERE = {
    "name": "regions",
    "display_name": "Allowed regions",
    "if": {"allOf": [{"field": "type", "equals": VAULTS}, {"field": "location", "notIn": "[parameters('where')]"}]},
    "parameters": {"where": ["northeurope"]},
}
TAG = {
    "name": "owner",
    "scope": "resourceGroups/rg-old",
    "message": "Ask the platform team.",
    "if": {"allOf": [{"field": "type", "equals": VAULTS}, {"field": "tags['owner']", "exists": False}]},
}


def put(inside: Inside, group: str = "rg-old", **more: Any) -> Answer:
    properties = {"tenantId": inside.cloud.tenant_id, "sku": {"family": "A", "name": "premium"}}
    body = {"location": "westeurope", "properties": properties, **more}
    return inside.arm("PUT", f"resourceGroups/{group}/providers/{VAULTS}/kv-new", body)


def asked(inside: Inside, content: Body, group: str = "", version: str = VERSION, **more: Any) -> Body:
    body = {"resourceDetails": {"resourceContent": {"type": VAULTS, **content}, "apiVersion": "2026-02-01"}, **more}
    answer = inside.arm("POST", f"{f'resourceGroups/{group}/' if group else ''}{CHECK}", body, version=version)
    assert answer.status == 200, answer.content
    return dict(answer.json)


def denials(told: Body) -> list[str]:
    found = told["contentEvaluationResult"]["policyEvaluations"]
    return [one["policyInfo"]["policyAssignmentId"].rsplit("/", 1)[-1] for one in found]


def test_a_put_is_refused(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"policies": [WHERE]})
    refused = put(inside)
    assert (refused.status, refused.code) == (403, "RequestDisallowedByPolicy")
    error, id = refused.json["error"], f"{inside.subscription}/{ASSIGNMENTS}/regions"
    assert error["target"] == "kv-new" and id in error["message"] and "Allowed regions" in error["message"]
    (info,) = (one["info"] for one in error["additionalInfo"])
    assert (info["policyAssignmentId"], info["policyDefinitionEffect"]) == (id, "deny")
    expressions = {
        one["expression"]: one["expressionValue"] for one in info["evaluationDetails"]["evaluatedExpressions"]
    }
    assert expressions == {"type": VAULTS, "location": "westeurope"}
    assert "kv-new" not in inside.cloud.vaults
    assert put(inside, location="northeurope").status == 200


def test_one_with_a_message_gives_its_reasons(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"policies": [TAG], "resource_groups": [{"name": "rg-else"}]})
    assert "Reasons: 'Ask the platform team.'" in put(inside).json["error"]["message"]
    assert put(inside, tags={"owner": "me"}).status == 200
    assert put(inside, "rg-else").status != 403, "the assignment is of the other group"


@pytest.mark.parametrize("more", [{"enforcement": "DoNotEnforce"}, {"effect": "audit"}, {"effect": "disabled"},
                                  {"not_scopes": ["resourceGroups/rg-old"]}])  # fmt: skip
def test_what_does_not_refuse(tmp_path: Path, more: Body) -> None:
    inside = Inside(tmp_path, {"policies": [{**WHERE, **more}]})
    assert put(inside).status == 200
    assert denials(asked(inside, {"location": "westeurope"}, "rg-old")) == []


def test_asked_before(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"policies": [WHERE, TAG]})
    assert denials(asked(inside, {"location": "westeurope"})) == ["regions"], "at the subscription"
    assert denials(asked(inside, {"location": "westeurope"}, "rg-old")) == ["regions", "owner"]
    assert denials(asked(inside, {"location": "northeurope", "tags": {"owner": "me"}}, "rg-old")) == []
    assert denials(asked(inside, {"type": "Microsoft.Databricks/workspaces", "location": "westeurope"}, "rg-old")) == []
    (one, _) = asked(inside, {"location": "westeurope"}, "rg-old")["contentEvaluationResult"]["policyEvaluations"]
    assert one["evaluationResult"] == "NonCompliant" and "effectDetails" not in one
    newer = asked(inside, {"location": "westeurope"}, version="2023-03-01")
    assert newer["contentEvaluationResult"]["policyEvaluations"][0]["effectDetails"] == {"policyEffect": "Deny"}


def test_audits_are_told_when_asked_for(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"policies": [{**WHERE, "effect": "audit"}]})
    told = asked(inside, {"location": "westeurope"}, version="2023-03-01", includeAuditEffect=True)
    assert denials(told) == ["regions"]


def test_pending_fields(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"policies": [WHERE, TAG]})
    pending = [{"field": "location", "values": ["westeurope", "northeurope"]}, {"field": "tags"}]
    told = asked(inside, {}, "rg-old", pendingFields=pending)
    assert denials(told) == []
    found = {one["field"]: one["restrictions"] for one in told["fieldRestrictions"]}
    assert [one["values"] for one in found["location"]] == [["westeurope"]]
    assert [one["result"] for one in found["tags.owner"]] == ["Required"]


def test_it_is_a_read_and_needs_its_action(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"operator": "Reader", "policies": [WHERE]})
    assert denials(asked(inside, {"location": "westeurope"})) == ["regions"], "*/read covers it"
    found = inside.sandbox.app.routes["arm"].find("POST", f"{inside.subscription}/{CHECK}")
    assert found is not None and not found[0].writes
    inside.cloud.settings.put({"operator_lacks": "Microsoft.PolicyInsights/checkPolicyRestrictions/read"})
    answer = inside.arm("POST", CHECK, {"resourceDetails": {"resourceContent": {}}}, version=VERSION)
    assert (answer.status, answer.code) == (403, "AuthorizationFailed")


def test_without_a_resource(tmp_path: Path) -> None:
    assert Inside(tmp_path).arm("POST", CHECK, {}, version=VERSION).code == "InvalidRequestContent"


def test_assignments_and_definitions(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"policies": [WHERE, TAG]})

    def names(path: str) -> list[str]:
        return [one["name"] for one in inside.arm("GET", path, version="2022-06-01").json["value"]]

    group = f"resourceGroups/rg-old/{ASSIGNMENTS}"
    assert names(group) == names(ASSIGNMENTS) == ["regions", "owner"]
    assert names(f"{ASSIGNMENTS}?$filter=atScope()") == ["regions"]
    one = inside.arm("GET", f"{ASSIGNMENTS}/REGIONS", version="2022-06-01").json
    assert one["properties"]["parameters"] == {"where": {"value": ["northeurope"]}}
    rule = inside.arm("GET", one["properties"]["policyDefinitionId"], version="2021-06-01").json["properties"]
    assert rule["policyRule"] == {"if": WHERE["if"], "then": {"effect": "deny"}}
    assert rule["parameters"] == {"where": {"type": "Array"}}
    assert inside.arm("GET", f"{ASSIGNMENTS}/none", version="2022-06-01").code == "PolicyAssignmentNotFound"
    definitions = "providers/Microsoft.Authorization/policyDefinitions"
    assert inside.arm("GET", f"{definitions}/none", version="2021-06-01").code == "PolicyDefinitionNotFound"
    assert names(definitions) == ["regions", "owner"]


def test_what_is_assigned_above_may_be_hidden(tmp_path: Path) -> None:
    grants = [{"scope": "resourceGroups/rg-old", "role": "Reader", "principal": "operator"}]
    inside = Inside(tmp_path, {"operator": "", "grants": grants, "policies": [WHERE, TAG]})
    group = f"resourceGroups/rg-old/{ASSIGNMENTS}"
    assert [one["name"] for one in inside.arm("GET", group, version="2022-06-01").json["value"]] == ["owner"]
    assert denials(asked(inside, {"location": "westeurope"}, "rg-old")) == ["regions", "owner"], (
        "it counts all the same"
    )


@pytest.mark.parametrize("wrong", [{}, {"name": "x"}, {**WHERE, "effect": "append"}, {**WHERE, "parameters": {}},
                                   {**WHERE, "enforcement": "No"}, {**WHERE, "if": {"count": {}}}])  # fmt: skip
def test_mistakes(tmp_path: Path, wrong: Body) -> None:
    with pytest.raises(BadEstate, match=r"arm\.json"):
        Inside(tmp_path, {"policies": [wrong]})
