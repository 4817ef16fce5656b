"""Keys that workspaces name: what is read, once each, and what stays unknown when it may not be."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cmkmigrate.audit.encryption import judge
from cmkmigrate.audit.keys import Keys
from cmkmigrate.audit.model import Cause, Row
from cmkmigrate.errors import CallError, Denied, NotFound, Unknown
from tests.audit.test_encryption import ENTITY, resource
from tests.audit.test_health import NOW, V1, key, version

VAULT = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
ENCRYPTION_USER = (
    "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6"
)
CUSTOM = "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/99999999-0000-4000-8000-000000000000"


class Site:
    """One subscription with one vault. What is an error is raised; every call is counted."""

    def __init__(self, **given: Any) -> None:
        properties = {"vaultUri": "https://v.vault.test/", "enablePurgeProtection": True}
        properties["enableRbacAuthorization"] = True
        grant = {"properties": {"roleDefinitionId": ENCRYPTION_USER, "principalId": "databricks"}}
        self.given: dict[str, Any] = {
            "vaults": [{"id": VAULT, "name": "v", "properties": properties}],
            "deleted_vaults": [],
            "vault_key": [key()],
            "vault_key_versions": [version()],
            "role_assignments": [grant],
            "role_definition": {"properties": {"permissions": [{"dataActions": ["*"]}]}},
            "azure_databricks_object_id": "databricks",
            "subscriptions": [{"subscriptionId": "s1"}],
        } | given
        self.calls: Counter[str] = Counter()

    def subscription(self, _: str) -> Site:
        return self

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any) -> Any:
            self.calls[name] += 1
            found = self.given[name]
            if isinstance(found, CallError):
                raise found
            return found

        return call


def services(uri: str = "https://v.vault.test/", **properties: Any) -> tuple[Row, dict[str, Any]]:
    block = {**ENTITY["keyVaultProperties"], "keyVersion": V1, "keyVaultUri": uri}  # type: ignore[dict-item]
    body = resource({**ENTITY, "keyVaultProperties": block}, **properties)
    return judge(body)[0], body


def causes(site: Site, uri: str = "https://v.vault.test/", databricks: str = "") -> list[Cause]:
    row, body = services(uri)
    keys = Keys(site, NOW, 90, databricks)
    keys.read([row], ["s1"])
    return keys.causes(row, keys.holder(row, body), False)


def codes(site: Site, uri: str = "https://v.vault.test/", databricks: str = "") -> list[str]:
    return [cause.code for cause in causes(site, uri, databricks)]


DENIED, LOST = Denied("no", status=403), Unknown("?")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, []),
        ({"vault_key": DENIED}, ["key-unreadable"]),
        ({"vault_key_versions": LOST}, ["key-unreadable"]),
        ({"vault_key": []}, ["key-missing"]),
        ({"vaults": DENIED}, ["vault-not-seen"]),
        ({"vaults": []}, ["vault-not-seen"]),
        ({"vaults": [], "deleted_vaults": [{"name": "V", "properties": {}}]}, ["vault-deleted"]),
        ({"vaults": [], "deleted_vaults": DENIED, "subscriptions": DENIED}, ["vault-not-seen"]),
        ({"role_assignments": DENIED}, ["grants-unreadable"]),
        ({"role_assignments": NotFound("x")}, ["no-grant"]),
        ({"role_assignments": []}, ["no-grant"]),
        ({"azure_databricks_object_id": DENIED}, ["principal-unknown"]),
        ({"azure_databricks_object_id": NotFound("none")}, ["principal-unknown"]),
    ],
)
def test_what_is_read(given: dict[str, Any], wanted: list[str]) -> None:
    assert codes(Site(**given)) == wanted


def test_a_role_of_ones_own() -> None:
    grant = {"properties": {"roleDefinitionId": CUSTOM, "principalId": "databricks"}}
    site = Site(role_assignments=[grant, grant])
    assert codes(site) == []
    assert site.calls["role_definition"] == 1
    assert codes(Site(role_assignments=[grant], role_definition=DENIED)) == ["grants-unreadable"]


def test_the_directory_is_not_asked_where_the_id_is_given() -> None:
    site = Site(azure_databricks_object_id=DENIED)
    assert codes(site, databricks="databricks") == []
    assert site.calls["azure_databricks_object_id"] == 0


def test_each_key_is_read_once() -> None:
    site = Site()
    rows = [services()[0] for _ in range(100)]
    keys = Keys(site, NOW, 90)
    keys.read(rows, ["s1"])
    assert [one.users for one in keys.all()] == [100]
    wanted = ("vaults", "vault_key", "vault_key_versions", "role_assignments", "azure_databricks_object_id")
    assert site.calls == Counter(dict.fromkeys(wanted, 1))


def test_an_identity_that_azure_does_not_name() -> None:
    body = resource(disks={**ENTITY, "keyVaultProperties": {**ENTITY["keyVaultProperties"], "keyVersion": V1}})  # type: ignore[dict-item]
    row = judge(body)[1]
    keys = Keys(Site(), NOW, 90)
    keys.read([row], ["s1"])
    assert [cause.code for cause in keys.causes(row, keys.holder(row, body), False)] == ["principal-unknown"]
    body["properties"]["managedDiskIdentity"] = {"principalId": "databricks"}
    assert keys.causes(row, keys.holder(row, body), False) == []


def test_without_a_key_nothing_is_asked() -> None:
    site = Site()
    Keys(site, NOW, 90).read(judge(resource()), ["s1"])
    assert site.calls == Counter()
