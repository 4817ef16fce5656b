"""An estate whose workspace has everything that a network can have: VNet, No Public IP, no public access, endpoints,
storage firewall, compliance profile, logs, roles, locks. It holds nothing, as only what is around it is looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SUBSCRIPTION = "3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911"
ROOT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
NET = f"{ROOT}/rg-net/providers/Microsoft.Network"
VNET, HUB = f"{NET}/virtualNetworks/vnet-data", f"{NET}/virtualNetworks/vnet-hub"
ZONE = f"{NET}/privateDnsZones/privatelink.azuredatabricks.net"
SOURCE = f"{ROOT}/rg-old/providers/Microsoft.Databricks/workspaces/old"
CONNECTOR = f"{ROOT}/rg-old/providers/Microsoft.Databricks/accessConnectors/ac-shared"
LOGS = f"{ROOT}/rg-ops/providers/Microsoft.OperationalInsights/workspaces/logs"
ARCHIVE = f"{ROOT}/rg-ops/providers/Microsoft.Storage/storageAccounts/starchive"
CLOSED = "0c105ed0-0000-4000-8000-000000000001"  # a subscription in which the operator may read one vault alone
NUMBER = 7405600000000907
READER, CONTRIBUTOR = "Reader", "Contributor"
SOMEBODY = "5e0b1c8e-9f0e-4d57-8a34-0d3c6cf1b8aa"


def subnet(name: str, prefix: str, **more: Any) -> dict[str, Any]:
    """A subnet as a GET of its network shows it; by default one that a workspace can be put into."""
    delegation = {"name": "databricks", "properties": {"serviceName": "Microsoft.Databricks/workspaces"}}
    properties = {
        "addressPrefix": prefix,
        "delegations": [delegation],
        "networkSecurityGroup": {"id": f"{NET}/networkSecurityGroups/nsg-data"},
        "natGateway": {"id": f"{NET}/natGateways/nat-data"},
        "serviceEndpoints": [{"service": "Microsoft.Storage"}],
        "provisioningState": "Succeeded",
        **more,
    }
    return {"id": f"{VNET}/subnets/{name}", "name": name, "properties": {k: v for k, v in properties.items() if v}}


def network(id: str, location: str, *subnets: dict[str, Any]) -> dict[str, Any]:
    body = {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": list(subnets)}
    return {"id": id, "location": location, "properties": {**body, "provisioningState": "Succeeded"}}


def endpoint(name: str, group: str, at: str, zones: bool = True) -> list[dict[str, Any]]:
    """A private endpoint to the old workspace, with its zone group."""
    id = f"{NET}/privateEndpoints/{name}"
    state = {"status": "Approved", "description": "Auto-approved", "actionsRequired": "None"}
    of = {"privateLinkServiceId": SOURCE, "groupIds": [group], "privateLinkServiceConnectionState": state}
    connection = {"name": name, "id": f"{id}/privateLinkServiceConnections/{name}", "properties": of}
    properties = {"provisioningState": "Succeeded", "subnet": {"id": at}, "privateLinkServiceConnections": [connection]}
    made = [{"id": id, "location": "westeurope", "tags": {"of": "network"}, "properties": properties}]
    configs = [{"name": "databricks", "properties": {"privateDnsZoneId": ZONE}}]
    if zones:
        group_of = {"privateDnsZoneConfigs": configs, "provisioningState": "Succeeded"}
        made.append({"id": f"{id}/privateDnsZoneGroups/default", "properties": group_of})
    return made


def around() -> list[dict[str, Any]]:
    """Resources beside the workspace."""
    good = [subnet(name, f"10.1.{n}.0/26") for n, name in enumerate(("old-pub", "old-priv", "new-pub", "new-priv"))]
    bad = [
        subnet("undelegated", "10.1.10.0/26", delegations=[]),
        subnet("unguarded", "10.1.11.0/26", networkSecurityGroup=None),
        subnet("small", "10.1.12.0/27"),
        subnet("used", "10.1.13.0/26", ipConfigurations=[{"id": f"{NET}/networkInterfaces/vm/ipConfigurations/one"}]),
        subnet("no-way-out", "10.1.14.0/26", natGateway=None),
        subnet("taken", "10.1.15.0/26"),
    ]
    plain = {"delegations": [], "natGateway": None, "networkSecurityGroup": None}
    logs = [{"categoryGroup": "allLogs", "enabled": True, "retentionPolicy": {"enabled": False, "days": 0}}]
    some = [{"category": name, "enabled": name != "dbfs"} for name in ("accounts", "clusters", "dbfs")]
    insights = "providers/Microsoft.Insights/diagnosticSettings"
    return [
        network(VNET, "westeurope", *good, *bad, subnet("endpoints", "10.1.20.0/24", **plain)),
        network(HUB, "westeurope", {**subnet("front", "10.2.0.0/24", **plain), "id": f"{HUB}/subnets/front"}),
        network(f"{NET}/virtualNetworks/vnet-far", "northeurope", *good),
        {"id": ZONE, "location": "global", "properties": {}},
        *endpoint("pe-back", "databricks_ui_api", f"{VNET}/subnets/endpoints"),
        *endpoint("pe-front", "databricks_ui_api", f"{HUB}/subnets/front", zones=False),
        *endpoint("pe-signin", "browser_authentication", f"{HUB}/subnets/front"),
        {
            "id": CONNECTOR,
            "location": "westeurope",
            "identity": {"type": "SystemAssigned", "principalId": SOMEBODY},
            "properties": {"provisioningState": "Succeeded"},
        },
        {
            "id": f"{SOURCE}/{insights}/to-logs",
            "properties": {"workspaceId": LOGS, "storageAccountId": "", "logs": logs},
        },
        {"id": f"{SOURCE}/{insights}/archive", "properties": {"storageAccountId": ARCHIVE, "logs": some}},
        *known_elsewhere(),
    ]


def known_elsewhere() -> list[dict[str, Any]]:
    """Firewalls and lists that know the old subnets and addresses."""
    old = f"{VNET}/subnets/old-pub"
    storage, sql = (
        f"{ROOT}/rg-lake/providers/Microsoft.Storage/storageAccounts",
        f"{ROOT}/rg-sql/providers/Microsoft.Sql",
    )
    rules = {
        "defaultAction": "Deny",
        "bypass": "AzureServices",
        "virtualNetworkRules": [{"id": old, "action": "Allow"}],
    }
    address = f"{NET}/publicIPAddresses/ip-nat"
    return [
        {
            "id": f"{NET}/natGateways/nat-data",
            "location": "westeurope",
            "properties": {"publicIpAddresses": [{"id": address}]},
        },
        {"id": address, "location": "westeurope", "properties": {"ipAddress": "20.50.60.70"}},
        {
            "id": f"{storage}/stlake",
            "location": "westeurope",
            "tags": {"owner": "=lake team"},
            "properties": {"networkAcls": {**rules, "ipRules": [{"value": "20.50.60.0/24", "action": "Allow"}]}},
        },
        {
            "id": f"{storage}/stopen",
            "location": "westeurope",
            "properties": {"networkAcls": {"defaultAction": "Allow"}},
        },
        {"id": f"{sql}/servers/sqlold", "location": "westeurope", "properties": {}},
        {"id": f"{sql}/servers/sqlold/virtualNetworkRules/r", "properties": {"virtualNetworkSubnetId": old}},
        {
            "id": f"{sql}/servers/sqlold/firewallRules/nat",
            "properties": {"startIpAddress": "20.50.60.70", "endIpAddress": "20.50.60.70"},
        },
        {
            "id": f"{ROOT}/rg-lake/providers/Microsoft.DocumentDB/databaseAccounts/cosmos",
            "location": "westeurope",
            "properties": {"virtualNetworkRules": [{"id": old}], "ipRules": []},
        },
        {
            "id": f"{NET}/networkSecurityGroups/nsg-onprem",
            "location": "westeurope",
            "properties": {
                "securityRules": [{"name": "from-databricks", "properties": {"sourceAddressPrefix": "10.1.0.0/26"}}]
            },
        },
    ]


def build(folder: Path, *, beside: tuple[str, ...] = (), more: dict[str, Any] | None = None, **changes: Any) -> Path:
    """The estate. changes: laid over the properties of the workspace; beside: further workspaces, all empty;
    more: of arm.json."""
    folder.mkdir(parents=True)
    host = f"https://adb-{NUMBER}.7.azuredatabricks.net"
    estate = {"name": "old", "region": "westeurope", "workspace_url": host, "workspace_id": NUMBER}
    (folder / "estate.json").write_text(json.dumps(estate))
    parameters = {
        "customVirtualNetworkId": {"value": VNET},
        "customPublicSubnetName": {"value": "old-pub"},
        "customPrivateSubnetName": {"value": "old-priv"},
        "enableNoPublicIp": {"value": True},
        "storageAccountSkuName": {"value": "Standard_ZRS"},
    }
    properties = {
        "parameters": parameters,
        "publicNetworkAccess": "Disabled",
        "requiredNsgRules": "NoAzureDatabricksRules",
        "defaultStorageFirewall": "Enabled",
        "accessConnector": {"id": CONNECTOR, "identityType": "SystemAssigned"},
        "enhancedSecurityCompliance": {
            "automaticClusterUpdate": {"value": "Enabled"},
            "complianceSecurityProfile": {"value": "Enabled", "complianceStandards": ["HIPAA"]},
            "enhancedSecurityMonitoring": {"value": "Enabled"},
        },
        **changes,
    }
    taken = {
        **parameters,
        "customPublicSubnetName": {"value": "taken"},
        "customPrivateSubnetName": {"value": "also-taken"},
    }
    vault = f"/subscriptions/{CLOSED}/resourceGroups/rg-closed/providers/Microsoft.KeyVault/vaults/kv-closed"
    arm = {
        "subscriptions": [{"id": CLOSED, "name": "closed"}],
        "workspaces": [
            {"name": "old", "resource_group": "rg-old", "tags": {"owner": "data"}, "properties": properties},
            {"name": "neighbour", "resource_group": "rg-old", "properties": {"parameters": taken}},
            *({"name": name, "resource_group": "rg-old", "properties": properties} for name in beside),
        ],
        "resources": around(),
        "grants": [
            {"scope": "workspaces/old", "role": CONTRIBUTOR, "principal": SOMEBODY},
            {"scope": "workspaces/old", "role": READER, "principal": "databricks"},
            {"scope": "resourceGroups/rg-old", "role": READER, "principal": SOMEBODY},
            {"scope": vault, "role": READER, "principal": "operator"},
        ],
        "locks": [
            {"scope": "workspaces/old", "name": "keep", "level": "CanNotDelete", "notes": "ask the data team"},
            {"scope": "resourceGroups/rg-old", "name": "group", "level": "CanNotDelete"},
        ],
    }
    (folder / "arm.json").write_text(json.dumps(arm | (more or {})))
    return folder
