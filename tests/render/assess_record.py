"""An assessment as plain data, for the tests of its outputs."""

from __future__ import annotations

from typing import Any

WORKSPACE = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"


def workspace(**changes: Any) -> dict[str, Any]:
    """One that is to be migrated, with something in every field."""
    made: dict[str, Any] = {
        "subscription": "s1",
        "workspace": WORKSPACE,
        "name": "w",
        "location": "westeurope",
        "sku": "premium",
        "features": {"managed_services": "cmk", "managed_disks": "unknown", "dbfs_root": "platform-key"},
        "remedy": "migrate",
        "needs": True,
        "reasons": ["the hub goes away"],
        "steps": [{"code": "migrate", "text": "move it", "command": "cmkmigrate plan cmk-migration"}],
        "blockers": [{"code": "lock-delete", "text": "a lock", "command": "az lock delete --ids /l"}],
        "size": {
            "state": "at least",
            "reason": "you see what you may see",
            "command": "databricks account workspace-assignment update 1",
            "kinds": {"notebooks": 1200, "jobs": 2},
            "left": {"dashboards": 3},
            "objects": 1202,
            "hours": 1.25,
            "assumed": ["jobs read"],
        },
        "rights": {
            "state": "missing",
            "missing": [{"action": "a/b/write", "scope": WORKSPACE, "role": "Contributor", "data": False}],
            "commands": ["az role assignment create --assignee me"],
            "reason": "",
        },
        "owners": [{"tool": "Terraform", "seen": "tag managed-by: terraform"}],
    }
    return made | changes


NOT_ASKED: dict[str, Any] = {
    "state": "not asked", "reason": "", "command": "", "kinds": {}, "left": {}, "objects": 0, "hours": None,
    "assumed": [],
}  # fmt: skip
NO_RIGHTS: dict[str, Any] = {"state": "not needed", "missing": [], "commands": [], "reason": ""}


def healthy(**changes: Any) -> dict[str, Any]:
    """One that needs nothing."""
    features = dict.fromkeys(("managed_services", "managed_disks", "dbfs_root"), "cmk")
    made = {"name": "well", "features": features, "remedy": "none", "needs": False, "steps": [], "blockers": []}
    return workspace(**made, size=NOT_ASKED, rights=NO_RIGHTS, owners=[]) | changes


def record(**changes: Any) -> dict[str, Any]:
    """A whole one: two workspaces, two subscriptions, one of which cannot be read."""
    made: dict[str, Any] = {
        "type": "assessment",
        "schema": "1.0",
        "tool": "0.0.0",
        "began": "2026-02-03T04:05:06Z",
        "ended": "2026-02-03T04:06:06Z",
        "caller": "me",
        "scope_file": "",
        "wanted": [],
        "contents": True,
        "needing": 2,
        "counts": {"none": 1, "migrate": 1, "unknown": 0},
        "population": [
            {"subscription": "s1", "name": "one", "workspaces": 2, "problem": "", "cut": ""},
            {"subscription": "s2", "name": "", "workspaces": 0, "problem": "403: no", "cut": ""},
        ],
        "workspaces": [workspace(), healthy()],
        "orphaned": 1,
        "unmatched": ["scope.yaml:3: /w/else"],
        "notes": ["a ledger was not read"],
        "limits": ["one"],
    }
    return made | changes
