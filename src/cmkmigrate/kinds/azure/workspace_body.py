"""The body of a new workspace, made of the GET body of the old one: what is carried, what is input, what must be new.

docs/networks.md says of each property of the vendor's schema which it is, and a test holds the page to that schema.
"""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Final

from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.errors import Blocked
from cmkmigrate.kinds.azure import network_rules
from cmkmigrate.kinds.azure.features import ENTITIES, entity, wanted
from cmkmigrate.kinds.base import Settings
from cmkmigrate.model import Body

# Taken over; not the names that must be new (managed resource group, storage account, subnets).
_CARRIED: Final = ("publicNetworkAccess", "requiredNsgRules", "defaultStorageFirewall")
_PARAMETERS: Final = (
    "enableNoPublicIp",
    "storageAccountSkuName",
    "loadBalancerId",
    "loadBalancerBackendPoolName",
    "amlWorkspaceId",
)
_MANAGED_NETWORK: Final = ("vnetAddressPrefix", "natGatewayName", "publicIpName")  # only without a network of one's own


def body_of(source: Body, settings: Settings, at: ResourceId) -> Body:
    """The body of the new workspace, from the GET body of the old one. Raises Blocked, Mistake."""
    old = source.get("properties") or {}
    sku = str((source.get("sku") or {}).get("name", "")).lower()
    subject = str(source.get("name", ""))
    if sku != "premium":
        raise Blocked(
            "the old workspace is not Premium",
            subject=subject,
            why=f"it is {sku or 'of no known tier'}; customer-managed keys are for Premium alone",
            next=f"az databricks workspace update --ids {source.get('id')} --sku premium",
        )
    if str(old.get("computeMode", "Hybrid")).lower() != "hybrid":
        why = "it has no disks and no DBFS root to encrypt"
        raise Blocked("the old workspace is serverless", subject=subject, why=why)
    for fault in network_rules.input_faults(source, settings):
        raise fault.blocked()
    features = wanted(settings)
    parameters = _parameters(source, settings)
    if "dbfs_root" in features:
        parameters["prepareEncryption"] = {"value": True}
    if settings.get("double_encryption") or network_rules.parameter(source, "requireInfrastructureEncryption"):
        parameters["requireInfrastructureEncryption"] = {"value": True}
    properties: Body = {
        "computeMode": "Hybrid",
        "managedResourceGroupId": _managed_group(settings, at),
        "parameters": parameters,
        "provisioningState": "Succeeded",
        **{name: copy.deepcopy(old[name]) for name in _CARRIED if old.get(name) is not None},
    }
    entities = {ENTITIES[one]: entity(settings, one) for one in features if one in ENTITIES}
    connector = network_rules.connector_of(source, settings)
    if connector:
        properties["accessConnector"] = connector
    if entities:
        properties["encryption"] = {"entities": entities}
    compliance = _compliance(old)
    if compliance:
        properties["enhancedSecurityCompliance"] = compliance
    catalog = (old.get("defaultCatalog") or {}).get("initialType")
    if catalog:
        properties["defaultCatalog"] = {"initialType": catalog}  # its name belongs to the old workspace
    body: Body = {"location": source["location"], "sku": {"name": "premium"}, "properties": properties}
    if source.get("tags"):
        body["tags"] = dict(source["tags"])
    return body


def _parameters(source: Body, settings: Settings) -> Body:
    network = network_rules.network_of(source, settings)
    names = _PARAMETERS if network else _PARAMETERS + _MANAGED_NETWORK
    values = {name: network_rules.parameter(source, name) for name in names}
    if network:
        values["customVirtualNetworkId"] = network
        values["customPublicSubnetName"] = str(settings["public_subnet"])
        values["customPrivateSubnetName"] = str(settings["private_subnet"])
    return {name: {"value": value} for name, value in values.items() if value is not None}


def _compliance(old: Body) -> Body:
    """Enhanced security and compliance where any of it is on; standards ["NONE"] mean none."""
    found: Body = copy.deepcopy(old.get("enhancedSecurityCompliance") or {})
    profile = found.get("complianceSecurityProfile") or {}
    if profile.get("complianceStandards") == ["NONE"]:
        del profile["complianceStandards"]
    return found if any((part or {}).get("value") == "Enabled" for part in found.values()) else {}


def _managed_group(settings: Settings, at: ResourceId) -> str:
    """The ARM id of the managed resource group: the given one, or always the same one for the same workspace."""
    name = str(settings.get("managed_resource_group") or "")
    if not name:
        digest = hashlib.sha256(str(at).lower().encode()).digest()
        tail = base64.b32encode(digest).decode().lower()[:13]
        name = f"databricks-rg-{at.name}-{tail}"[:90].rstrip(".")
    return name if name.startswith("/") else f"/subscriptions/{at.subscription}/resourceGroups/{name}"
