"""An audit as plain data, for the tests of its outputs."""

from __future__ import annotations

from typing import Any

WORKSPACE = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"


def row(**changes: Any) -> dict[str, Any]:
    """One feature under a key."""
    names = ("vault_uri", "key_name", "key_version", "note", "since", "since_from", "owner", "expires", "reason")
    made: dict[str, Any] = dict.fromkeys(names, "")
    made |= {"subscription": "s1", "workspace": WORKSPACE, "name": "w", "location": "westeurope", "sku": "premium"}
    made |= {"feature": "dbfs_root", "verdict": "cmk", "judged": "cmk", "causes": []}
    return made | changes


def record(**changes: Any) -> dict[str, Any]:
    """A whole one: two features, three subscriptions, a leftover group."""
    made: dict[str, Any] = {
        "type": "audit",
        "schema": "1.1",
        "tool": "0.0.0",
        "began": "2026-02-03T04:05:06Z",
        "ended": "2026-02-03T04:06:06Z",
        "caller": "me",
        "scope_file": "",
        "findings": 5,
        "counts": {"cmk": 1, "platform-key": 0, "excepted": 0, "unknown": 1},
        "population": [
            {"subscription": "s1", "name": "one", "workspaces": 1, "problem": "", "cut": ""},
            {"subscription": "s2", "name": "", "workspaces": 0, "problem": "403: no", "cut": ""},
            {"subscription": "s3", "name": "", "workspaces": 0, "problem": "", "cut": "no role"},
        ],
        "rows": [
            row(vault_uri="https://v/", key_name="k", key_version="1", note="n"),
            row(
                feature="managed_disks",
                verdict="unknown",
                judged="unknown",
                workspace=WORKSPACE.upper(),
                reason="state Failed",
                causes=[{"code": "state", "text": "state Failed", "remedy": "az resource show --ids /W"}],
            ),
        ],
        "storage": [
            {
                "subscription": "s1",
                "id": "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/sa",
                "name": "sa",
                "location": "westeurope",
                "verdict": "platform-key",
                "vault_uri": "",
                "key_name": "",
                "key_version": "",
                "causes": [
                    {"code": "no-key", "text": "under a key of Microsoft", "remedy": "az storage account update"}
                ],
                "reason": "under a key of Microsoft",
                "uses": [{"how": "access-connector", "name": "/C/c", "workspace": "", "may": "write"}],
            }
        ],
        "storage_gaps": ["the storage accounts of subscription s2 could not be listed: 403"],
        "orphaned": [
            {"subscription": "s1", "group": "left", "workspace": "/W/gone", "location": "westeurope", "sure": True}
        ],
        "keys": [
            {
                "vault": "/V",
                "vault_uri": "https://v/",
                "key": "k",
                "users": 1,
                "newest_version": "1",
                "type": "RSA",
                "size": 3072,
                "enabled": True,
                "expires": "",
                "purge_protection": None,
                "access": "roles",
                "region": "westeurope",
                "problems": [],
            }
        ],
        "delta": None,
        "data_types": [
            {
                "name": "secrets",
                "where": "control plane",
                "features": ["managed_services"],
                "verdicts": {"cmk": 1},
                "source": "https://example.com/",
                "basis": "overview",
                "note": "",
            }
        ],
        "controls": [{"framework": "CIS Microsoft Azure Foundations", "version": "6.0.0", "control": "2.1.8"}],
        "unmatched": ["scope.yaml:3: /w/else"],
        "notes": [],
        "limits": ["one"],
    }
    return made | changes
