"""Whose key a feature is under: every form in which ARM says it, and what counts as unknown."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cmkmigrate.engine.audit import Audit, Feature, Row, Verdict, audit, judge
from cmkmigrate.errors import CallError, Denied, Mistake, Unknown

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
    row = verdicts(resource(disks=block))[Feature.MANAGED_DISKS]
    assert row.verdict is Verdict.CMK
    assert "follows new versions" in row.note
    still = verdicts(resource(disks={**block, "rotationToLatestKeyVersionEnabled": False}))[Feature.MANAGED_DISKS]
    assert still.note.endswith("the key is not rotated to new versions by itself")


@pytest.mark.parametrize(
    "body",
    [
        resource({"keySource": "Microsoft.Keyvault"}),
        resource({"keySource": "Microsoft.Keyvault", "keyVaultProperties": {"keyName": "k"}}),
        resource({"keySource": "Some.Hsm", "keyVaultProperties": KEY}),
        resource({"keyVaultProperties": KEY}),
        resource(encryption="yes"),
        resource(encryption={"entities": []}),
        resource(ENTITY, provisioningState="Failed"),
        resource(ENTITY, provisioningState="Updating"),
        resource(ENTITY, provisioningState=None),
        {"id": ID, "name": "w"},
        {"id": ID, "properties": None},
        {},
    ],
)
def test_what_cannot_be_read_is_unknown(body: dict[str, Any]) -> None:
    row = verdicts(body)[Feature.MANAGED_SERVICES]
    assert row.verdict is Verdict.UNKNOWN
    assert row.reason


def test_the_plan_and_the_mode_are_named() -> None:
    assert "standard plan" in verdicts(resource(sku="standard"))[Feature.DBFS_ROOT].reason
    assert "serverless" in verdicts(resource(computeMode="Serverless"))[Feature.MANAGED_DISKS].reason


class Cloud:
    """Subscriptions with their workspaces; an error in place of those that cannot be listed."""

    def __init__(self, **subscriptions: list[dict[str, Any]] | CallError) -> None:
        self._workspaces = subscriptions

    def subscriptions(self) -> list[dict[str, Any]]:
        return [{"subscriptionId": name, "displayName": name.upper()} for name in self._workspaces]

    def subscription(self, id: str) -> Any:
        return _Subscription(self._workspaces[id])


class _Subscription:
    def __init__(self, found: list[dict[str, Any]] | CallError) -> None:
        self._found = found

    def workspaces(self) -> list[dict[str, Any]]:
        if isinstance(self._found, CallError):
            raise self._found
        return self._found


def test_the_population_is_counted() -> None:
    found = audit(Cloud(a=[resource(), resource()], b=[], c=Denied("no"), d=Unknown("?")))
    assert [(one.subscription, one.workspaces, bool(one.problem)) for one in found.population] == [
        ("a", 2, False),
        ("b", 0, False),
        ("c", 0, True),
        ("d", 0, True),
    ]
    assert len(found.rows) == 6
    assert found.findings == 8


def test_only_the_named_subscriptions_are_looked_into() -> None:
    assert [one.subscription for one in audit(Cloud(a=[], b=[]), ["b", "b"]).population] == ["b"]


def test_nothing_to_look_into_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="no subscription"):
        audit(Cloud())


def test_all_well_is_no_finding() -> None:
    assert audit(Cloud(a=[resource(ENTITY, ENTITY, ROOT)])).findings == 0
    assert Audit().findings == 0
