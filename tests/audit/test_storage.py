"""Storage accounts: who is known to keep data in which, whose key each is under, and what could not be read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.audit.model import Verdict
from cmkmigrate.audit.storage import Storage, Use, holder, judge
from tests.audit.estate import ALL, CMK, OLD, OTHER, OWN, Estate, key, vault, workspace
from tests.cli.transcript import Terminal
from tests.harness import ARM, Commands, Launcher, Sandbox

ID = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/sa"
KEY = {"keyname": "k", "keyvaulturi": "https://v.vault.test/", "keyversion": ""}
ROLE = "Key Vault Crypto Service Encryption User"
WRITER = "Storage Blob Data Contributor"


def account(encryption: Any, **more: Any) -> dict[str, Any]:
    return {"id": ID, "name": "sa", "properties": {"encryption": encryption}, **more}


@pytest.mark.parametrize(
    ("encryption", "verdict"),
    [
        ({"keySource": "Microsoft.Storage"}, Verdict.PLATFORM_KEY),
        ({"keySource": "microsoft.storage", "keyvaultproperties": KEY}, Verdict.PLATFORM_KEY),
        ({"keySource": "Microsoft.Keyvault", "keyvaultproperties": KEY}, Verdict.CMK),
        ({"keySource": "Microsoft.KeyVault", "keyVaultProperties": KEY}, Verdict.CMK),
        ({"keySource": "Microsoft.Keyvault"}, Verdict.UNKNOWN),
        ({"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyname": "k"}}, Verdict.UNKNOWN),
        ({"keySource": "Default"}, Verdict.UNKNOWN),
        ({}, Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_verdicts(encryption: Any, verdict: Verdict) -> None:
    found = judge(account(encryption))
    assert found.verdict is verdict
    assert bool(found.reason) is (verdict is not Verdict.CMK)


def test_whose_identity_uses_the_key() -> None:
    assert holder(account({}, identity={"principalId": "p"})).principal == "p"
    named = {"identity": {"userAssignedIdentity": "/U/One"}}
    several = {"principalId": "p", "userAssignedIdentities": {"/u/one": {"principalId": "q"}}}
    assert holder(account(named, identity=several)).principal == "q"
    assert holder(account(named, identity={"principalId": "p"})).principal == "", "not the other one"


def test_an_account_that_nobody_sees() -> None:
    found = Storage()
    found.use("Gone", Use("external-location", "l", "/w"))
    found.use("gone", Use("external-location", "l", "/w"))
    (one,) = found.used()
    assert (one.name, one.verdict, len(one.uses)) == ("gone", Verdict.UNKNOWN, 1)
    assert [cause.code for cause in one.causes] == ["account-not-seen"]


class Data(Estate):
    """Accounts of every kind, connectors that may use them, and one workspace whose root contradicts it."""

    def _build(self) -> None:
        self.add(workspace("plain", ALL), *CMK)
        self.add(workspace("liar", ALL), "cmk", "cmk", "cmk-degraded", code="account-disagrees")
        self.workspaces[1]["properties"]["parameters"]["storageAccountName"] = {"value": "dbstorageliar"}

    def vaults(self) -> list[dict[str, Any]]:
        return [vault("kv-good", key("good", {"created": OLD}), key("off", {"created": OLD, "enabled": False}))]

    def arm(self) -> dict[str, Any]:
        def keyed(name: str) -> dict[str, Any]:
            fields = {"keyname": name, "keyvaulturi": "https://kv-good.vault.azure.test", "keyversion": ""}
            return {"keySource": "Microsoft.Keyvault", "keyvaultproperties": fields}

        user = [{"scope": "vaults/kv-good", "role": ROLE}]
        managed = f"/subscriptions/{OWN}/resourceGroups/managed-liar"
        self.workspaces[1]["properties"]["managedResourceGroupId"] = managed
        return {
            **super().arm(),
            "storage_accounts": [
                {"name": "sawell", "encryption": keyed("good"), "identity": "UserAssigned", "grants": user},
                {"name": "saill", "encryption": keyed("off"), "identity": "SystemAssigned", "grants": user},
                {"name": "sanogrant", "encryption": keyed("good"), "identity": "SystemAssigned"},
                {"name": "saplatform", "subscription": OTHER, "resource_group": "rg-far-data"},
                {"name": "saunused"},
                {"name": "dbstorageliar", "id": f"{managed}/providers/Microsoft.Storage/storageAccounts/dbstorageliar"},
            ],
            "access_connectors": [
                {"name": "one", "grants": [{"scope": f"storageAccounts/{name}", "role": WRITER}
                                           for name in ("sawell", "saill", "sanogrant")]},
                {"name": "two", "identity": "UserAssigned", "resource_group": "rg-two", "grants": [
                    {"scope": "storageAccounts/saplatform", "role": "Storage Blob Data Reader"},
                    {"scope": "storageAccounts/saunused", "role": "Reader"}]},
            ],
        }  # fmt: skip


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("storage")
    made = Sandbox(folder / "sandbox", Data(time.time()).write(folder / "estate"), grant_delay=0.0)
    yield made
    made.close()


@pytest.fixture
def data(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Terminal:
    return Terminal(Commands(launcher, tmp_path, box.env))


def test_by_the_roles_of_connectors(data: Terminal, box: Sandbox) -> None:
    box.forget()
    body = data("audit -o json").json
    found = {one["name"]: one for one in body["storage"]}
    verdicts = {name: (one["verdict"], [cause["code"] for cause in one["causes"]]) for name, one in found.items()}
    assert verdicts == {
        "sawell": ("cmk", []),
        "saill": ("cmk-degraded", ["key-disabled"]),
        "sanogrant": ("cmk-degraded", ["no-grant"]),
        "saplatform": ("platform-key", ["no-key"]),
    }, "one that a connector may only administer, and one that nobody may use, hold no data of Databricks"
    uses = {name: [(use["how"], use["name"].rpartition("/")[2], use["may"]) for use in one["uses"]]
            for name, one in found.items()}  # fmt: skip
    assert uses["saplatform"] == [("access-connector", "two", "read")]
    assert uses["sawell"] == [("access-connector", "one", "write")]
    assert body["storage_gaps"] == []
    assert body["findings"] >= 3
    sent = [one for one in box.requests() if "Microsoft.Storage" in one["path"]]
    assert len(sent) == len({one["path"] for one in sent}) == 2, "one listing for each subscription that is seen"
    assert not [one for one in box.requests() if one["write"] and one["host"] == ARM]
    assert not [one for one in box.requests() if one["host"].startswith("adb-")], "nobody signs in to a workspace"


def test_a_root_that_contradicts_its_workspace(data: Terminal) -> None:
    rows = {(row["name"], row["feature"]): row for row in data("audit -o json").json["rows"]}
    row = rows["liar", "dbfs_root"]
    assert (row["verdict"], [one["code"] for one in row["causes"]]) == ("cmk-degraded", ["account-disagrees"])
    assert rows["plain", "dbfs_root"]["verdict"] == "cmk"


def test_they_are_in_every_format(data: Terminal) -> None:
    for how in ("table", "jsonl", "csv", "ocsf", "html"):
        text = data(f"audit -o {how}").out
        assert "saplatform" in text and "saunused" not in text, how
        assert "az storage account update" in text, how


def test_what_may_not_be_listed_is_said(data: Terminal, box: Sandbox) -> None:
    rule = {"match": {"path": "*/Microsoft.Storage/storageAccounts"}, "count": -1, "action": "refuse", "status": 403}
    box.faults(rule)
    try:
        body = data("audit -o json").json
    finally:
        box.faults()
    assert body["storage"] == []
    assert len(body["storage_gaps"]) == 2 and "could not be listed" in json.dumps(body["storage_gaps"])
