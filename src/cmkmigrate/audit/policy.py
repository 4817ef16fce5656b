"""The three features as a definition of Azure Policy: what Azure's built-in policies do not ask for.

A policy sees whether a key is named, not whether it is healthy, who may use it, or since when it has been on: it keeps
new workspaces from slipping through, and does not take the place of an audit.

Aliases are paths of properties of Microsoft.Databricks/workspaces. Those of managed services and of the DBFS root are
used by published policies (the community's two); Assumption: the ones of managed disks and of the mode exist likewise,
as Azure Policy makes aliases for the properties of a resource's specification. `az provider show --namespace
Microsoft.Databricks --expand resourceTypes/aliases` tells.
"""

from __future__ import annotations

import json
from typing import Any, Final

from cmkmigrate.audit.model import Feature

TYPE: Final = "Microsoft.Databricks/workspaces"
SOURCE: Final = "Microsoft.Keyvault"  # the language compares without case
FIELDS: Final = {
    Feature.MANAGED_SERVICES: f"{TYPE}/encryption.entities.managedServices.keySource",
    Feature.MANAGED_DISKS: f"{TYPE}/encryption.entities.managedDisk.keySource",
    Feature.DBFS_ROOT: f"{TYPE}/parameters.encryption.value.keySource",
}
MODE: Final = f"{TYPE}/computeMode"


def definition() -> dict[str, Any]:
    """The definition, as `az policy definition create` takes its parts. What is serverless has no disks and no root."""
    return {
        "properties": {
            "displayName": "Azure Databricks workspaces should have customer-managed keys for all three features",
            "description": (
                "Managed services, managed disks and the DBFS root of a workspace name a key of a key vault. Whether "
                "that key is healthy and in use is not seen here."
            ),
            "policyType": "Custom",
            "mode": "Indexed",
            "metadata": {"version": "1.0.0", "category": "Azure Databricks"},
            "parameters": {
                "effect": {
                    "type": "String",
                    "metadata": {"displayName": "Effect", "description": "Audit, deny, or do nothing"},
                    "allowedValues": ["Audit", "Deny", "Disabled"],
                    "defaultValue": "Audit",
                }
            },
            "policyRule": {
                "if": {"allOf": [{"field": "type", "equals": TYPE}, {"anyOf": [_without(one) for one in Feature]}]},
                "then": {"effect": "[parameters('effect')]"},
            },
        }
    }


def _without(feature: Feature) -> dict[str, Any]:
    missing = {"field": FIELDS[feature], "notEquals": SOURCE}
    if feature is Feature.MANAGED_SERVICES:
        return missing
    return {"allOf": [{"field": MODE, "notEquals": "Serverless"}, missing]}


def document() -> str:
    """The definition as JSON text."""
    return json.dumps(definition(), indent=2) + "\n"
