"""The key vault: what is asked for, names that are held, vaults that exist."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, Mistake
from cmkmigrate.kinds.azure.key_vaults import KeyVaults
from cmkmigrate.model import Asset, Entry, Made
from tests.kinds.azure.fake_subscription import HSM, HSM_URI, FakeSubscription, S, source

VAULT, URI = f"{S}/Microsoft.KeyVault/vaults/kv-a", "https://kv-a.vault.azure.test/"
KIND = KeyVaults()
SETTINGS = {"name": "kv-a", "existing": "", "purge_protection": True}
IN_GROUP = SETTINGS | {"resource_group": "g", "location": "westeurope"}


def nothing(_: str) -> list[Entry]:
    return []


def wanted(**settings: Any) -> Asset:
    (found,) = KIND.desired(source(), {**SETTINGS, **settings}, nothing)
    assert isinstance(found, Asset)
    return found


def vault(**properties: Any) -> dict[str, Any]:
    given = {"vaultUri": URI, "enablePurgeProtection": True, "enableRbacAuthorization": True, **properties}
    return {"id": VAULT, "name": "kv-a", "location": "westeurope", "properties": given}


def test_desired() -> None:
    one = wanted()
    assert (one.id, one.key, one.name) == (VAULT, "g/kv-a", "kv-a")
    assert one.body == {
        "location": "westeurope",
        "properties": {
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": True,
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 90,
        },
    }
    other = wanted(resource_group="h", location="eastus", sku="premium", retention_days=7, rbac=False)
    assert other.body is not None
    assert other.key == "h/kv-a" and other.body["location"] == "eastus"
    assert other.body["properties"]["enableRbacAuthorization"] is False


@pytest.mark.parametrize("settings", [{"purge_protection": False}, {"name": ""}, {"existing": "kv-a"}])
def test_mistakes(settings: dict[str, Any]) -> None:
    with pytest.raises(Mistake):
        wanted(**settings)


def test_create_and_again() -> None:
    site = FakeSubscription()
    assert list(KIND.list(site, IN_GROUP, nothing)) == []
    want = wanted()
    assert KIND.create(site, want) == Made(VAULT)
    ((what, where, body),) = site.writes
    assert (what, where) == ("PUT", VAULT)
    assert body["properties"]["tenantId"] == "tenant"
    assert body["properties"]["enableRbacAuthorization"] is True and "accessPolicies" not in body["properties"]
    site.bodies[VAULT] = {**body, "id": VAULT, "name": "kv-a"}
    for settings in (IN_GROUP, SETTINGS):
        (have,) = KIND.list(site, settings, nothing)
        assert have.key == want.key
        assert portable.differences(KIND, want.body or {}, KIND.load(site, have).body or {}) == ()


def test_access_policies_are_said_to_be_none() -> None:
    site = FakeSubscription()
    KIND.create(site, wanted(rbac=False))
    assert site.writes[0][2]["properties"]["accessPolicies"] == []


def test_a_name_that_is_taken() -> None:
    site = FakeSubscription()
    site.taken = "already in use"
    with pytest.raises(Blocked) as blocked:
        KIND.list(site, IN_GROUP, nothing)
    assert blocked.value.subject == "kv-a" and blocked.value.why == "already in use"
    site.deleted = [{"name": "KV-A", "properties": {"scheduledPurgeDate": "2027-01-01"}}]
    with pytest.raises(Blocked) as blocked:
        KIND.list(site, IN_GROUP, nothing)
    assert "2027-01-01" in blocked.value.why and blocked.value.next.startswith("az keyvault recover --name kv-a")


def test_existing() -> None:
    site = FakeSubscription()
    settings = IN_GROUP | {"existing": VAULT}
    with pytest.raises(Blocked, match="no such"):
        KIND.list(site, settings, nothing)
    site.bodies[VAULT] = vault()
    (have,) = KIND.list(site, settings, nothing)
    (want,) = KIND.desired(source(), settings, nothing)
    assert isinstance(want, Asset) and isinstance(have, Asset)
    assert have.key == want.key
    assert portable.differences(KIND, want.body or {}, have.body or {}) == ()
    assert {name: portable.value_at(have.body, path) for name, path in KIND.outputs.items()} == {
        "id": VAULT,
        "uri": URI,
        "name": "kv-a",
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [(vault(enablePurgeProtection=None), "purge-protected"), ({**vault(), "location": "eastus"}, "another region")],
)
def test_existing_that_cannot_be_used(body: dict[str, Any], text: str) -> None:
    site = FakeSubscription()
    site.bodies[VAULT] = body
    with pytest.raises(Blocked, match=text):
        KIND.list(site, IN_GROUP | {"existing": VAULT}, nothing)


def test_settle_waits_for_the_name() -> None:
    site = FakeSubscription()
    left = ["RegisteringDns", "RegisteringDns", "Succeeded"]
    site.vault = lambda _: vault(provisioningState=left.pop(0))  # type: ignore[method-assign]
    KIND.settle(site, wanted(), Made(VAULT))
    assert left == []


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}, "firewall"),
        ({"networkAcls": {"bypass": "None"}, "publicNetworkAccess": "Disabled"}, "firewall"),
        ({"tenantId": "another"}, "another tenant"),
    ],
)
def test_an_existing_vault_that_nobody_could_use(properties: dict[str, Any], text: str) -> None:
    site = FakeSubscription()
    site.bodies[VAULT] = vault(**properties)
    with pytest.raises(Blocked, match=text):
        KIND.list(site, SETTINGS | {"existing": VAULT}, nothing)


def test_an_existing_vault_behind_a_firewall_that_lets_services_in() -> None:
    site = FakeSubscription()
    site.bodies[VAULT] = vault(networkAcls={"bypass": "AzureServices", "defaultAction": "Deny"})
    assert len(list(KIND.list(site, SETTINGS | {"existing": VAULT}, nothing))) == 1


def test_the_region_matters_where_disks_are_among_the_features() -> None:
    site = FakeSubscription()
    site.bodies[VAULT] = {**vault(), "location": "eastus"}
    settings = IN_GROUP | {"existing": VAULT, "features": ["managed_services", "dbfs_root"]}
    assert len(list(KIND.list(site, settings, nothing))) == 1
    with pytest.raises(Blocked, match="another region"):
        KIND.list(site, settings | {"features": ["managed_disks"]}, nothing)


def test_a_managed_hsm_in_its_place() -> None:
    site = FakeSubscription()
    told = {"hsmUri": HSM_URI.rstrip("/"), "enablePurgeProtection": True}
    site.bodies[HSM] = {"id": HSM, "name": "mhsm", "location": "westeurope", "properties": told}
    (have,) = KIND.list(site, IN_GROUP | {"existing": HSM}, nothing)
    assert isinstance(have, Asset) and (have.body or {})["uri"] == HSM_URI == (KIND.load(site, have).body or {})["uri"]
    site.bodies[HSM]["properties"]["securityDomainProperties"] = {"activationStatus": "NotActivated"}
    with pytest.raises(Blocked, match="not activated"):
        KIND.list(site, IN_GROUP | {"existing": HSM}, nothing)
    with pytest.raises(Blocked, match="not a key vault"):
        KIND.list(site, IN_GROUP | {"existing": VAULT.replace("vaults", "secrets")}, nothing)
