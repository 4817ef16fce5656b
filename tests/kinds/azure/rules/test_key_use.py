"""Keys that are looked at again: each trouble names the key and its version, and what cannot be seen is said."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import CallError, Denied, NotFound, Stopped, Ungranted, Unknown
from cmkmigrate.kinds.azure import key_use
from tests.kinds.azure.fake_subscription import URI, VAULT, WORKSPACE, FakeSubscription

KID = f"{URI}keys/cmk/v1"


def shown(version: str = "v1", **attributes: Any) -> dict[str, Any]:
    told = {"keyUriWithVersion": f"{URI}keys/cmk/{version}", "kty": "RSA", "keySize": 3072}
    return {"properties": {**told, "keyOps": ["wrapKey", "unwrapKey"], "attributes": {"enabled": True, **attributes}}}


@pytest.fixture
def site() -> FakeSubscription:
    made = FakeSubscription()
    told = {"vaultUri": URI, "enablePurgeProtection": True, "tenantId": "tenant"}
    made.bodies[VAULT] = {"id": VAULT, "name": "kv", "properties": told}
    made.arm_keys = [shown()]
    return made


def test_it_can_be_used(site: FakeSubscription) -> None:
    assert key_use.still(site, KID) == ""  # type: ignore[arg-type]
    site.arm_keys = [shown(), shown("v2", enabled=False)]
    assert key_use.still(site, KID) == "", "another version is no matter of it"  # type: ignore[arg-type]


def disabled(site: FakeSubscription) -> None:
    site.arm_keys = [shown(enabled=False)]


def disabled_after_a_rotation(site: FakeSubscription) -> None:
    site.arm_keys = [shown(enabled=False), shown("v2")]


def gone(site: FakeSubscription) -> None:
    site.arm_keys = []


def walled(site: FakeSubscription) -> None:
    site.bodies[VAULT]["properties"]["networkAcls"] = {"defaultAction": "Deny", "bypass": "None"}


def without_a_vault_known_before(site: FakeSubscription) -> None:
    kept = site.bodies.pop(VAULT)
    site.home_of = lambda uri: kept  # type: ignore[method-assign]


def without_a_vault(site: FakeSubscription) -> None:
    del site.bodies[VAULT]
    site.deleted = [{"name": "kv"}]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (disabled, "it is disabled"),
        (disabled_after_a_rotation, "it is disabled"),
        (gone, "not there any more"),
        (walled, "keeps out the services"),
        (without_a_vault_known_before, "bring kv back"),
        (without_a_vault, "az keyvault recover --name kv"),
    ],
)
def test_it_cannot(trouble: Any, words: str, site: FakeSubscription) -> None:
    trouble(site)
    with pytest.raises(Stopped) as stopped:
        key_use.still(site, KID)  # type: ignore[arg-type]
    error = stopped.value
    assert error.subject == KID and words in f"{error.what} {error.why} {error.next}"
    assert error.next.endswith("cmkmigrate resume")


@pytest.mark.parametrize("error", [Denied("no", status=403), Unknown("lost")])
def test_it_cannot_be_told(error: CallError, site: FakeSubscription) -> None:
    site.arm_keys = error
    assert KID in key_use.still(site, KID)  # type: ignore[arg-type]


def test_a_vault_that_nobody_shows_is_not_known_to_be_gone(site: FakeSubscription) -> None:
    del site.bodies[VAULT]
    assert "not found" in key_use.still(site, KID)  # type: ignore[arg-type]


def test_who_has_to_have_it(site: FakeSubscription) -> None:
    key = {"keyVaultUri": URI, "keyName": "cmk", "keyVersion": "v1"}
    entities = {"managedServices": {"keyVaultProperties": key}, "managedDisk": {"keyVaultProperties": key}}
    root = {"value": {"keyvaulturi": URI, "KeyName": "cmk", "keyversion": "v1"}}
    sent = {"properties": {"encryption": {"entities": entities}, "parameters": {"encryption": root}}}
    told = {"managedDiskIdentity": {"principalId": "disk-oid"}, "storageAccountIdentity": {"principalId": "store-oid"}}
    site.bodies[WORKSPACE] = {"id": WORKSPACE, "properties": told}
    error = key_use.explained(site, WORKSPACE, Ungranted("no", status=403), sent)  # type: ignore[arg-type]
    for words in ("AzureDatabricks 2ff814a6", "disks disk-oid", "storage store-oid", "get, wrapKey, unwrapKey", KID):
        assert words in error.message
    disabled(site)
    with pytest.raises(Stopped, match="cannot be used"):
        key_use.explained(site, WORKSPACE, error, sent)  # type: ignore[arg-type]


def test_what_is_said_of_nothing(site: FakeSubscription) -> None:
    error = key_use.explained(site, WORKSPACE, Ungranted("no"))  # type: ignore[arg-type]
    assert error.message == "no"
    with pytest.raises(NotFound):
        site.workspace(WORKSPACE)
