"""Whose key the two sides of a migration are under, from what was read when they were opened."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cmkmigrate.engine.audit import posture

ID = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"


def side(**properties: Any) -> SimpleNamespace:
    body = {"provisioningState": "Succeeded", **properties}
    return SimpleNamespace(resource={"id": ID, "name": "w", "sku": {"name": "premium"}, "properties": body})


def migration(source: Any) -> SimpleNamespace:
    return SimpleNamespace(source=lambda: source)


def test_both_sides() -> None:
    key = {"keyVaultUri": "https://v.vault.test/", "keyName": "k", "keyVersion": "1"}
    block = {"keySource": "Microsoft.Keyvault", "keyVaultProperties": key}
    target = side(encryption={"entities": {"managedServices": block, "managedDisk": block}})
    found = posture(migration(side()), target)
    assert [row.verdict for row in found["source"]] == ["platform-key"] * 3
    assert [row.verdict for row in found["target"]] == ["cmk", "cmk", "platform-key"]


def test_a_side_opened_by_its_url_has_none() -> None:
    assert posture(migration(SimpleNamespace(resource={})), None) == {}
