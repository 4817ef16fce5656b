"""Storage accounts and access connectors, as read: the root's follows its workspace, others are an estate's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cmkmigrate.sandbox.arm_workspace import Workspace
from cmkmigrate.sandbox.cloud import Cloud
from cmkmigrate.sandbox.loading import load
from cmkmigrate.sandbox.storage_accounts import ACCOUNTS, CONNECTORS, _all
from tests.sandbox.conftest import Running

STORAGE = "providers/Microsoft.Storage/storageAccounts"
VERSION = "api-version=2023-05-01"


def loaded(folder: Path, **arm: Any) -> tuple[Cloud, Workspace]:
    host = "https://adb-1234567890123456.16.azuredatabricks.net"
    told = {"name": "own", "region": "westeurope", "workspace_id": 1234567890123456, "workspace_url": host}
    (folder / "estate.json").write_text(json.dumps(told))
    (folder / "arm.json").write_text(json.dumps(arm))
    cloud = Cloud()
    return cloud, load(cloud, str(folder))


def test_the_root_follows_its_workspace(tmp_path: Path) -> None:
    cloud, own = loaded(tmp_path)
    (account,) = _all(cloud, ACCOUNTS).values()
    assert account["id"].startswith(own.managed_group) and account["name"] == own.parameters["storageAccountName"]
    assert account["properties"]["encryption"]["keySource"] == "Microsoft.Storage"
    own.parameters["encryption"] = {"keySource": "Microsoft.Keyvault", "KeyName": "k", "keyvaulturi": "https://v/"}
    (account,) = _all(cloud, ACCOUNTS).values()
    assert account["properties"]["encryption"]["keyvaultproperties"]["keyname"] == "k"


def test_identities_and_their_grants(tmp_path: Path) -> None:
    grants = [{"scope": "storageAccounts/sa", "role": "Storage Blob Data Contributor"}]
    connectors = [{"name": "c", "identity": "UserAssigned", "grants": grants}, {"name": "d"}]
    cloud, _ = loaded(tmp_path, storage_accounts=[{"name": "sa", "identity": "SystemAssigned"}],
                      access_connectors=connectors)  # fmt: skip
    user, system = _all(cloud, CONNECTORS).values()
    (one,) = user["identity"]["userAssignedIdentities"].values()
    assert system["identity"]["principalId"] != one["principalId"]
    assert [a.scope.rpartition("/")[2] for a in cloud.assignments.values() if a.principal == one["principalId"]] == [
        "sa"
    ]


def test_they_are_listed_and_read(sandbox: Running) -> None:
    (account,) = sandbox.arm("GET", f"{STORAGE}?{VERSION}").json["value"]
    assert sandbox.arm("GET", f"{account['id']}?{VERSION}").json == account
    assert sandbox.arm("GET", f"{account['id']}x?{VERSION}").status == 404
    connectors = "providers/Microsoft.Databricks/accessConnectors"
    assert sandbox.arm("GET", f"{connectors}?api-version=2024-05-01").json == {"value": []}
