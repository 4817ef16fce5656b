"""Workspaces that an estate says are there already: their side in ARM (`"workspaces"` of its arm.json)."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from cmkmigrate.sandbox import arm_encryption
from cmkmigrate.sandbox.arm_workspace import ECHOED, TYPE, Workspace, label_of, managed_group_for, org_id_of
from cmkmigrate.sandbox.cloud import Body, Cloud, resource_id


def workspace_of(
    cloud: Cloud, subscription: str, name: str, region: str, told: Body, label: str = "", org_id: str = ""
) -> Workspace:
    """A workspace that exists already, with what `told` says of it."""
    group, location = str(told.get("resource_group") or f"rg-{name}"), str(told.get("location") or region)
    arm_id = resource_id(subscription, group, TYPE, name)
    properties = ours(cloud, told.get("properties") or {})
    managed = properties.get("managedResourceGroupId") or managed_group_for(cloud, name, arm_id)
    managed = managed.replace(cloud.subscription_id, subscription)
    org_id = org_id or org_id_of(arm_id)
    sku = told.get("sku") or "premium"
    sku = str(sku["name"] if isinstance(sku, dict) else sku).lower()
    made = Workspace(
        subscription, group, name, location, sku, managed, label or label_of(org_id), org_id, told.get("tags")
    )
    made.created = made.touched = _seconds(properties.get("createdDateTime")) or cloud.clock.now()
    made.compute_mode = properties.get("computeMode", "Hybrid")
    made.state, made.settled = properties.get("provisioningState", "Succeeded"), True
    made.parameters = made.defaults()
    for key, value in (properties.get("parameters") or {}).items():
        made.parameters[key] = value["value"] if isinstance(value, dict) and "value" in value else value
    if made.parameters.get("customVirtualNetworkId"):
        made.parameters.pop("natGatewayName", None)
    made.entities = arm_encryption.entities_of({"properties": properties})
    made.others = {key: properties[key] for key in ECHOED if key in properties}
    made.others.setdefault("publicNetworkAccess", "Enabled")
    made.others.setdefault("requiredNsgRules", "AllRules")
    if made.parameters.get("prepareEncryption"):
        made.storage_identity = cloud.identity("storage", made.id)
    if made.entities.get("managedDisk"):
        made.disk_identity = cloud.identity("disks", made.id)
    return made


def admit(cloud: Cloud, workspace: Workspace) -> None:
    at = workspace.subscription
    cloud.group(workspace.group, workspace.location, subscription=at)
    cloud.group(workspace.managed_group_name, workspace.location, managed_by=workspace.id, subscription=at)
    cloud.workspaces[workspace.id.lower()] = workspace


def ours(cloud: Cloud, value: Any) -> Any:
    """The same with every subscription in an id replaced by the sandbox's."""
    text = re.sub(
        r"/subscriptions/([0-9a-fA-F-]{36})",
        lambda found: (
            found[0] if found[1].lower() in cloud.subscriptions else f"/subscriptions/{cloud.subscription_id}"
        ),
        json.dumps(value),
    )
    return json.loads(text)


def _seconds(told: Any) -> float:
    """A time as ARM writes it, in Unix seconds; 0.0 where there is none."""
    return datetime.fromisoformat(str(told)).timestamp() if told else 0.0
