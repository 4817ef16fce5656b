"""The rules of policies: what each condition says of a resource, and what is not understood."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.sandbox.policy_rules import check, fields, filled, holds

WORKSPACE = {
    "type": "Microsoft.Databricks/workspaces",
    "name": "w",
    "location": "West Europe",
    "sku": {"name": "standard"},
    "tags": {"env": "prod"},
    "properties": {"publicNetworkAccess": "Enabled", "parameters": {"enableNoPublicIp": {"value": False}}},
}
TYPE = {"field": "type", "equals": "microsoft.databricks/Workspaces"}
ALIAS = "Microsoft.Databricks/workspaces/"


@pytest.mark.parametrize(
    "rule",
    [
        TYPE,
        {"field": "name", "like": "W*"},
        {"field": "location", "in": ["westeurope", "northeurope"]},
        {"field": "location", "notIn": ["eastus"]},
        {"field": "tags.owner", "exists": False},
        {"field": "tags['ENV']", "notEquals": "test"},
        {"field": "tags[env]", "contains": "ro"},
        {"field": ALIAS + "sku.name", "equals": "Standard"},
        {"field": ALIAS + "publicNetworkAccess", "notEquals": "Disabled"},
        {"field": ALIAS + "parameters.enableNoPublicIp.value", "notEquals": True},
        {"field": "Microsoft.KeyVault/vaults/enablePurgeProtection", "exists": "false"},
        {"allOf": [TYPE, {"not": {"field": "tags.env", "equals": "test"}}]},
        {"anyOf": [{"field": "name", "equals": "x"}, TYPE]},
    ],
)
def test_holds_and_its_opposite_does_not(rule: Any) -> None:
    assert holds(rule, WORKSPACE)
    assert not holds({"not": rule}, WORKSPACE)


def test_parameters() -> None:
    rule = {"allOf": [TYPE, {"field": "location", "notIn": "[parameters('where')]"}]}
    assert holds(filled(rule, {"where": ["eastus"]}), WORKSPACE)
    assert not holds(filled(rule, {"where": ["westeurope"]}), WORKSPACE)
    with pytest.raises(ValueError, match="where"):
        filled(rule, {})


def test_fields() -> None:
    assert fields({"not": {"anyOf": [TYPE, {"field": "tags.Env", "exists": True}]}}) == {"type", "tags.env"}


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "type", "matches": "x"}, {"value": "x", "equals": "x"}, {"count": {}}, {}, "x",
        {"field": "identity", "exists": True}, {"field": ALIAS + "x[*]", "equals": 1}, {"allOf": [{"field": "type"}]},
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused(rule: Any) -> None:
    with pytest.raises(ValueError, match="polic"):
        check(rule)
