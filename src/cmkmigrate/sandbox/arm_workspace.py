"""A workspace in ARM: what it looks like, before, while and after something is done to it.

Shapes: recorded traffic of api-version 2024-05-01; `computeMode` is what 2026-01-01 adds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cmkmigrate.sandbox.cloud import MANAGER, Body, Cloud, digest, guid, iso, resource_id
from cmkmigrate.sandbox.hosts import Names
from cmkmigrate.sandbox.private_endpoints import connections_of
from cmkmigrate.sandbox.roles import OWNER

TYPE = "Microsoft.Databricks/workspaces"
BOOLS = ("enableNoPublicIp", "prepareEncryption", "requireInfrastructureEncryption", "enableFedRampCertification")
OBJECTS = ("encryption", "resourceTags")
READ_ONLY = ("resourceTags", "enableFedRampCertification")
ECHOED = (
    "publicNetworkAccess", "requiredNsgRules", "enhancedSecurityCompliance", "defaultCatalog", "accessConnector",
    "defaultStorageFirewall", "uiDefinitionUri",
)  # fmt: skip
COMPUTE_MODE_SINCE = "2025-08"  # versions that know computeMode
BARE_VERSIONS = ("2018-04-01", "2021-04-01-preview", "2022-04-01-preview", "2023-02-01")  # no systemData, isUcEnabled


def org_id_of(arm_id: str) -> str:
    """A workspace id that belongs to this ARM id (16 digits)."""
    return str(10**15 + int(digest("workspace", arm_id)[:15], 16) % (9 * 10**15))


def label_of(org_id: str) -> str:
    """The first two labels of its host; the second is the id modulo 20 (true of all recorded ids)."""
    return f"adb-{org_id}.{int(org_id) % 20}"


@dataclass(slots=True)
class Workspace:
    """`settled` are its properties after the last operation that succeeded (None: not created yet)."""

    subscription: str
    group: str
    name: str
    location: str
    sku: str
    managed_group: str  # ARM id
    label: str
    org_id: str
    tags: Body | None = None
    created: float = 0.0
    touched: float = 0.0
    state: str = "Accepted"
    compute_mode: str = "Hybrid"
    parameters: Body = field(default_factory=dict)  # name -> value, settled
    entities: Body = field(default_factory=dict)  # managedServices, managedDisk, settled
    others: Body = field(default_factory=dict)  # the properties of ECHOED, settled
    disk_identity: str = ""
    storage_identity: str = ""
    settled: bool = False
    asked: Body = field(default_factory=dict)  # the request that is being carried out
    operation: Any = None

    @property
    def id(self) -> str:
        return resource_id(self.subscription, self.group, TYPE, self.name)

    @property
    def managed_group_name(self) -> str:
        return self.managed_group.rstrip("/").rsplit("/", 1)[-1]

    def defaults(self) -> Body:
        """The parameters that the service fills in when a workspace is created."""
        made: Body = {
            "enableFedRampCertification": False,
            "enableNoPublicIp": True,
            "natGatewayName": "nat-gateway",
            "prepareEncryption": False,
            "publicIpName": "nat-gw-public-ip",
            "requireInfrastructureEncryption": False,
            "resourceTags": {"application": "databricks", "databricks-environment": "true", **(self.tags or {})},
            "storageAccountName": "dbstorage" + _letters(self.id, 13),
            "storageAccountSkuName": "Standard_GRS",
            "vnetAddressPrefix": "10.139",
        }
        return made

    def people(self, cloud: Cloud) -> Body:
        one = {"oid": cloud.operator.id, "puid": "", "applicationId": cloud.operator.name}
        return {"createdBy": one, "updatedBy": dict(one)}

    def body(self, cloud: Cloud, names: Names, version: str) -> Body:
        """What a GET shows."""
        properties: Body = {
            "isUcEnabled": self.settled and self.sku == "premium",
            **self.others,
            **_entities(self.entities),
            "managedResourceGroupId": self.managed_group,
            "provisioningState": self.state,
            "authorizations": [authorization()],
            **self.people(cloud),
            "createdDateTime": iso(self.created),
        }
        if connected := connections_of(cloud, self.id):
            properties["privateEndpointConnections"] = connected
        if self.settled:
            properties |= self._grown(cloud, names)
        return self._resource(cloud, properties, version, self.created)

    def _grown(self, cloud: Cloud, names: Names) -> Body:
        """What exists only once the service has made it."""
        serverless = self.compute_mode == "Serverless"
        grown: Body = {"workspaceId": self.org_id, "workspaceUrl": f"{self.label}.{names.databricks}"}
        if not serverless:
            grown["parameters"] = {name: typed(name, value) for name, value in sorted(self.parameters.items())}
        if self.storage_identity and self.parameters.get("prepareEncryption"):
            grown["storageAccountIdentity"] = _identity(cloud, self.storage_identity)
        if self.disk_identity:
            grown["managedDiskIdentity"] = _identity(cloud, self.disk_identity)
            name = "dbdiskencryptionset" + digest("disks", self.id)[:13]
            grown["diskEncryptionSetId"] = f"{self.managed_group}/providers/Microsoft.Compute/diskEncryptionSets/{name}"
        return grown

    def reply(self, cloud: Cloud, version: str) -> Body:
        """The reply to a PUT: the request again, with what the service knows at once; none of what it will make."""
        asked = self.asked.get("properties") or {}
        people = self.people(cloud)
        properties: Body = {
            "isUcEnabled": False,
            **{name: asked[name] for name in ECHOED if asked.get(name) is not None},
            **_entities((asked.get("encryption") or {}).get("entities") or {}),
            "managedResourceGroupId": self.managed_group,
            "provisioningState": self.state,
            "authorizations": [authorization()],
            "createdBy": asked.get("createdBy", people["createdBy"]) if self.settled else people["createdBy"],
            "updatedBy": people["updatedBy"],
            "createdDateTime": iso(self.touched),
        }
        if properties.get("encryption", {}).get("entities", {}).get("managedDisk") and not self.disk_identity:
            properties["managedDiskIdentity"] = {}
        if self.settled and asked.get("parameters"):
            typed_too = "" if version in BARE_VERSIONS else "enableNoPublicIp"  # recorded: the one that gets its type
            properties["parameters"] = {
                name: {"type": "Bool", **one} if name == typed_too else one
                for name, one in asked["parameters"].items()
                if name not in READ_ONLY
            }
        return self._resource(cloud, properties, version, self.touched)

    def _resource(self, cloud: Cloud, properties: Body, version: str, modified: float) -> Body:
        if version >= COMPUTE_MODE_SINCE:
            properties["computeMode"] = self.compute_mode
        made: Body = {
            "properties": properties,
            "id": self.id,
            "name": self.name,
            "type": TYPE,
            "sku": {"name": self.sku},
            "location": self.location,
        }
        if self.tags is not None:
            made["tags"] = self.tags
        if version in BARE_VERSIONS:
            del properties["isUcEnabled"]
            return made
        by = cloud.operator.name
        made["systemData"] = {
            "createdBy": by,
            "createdByType": "Application",
            "createdAt": iso(self.created),
            "lastModifiedBy": by,
            "lastModifiedByType": "Application",
            "lastModifiedAt": iso(modified),
        }
        return made


def authorization() -> Body:
    """Databricks' own principal is Owner of the managed resource group."""
    return {"principalId": MANAGER, "roleDefinitionId": OWNER}


def typed(name: str, value: Any) -> Body:
    kind = "Bool" if name in BOOLS else "Object" if name in OBJECTS else "String"
    return {"type": kind, "value": value}


def _entities(entities: Body) -> Body:
    """`encryption` is absent when there is no customer-managed key."""
    return {"encryption": {"entities": entities}} if entities else {}


def _identity(cloud: Cloud, principal: str) -> Body:
    return {"principalId": principal, "tenantId": cloud.tenant_id, "type": "SystemAssigned"}


def _letters(of: str, count: int) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(alphabet[int(digest("letters", of)[i * 2 : i * 2 + 2], 16) % 32] for i in range(count))


def managed_group_for(cloud: Cloud, name: str, arm_id: str) -> str:
    return f"/subscriptions/{cloud.subscription_id}/resourceGroups/databricks-rg-{name}-{_letters(guid(arm_id), 13)}"
