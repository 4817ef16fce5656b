"""docs/networks.md has every property of the vendor's schema in one column, and the body that is sent is like that."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.kinds.azure.operations import covers
from cmkmigrate.kinds.azure.workspace_body import body_of
from tests.evidence.definitions import ABSENT, SPECS
from tests.harness import ROOT

MODEL = SPECS / "typed-models" / "databricks" / "2026-01-01" / "types.json"
GROUP = "/subscriptions/s/resourceGroups/g/providers"
COLUMNS = ("carried", "input", "not carried")
TYPES = {
    "Microsoft.Databricks/workspaces": "",
    "WorkspaceProperties": "properties.",
    "WorkspaceCustomParameters": "parameters.",
}
ROW = re.compile(r"^\| `([\w.]+)` \| ([a-z ]+) \|", re.MULTILINE)


def rows() -> list[tuple[str, str]]:
    """(property, column) of the first table."""
    page = (ROOT / "docs" / "networks.md").read_text("utf-8")
    return ROW.findall(page.partition("## What is attached")[0])


def properties() -> set[str]:
    """Every property of the schema; what only holds others is named by those."""
    if not MODEL.is_file():
        pytest.skip(ABSENT)
    found = set()
    for one in json.loads(MODEL.read_text("utf-8")):
        prefix = TYPES.get(one.get("name", ""))
        if prefix is not None and one["$type"] == "ObjectType":
            found |= {prefix + name for name in one["properties"]}
    return found - {"properties", "properties.parameters"}


def test_each_property_is_in_one_column() -> None:
    assert sorted(name for name, _ in rows()) == sorted(properties())
    assert {column for _, column in rows()} == set(COLUMNS)


OLD: dict[str, Any] = {
    "sku": {"name": "premium"},
    "location": "westeurope",
    "tags": {"a": "b"},
    "properties.computeMode": "Hybrid",
    "properties.provisioningState": "Ready",
    "properties.publicNetworkAccess": "Enabled",
    "properties.requiredNsgRules": "NoAzureDatabricksRules",
    "properties.defaultStorageFirewall": "Enabled",
    "properties.accessConnector": {"id": "/c", "identityType": "SystemAssigned"},
    "properties.defaultCatalog": {"initialType": "UnityCatalog", "initialName": "old"},
    "properties.enhancedSecurityCompliance": {"automaticClusterUpdate": {"value": "Enabled"}},
    "properties.managedResourceGroupId": "/subscriptions/s/resourceGroups/old",
    "properties.encryption": {"entities": {"managedServices": {"keySource": "old"}}},
    "parameters.enableNoPublicIp": True,
    "parameters.requireInfrastructureEncryption": True,
    "parameters.prepareEncryption": "old",
}
SETTINGS = {
    "features": ["managed_services", "dbfs_root"],
    "key_uri": "https://kv/",
    "key_name": "k",
    "key_version": "v",
    "public_subnet": "new-a",
    "private_subnet": "new-b",
}


def test_the_body_is_as_the_page_says() -> None:
    columns, names = dict(rows()), properties()
    injected = sent({name: OLD.get(name, f"old {name}") for name in names})
    network = "parameters.customVirtualNetworkId"
    managed = sent(
        {name: OLD.get(name, f"old {name}") for name in names - {network, "properties.defaultStorageFirewall"}}
    )
    for name in sorted(names):
        old = OLD.get(name, f"old {name}")
        carried = any(name in body and covers(body[name], old) for body in (injected, managed))
        assert carried is (columns[name] == "carried"), (name, injected.get(name), managed.get(name))
    for name in (one for one, column in columns.items() if column == "input"):
        later = ("name", "parameters.encryption")  # in the path; after the identity of the storage is there
        assert name in injected or name in later, name
    assert network in injected and "parameters.vnetAddressPrefix" in managed


def sent(old: dict[str, Any]) -> dict[str, Any]:
    """The body of a new workspace, by property, of an old one that is given so."""
    source: dict[str, Any] = {"properties": {"parameters": {}}}
    for name, value in old.items():
        head, _, last = name.rpartition(".")
        holder = {"": source, "properties": source["properties"], "parameters": source["properties"]["parameters"]}[
            head
        ]
        holder[last] = {"value": value} if head == "parameters" else value
    source["properties"]["privateEndpointConnections"] = []
    settings = (
        {**SETTINGS}
        if "parameters.customVirtualNetworkId" in old
        else {**SETTINGS, "public_subnet": "", "private_subnet": ""}
    )
    source["id"] = f"{GROUP}/Microsoft.Databricks/workspaces/old"
    at = ResourceId.parse(f"{GROUP}/Microsoft.Databricks/workspaces/new")
    if "parameters.customVirtualNetworkId" in old:
        settings["virtual_network"] = ""
    body = body_of(source, settings, at)
    inside = body.pop("properties")
    parameters = inside.pop("parameters")
    found = {**body, **{f"properties.{name}": value for name, value in inside.items()}}
    return found | {f"parameters.{name}": one["value"] for name, one in parameters.items()}
