"""Whose key a feature is under: every form in which ARM says it, and what counts as unknown."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cmkmigrate.audit.encryption import judge, rotates
from cmkmigrate.audit.model import Feature, Row, Verdict

ID = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
KEY = {"keyVaultUri": "https://v.vault.test/", "keyName": "k", "keyVersion": "1"}
ENTITY = {"keySource": "Microsoft.Keyvault", "keyVaultProperties": KEY}
ROOT = {"keySource": "Microsoft.Keyvault", "KeyName": "k", "keyversion": "1", "keyvaulturi": "https://v.vault.test/"}


def resource(
    services: Any = None, disks: Any = None, root: Any = None, *, sku: str = "premium", **properties: Any
) -> dict[str, Any]:
    """A workspace as ARM gives it."""
    body: dict[str, Any] = {"provisioningState": "Succeeded", "parameters": {"enableNoPublicIp": {"value": True}}}
    entities = {name: one for name, one in (("managedServices", services), ("managedDisk", disks)) if one is not None}
    if entities:
        body["encryption"] = {"entities": entities}
    if root is not None:
        body["parameters"]["encryption"] = {"type": "Object", "value": root}
    return {"id": ID, "name": "w", "location": "l", "sku": {"name": sku}, "properties": {**body, **properties}}


def verdicts(body: Any) -> dict[Feature, Row]:
    return {row.feature: row for row in judge(body)}


@pytest.mark.parametrize("on", list(itertools.product([False, True], repeat=3)))
def test_each_feature_is_judged_on_its_own(on: tuple[bool, bool, bool]) -> None:
    body = resource(*(form if here else None for form, here in zip((ENTITY, ENTITY, ROOT), on, strict=True)))
    expected = [Verdict.CMK if here else Verdict.PLATFORM_KEY for here in on]
    assert [row.verdict for row in judge(body)] == expected


def test_the_key_is_named() -> None:
    for row in judge(resource(ENTITY, ENTITY, ROOT)):
        assert (row.vault_uri, row.key_name, row.key_version) == ("https://v.vault.test/", "k", "1")
        assert (row.subscription, row.name, row.location, row.sku) == ("s1", "w", "l", "premium")


@pytest.mark.parametrize("spelling", ["Microsoft.Keyvault", "Microsoft.KeyVault", "MICROSOFT.KEYVAULT"])
def test_the_key_source_has_no_case(spelling: str) -> None:
    found = verdicts(resource({**ENTITY, "keySource": spelling}, None, {**ROOT, "keySource": spelling}))
    assert found[Feature.MANAGED_SERVICES].verdict is Verdict.CMK
    assert found[Feature.DBFS_ROOT].verdict is Verdict.CMK


def test_a_default_key_source_is_the_platforms() -> None:
    """Other scanners let this pass, as something is set."""
    row = verdicts(resource(root={"keySource": "Default"}))[Feature.DBFS_ROOT]
    assert row.verdict is Verdict.PLATFORM_KEY
    assert "Default" in row.reason


def test_prepared_is_not_encrypted() -> None:
    body = resource()
    body["properties"]["parameters"]["prepareEncryption"] = {"type": "Bool", "value": True}
    row = verdicts(body)[Feature.DBFS_ROOT]
    assert row.verdict is Verdict.PLATFORM_KEY
    assert "prepared" in row.reason


def test_a_disk_key_without_a_version_is_a_key() -> None:
    """Whether ARM ever leaves it out is not known; one such workspace must not spoil the audit of all others."""
    key = {name: value for name, value in KEY.items() if name != "keyVersion"}
    block = {"keySource": "Microsoft.Keyvault", "keyVaultProperties": key, "rotationToLatestKeyVersionEnabled": True}
    body = resource(disks=block)
    row = verdicts(body)[Feature.MANAGED_DISKS]
    assert row.verdict is Verdict.CMK
    assert "follows new versions" in row.note
    assert rotates(body, Feature.MANAGED_DISKS) and not rotates(body, Feature.DBFS_ROOT)
    body = resource(disks={**block, "rotationToLatestKeyVersionEnabled": False})
    assert verdicts(body)[Feature.MANAGED_DISKS].note.endswith("the key is not rotated to new versions by itself")
    assert not rotates(body, Feature.MANAGED_DISKS)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (resource({"keySource": "Microsoft.Keyvault"}), "form"),
        (resource({"keySource": "Microsoft.Keyvault", "keyVaultProperties": {"keyName": "k"}}), "form"),
        (resource({"keySource": "Some.Hsm", "keyVaultProperties": KEY}), "form"),
        (resource({"keyVaultProperties": KEY}), "form"),
        (resource(encryption="yes"), "form"),
        (resource(encryption={"entities": []}), "form"),
        (resource(encryption={"entities": ["managedServices"]}), "form"),
        (resource(ENTITY, provisioningState="Failed"), "state"),
        (resource(ENTITY, provisioningState="Updating"), "state"),
        (resource(ENTITY, provisioningState=None), "state"),
        (resource(ENTITY, sku="standard"), "plan"),
        ({"id": ID, "name": "w"}, "form"),
        ({"id": ID, "properties": None}, "form"),
        ({}, "form"),
    ],
)
def test_what_cannot_be_read_is_unknown(body: dict[str, Any], code: str) -> None:
    row = verdicts(body)[Feature.MANAGED_SERVICES]
    assert row.verdict is Verdict.UNKNOWN
    assert row.reason
    assert [cause.code for cause in row.causes] == [code]


def test_the_plan_and_the_mode_make_it_ineligible() -> None:
    row = verdicts(resource(sku="standard"))[Feature.DBFS_ROOT]
    assert (row.verdict, row.causes[0].code) == (Verdict.NOT_ELIGIBLE, "sku")
    found = verdicts(resource(computeMode="Serverless"))
    assert [found[one].verdict for one in Feature] == ["platform-key", "not-eligible", "not-eligible"]
    assert verdicts(resource(sku="trial"))[Feature.DBFS_ROOT].verdict is Verdict.PLATFORM_KEY
