"""What a workspace asks of its storage's firewall when it is made, and who can enter one without public access.

Rests on the vendor's page about the storage firewall; codes and texts of its refusals are Assumptions.
"""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox.arm_workspace import Workspace
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.private_endpoints import entered
from cmkmigrate.sandbox.wire import Response, azure_error, databricks_error


def refusal(cloud: Cloud, had: Workspace | None, properties: Body) -> Response | None:
    """Why a workspace cannot be made with this storage firewall."""
    if had is not None or properties.get("defaultStorageFirewall") != "Enabled":
        return None
    parameters, connector = properties.get("parameters") or {}, properties.get("accessConnector") or {}
    injected = bool(_value(parameters, "customVirtualNetworkId"))
    if not injected or _value(parameters, "enableNoPublicIp") is False or not connector:
        text = "The default storage firewall needs VNet injection, No Public IP and an access connector."
        return azure_error(400, "DefaultStorageFirewallNotAllowed", text)
    if str(connector.get("id", "")).lower() not in cloud.data_resources:
        return azure_error(400, "AccessConnectorNotFound", "The access connector was not found.")
    return None


def _value(parameters: Body, name: str) -> Any:
    return (parameters.get(name) or {}).get("value")


def closed(cloud: Cloud, arm_id: str) -> Response | None:
    """The refusal of a workspace without public access that no private endpoint leads to.

    Code and text as users have met them (403 "Unauthorized network access to workspace: ID").
    """
    workspace: Workspace | None = cloud.workspaces.get(arm_id.lower())
    if workspace is None or workspace.others.get("publicNetworkAccess") != "Disabled":
        return None
    if entered(cloud, workspace.id):
        return None
    return databricks_error(403, "403", f"Unauthorized network access to workspace: {workspace.org_id}")
