"""arm.json: what an estate says of its surroundings in Azure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.sandbox.hosts import TEST
from cmkmigrate.sandbox.loading import BadEstate
from cmkmigrate.sandbox.server import Sandbox

FOREIGN = "/subscriptions/00000000-1111-4222-8333-444444444444"


def estate(folder: Path, arm: Any = None) -> str:
    told: dict[str, Any] = {"name": "old", "region": "westeurope", "workspace_id": 1234567890123456}
    told["workspace_url"] = "https://adb-1234567890123456.16.azuredatabricks.net"
    (folder / "estate.json").write_text(json.dumps(told))
    if arm is not None:
        (folder / "arm.json").write_text(arm if isinstance(arm, str) else json.dumps(arm))
    return str(folder)


FULL: dict[str, Any] = {
    "resource_groups": [{"name": "rg-keys", "location": "westeurope"}],
    "workspaces": [
        {
            "name": "analytics",
            "resource_group": "rg-data",
            "tags": {"env": "prod"},
            "properties": {
                "managedResourceGroupId": f"{FOREIGN}/resourceGroups/managed",
                "parameters": {"prepareEncryption": {"value": True}, "customVirtualNetworkId": {"value": "net"}},
                "encryption": {
                    "entities": {
                        "managedDisk": {
                            "keySource": "Microsoft.Keyvault",
                            "keyVaultProperties": {
                                "keyVaultUri": "https://kv-old.vault.azure.net/",
                                "keyName": "disk",
                                "keyVersion": "a" * 32,
                            },
                        }
                    }
                },
            },
        },
        {"name": "second", "sku": "standard"},
    ],
    "vaults": [
        {
            "name": "kv-old",
            "resource_group": "rg-keys",
            "properties": {"enablePurgeProtection": True},
            "keys": [{"name": "disk", "versions": [{"version": "a" * 32, "enabled": False}, {}]}],
        },
        {"name": "kv-gone", "deleted": True},
    ],
    "grants": [
        {"scope": "vaults/kv-old/keys/disk", "role": "Key Vault Crypto Service Encryption User", "principal": "disks"},
        {"scope": "subscription", "role": "acdd72a7-3385-48ef-bd42-f606fba81ae7", "principal": "databricks"},
    ],
    "locks": [{"scope": "workspaces/analytics", "name": "keep", "level": "CanNotDelete"}],
    "taken_vault_names": ["kv-theirs"],
}


def test_without_it(tmp_path: Path) -> None:
    (workspace,) = Sandbox([estate(tmp_path)]).cloud.workspaces.values()
    assert (workspace.name, workspace.group, workspace.sku) == ("old", "rg-old", "premium")
    assert workspace.entities == {} and workspace.label == "adb-1234567890123456.16"


def test_all_of_it(tmp_path: Path) -> None:
    cloud = Sandbox([estate(tmp_path, FULL)]).cloud
    state = cloud.state(TEST)
    first, second = list(cloud.workspaces.values())
    assert (first.name, first.group, second.name, second.sku) == ("analytics", "rg-data", "second", "standard")
    assert set(cloud.served) == {"adb-1234567890123456.16", second.label}
    properties = state["workspaces"][first.id.lower()]["properties"]
    assert properties["managedDiskIdentity"]["principalId"] == first.disk_identity != ""
    assert properties["storageAccountIdentity"]["principalId"] == first.storage_identity != ""
    assert properties["managedResourceGroupId"].startswith(f"/subscriptions/{cloud.subscription_id}/")
    assert "natGatewayName" not in properties["parameters"]
    assert state["vaults"]["kv-old"]["keys"]["disk"][0]["attributes"]["enabled"] is False
    assert list(state["deletedVaults"]) == ["kv-gone"] and "managed" in state["resourceGroups"]
    scopes = {one["scope"]: one["principal"] for one in state["roleAssignments"]}
    assert scopes[f"{cloud.vaults['kv-old'].id}/keys/disk"] == first.disk_identity
    assert len(state["locks"]) == 1 and cloud.taken_vault_names == {"kv-theirs"}


SECOND, THIRD = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
FURTHER: dict[str, Any] = {
    "subscriptions": [{"id": SECOND, "name": "second", "role": "Reader"}, {"id": THIRD}],
    "resource_groups": [{"name": "left", "managed_by": f"/subscriptions/{SECOND}/x", "subscription": SECOND}],
    "workspaces": [
        {"name": "own", "properties": {"createdDateTime": "2026-01-10T08:00:00Z"}},
        {"name": "far", "subscription": SECOND, "properties": {"parameters": {"prepareEncryption": {"value": True}}}},
        {"name": "denied", "subscription": THIRD},
    ],
    "vaults": [
        {
            "name": "kv-far",
            "subscription": SECOND,
            "keys": [{"name": "k", "versions": [{"created": 1_600_000_000}]}, {"name": "gone", "deleted": True}],
        }
    ],
    "grants": [
        {"scope": "vaults/kv-far", "role": "Key Vault Crypto Service Encryption User", "principal": "storage:far"},
        {"scope": f"/subscriptions/{THIRD}/resourceGroups/g", "role": "Reader", "principal": "operator"},
    ],
}


def test_further_subscriptions(tmp_path: Path) -> None:
    cloud = Sandbox([estate(tmp_path, FURTHER)]).cloud
    own, far, denied = cloud.workspaces.values()
    assert [one.subscription for one in (own, far, denied)] == [cloud.subscription_id, SECOND, THIRD]
    assert far.managed_group.startswith(f"/subscriptions/{SECOND}/")
    assert own.created == 1768032000.0
    assert cloud.groups["left"]["id"] == f"/subscriptions/{SECOND}/resourceGroups/left"
    assert cloud.groups["left"]["managedBy"] == f"/subscriptions/{SECOND}/x"
    vault = cloud.vaults["kv-far"]
    assert (vault.subscription, list(vault.keys), list(vault.deleted_keys)) == (SECOND, ["k"], ["gone"])
    assert vault.keys["k"].versions[0]["attributes"]["created"] == 1_600_000_000
    scopes = {one.scope: one.principal for one in cloud.assignments.values()}
    assert scopes[vault.id] == far.storage_identity != ""
    assert scopes[f"/subscriptions/{SECOND}"] == cloud.operator.id


@pytest.mark.parametrize(
    "arm",
    [{"subscriptions": [{}]}, {"subscriptions": [{"id": SECOND, "role": "King"}]},
     {"workspaces": [{"subscription": SECOND}]}, {"vaults": [{"name": "v", "subscription": SECOND}]},
     {"grants": [{"scope": "subscription", "role": "Owner", "principal": "disks:nobody"}]},
     "{", {"vault": []}, {"grants": [{"scope": "vaults/x", "role": "Owner", "principal": "operator"}]},
     {"grants": [{"scope": "subscription", "role": "King", "principal": "operator"}]},
     {"grants": [{"scope": "subscription", "role": "Owner", "principal": "disks"}]}, {"vaults": [{}]}],
)  # fmt: skip
def test_mistakes_name_the_file(tmp_path: Path, arm: Any) -> None:
    with pytest.raises(BadEstate, match=r"arm\.json"):
        Sandbox([estate(tmp_path, arm)])
