"""The key: looked up before it is made, NotYet while the right to make it has not taken effect."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, Denied, Mistake, NotYet
from cmkmigrate.kinds.azure.key_ids import KeyId
from cmkmigrate.kinds.azure.keys import Keys
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Made
from tests.kinds.azure.fake_subscription import HSM, HSM_URI, URI, VAULT, FakeSubscription, source

KIND = Keys()
SETTINGS = {"vault": VAULT, "name": "cmk"}
KID = f"{URI}keys/cmk/v1"
BUNDLE = {
    "key": {"kid": KID, "kty": "RSA", "key_ops": ["sign", "wrapKey", "unwrapKey"], "n": "A" * 512},
    "attributes": {"enabled": True},
}
OF_HSM = {**BUNDLE, "key": {**BUNDLE["key"], "kid": f"{HSM_URI}keys/cmk/v1", "kty": "RSA-HSM"}}
FORBIDDEN = Denied("not authorized", status=403, code="ForbiddenByRbac")
WALL = Denied("your address is not known", status=403, code="ForbiddenByFirewall")
MAY_NOT = Denied("no", status=403, code="AuthorizationFailed")


def arm_key(version: str = "v1", **attributes: Any) -> dict[str, Any]:
    told = {"kty": "RSA", "keySize": 3072, "keyOps": ["wrapKey", "unwrapKey"]}
    kid = f"https://kv.vault.azure.test:443/keys/cmk/{version}"  # Resource Manager names the port
    return {"properties": {**told, "keyUriWithVersion": kid, "attributes": {"enabled": True, **attributes}}}


def vault(**properties: Any) -> dict[str, Any]:
    told = {"vaultUri": URI, "tenantId": "tenant", "enablePurgeProtection": True, **properties}
    return {"id": VAULT, "name": "kv", "location": "westeurope", "properties": told}


def hsm(**properties: Any) -> dict[str, Any]:
    told = {"hsmUri": HSM_URI.rstrip("/"), "tenantId": "tenant", "enablePurgeProtection": True, **properties}
    return {"id": HSM, "name": "mhsm", "location": "westeurope", "properties": told}


@pytest.fixture
def site() -> FakeSubscription:
    made = FakeSubscription()
    made.bodies = {VAULT: vault(), HSM: hsm()}
    return made


def nothing(_: str) -> list[Entry]:
    return []


def wanted(**settings: Any) -> Asset:
    (found,) = KIND.desired(source(), {**SETTINGS, **settings}, nothing)
    assert isinstance(found, Asset)
    return found


def listed(site: FakeSubscription, **settings: Any) -> Asset:
    (found,) = KIND.list(site, settings, nothing)
    assert isinstance(found, Asset)
    return found


def test_desired() -> None:
    one = wanted()
    assert (one.key, one.name) == ("cmk", "cmk")
    assert one.body == {"type": "RSA", "size": 3072, "enabled": True, "in_time": True, "wraps": True}
    assert wanted(vault=KNOWN_AFTER_APPLY).key == "cmk"
    assert (wanted(vault=HSM).body or {})["type"] == "RSA-HSM"


@pytest.mark.parametrize(
    "settings",
    [
        {"name": ""},
        {"name": "a key"},
        {"name": "k" * 128},
        {"type": "EC"},
        {"size": 1024},
        {"existing": "cmk"},
        {"type": "RSA", "vault": HSM},
        {"expiry": "2 years"},
        {"feature": "disks"},
    ],
)
def test_mistakes(settings: dict[str, Any]) -> None:
    with pytest.raises(Mistake):
        wanted(**settings)


def test_ids() -> None:
    assert KeyId.parse("https://kv.vault.azure.test:443/keys/cmk/v1") == KeyId(URI, "cmk", "v1")
    assert KeyId.parse(f"{URI}keys/cmk").version == "" and KeyId.parse(KID).host == "kv.vault.azure.test"


def test_a_vault_that_is_not_there_yet_has_no_keys(site: FakeSubscription) -> None:
    assert list(KIND.list(site, SETTINGS | {"vault": KNOWN_AFTER_APPLY}, nothing)) == []


def test_create(site: FakeSubscription) -> None:
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    assert KIND.create(site, wanted()) == Made(KID)
    assert site.data.made == [("cmk", "RSA", 3072, ("wrapKey", "unwrapKey"))] and site.writes == []


def test_a_403_is_not_yet(site: FakeSubscription) -> None:
    site.data.refusal = FORBIDDEN
    with pytest.raises(NotYet):
        KIND.create(site, wanted())
    site.data.refusal = WALL
    with pytest.raises(Denied):  # no grant opens it
        KIND.create(site, wanted())
    assert site.data.made == []


@pytest.mark.parametrize("closed", [{"publicNetworkAccess": "Disabled"}, {"networkAcls": {"defaultAction": "Deny"}}])
def test_made_through_resource_manager_where_the_vault_is_closed(site: FakeSubscription, closed: Any) -> None:
    site.bodies[VAULT] = vault(**closed)
    site.data.refusal = WALL  # whatever is asked of the data plane
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    assert KIND.create(site, wanted(expiry="P1Y")) == Made(KID)
    ((what, where, body),) = site.writes
    assert (what, where) == ("PUT", f"{VAULT}/keys/cmk")
    properties = body["properties"]
    assert properties["keyOps"] == ["wrapKey", "unwrapKey"] and properties["keySize"] == 3072
    assert properties["attributes"]["exp"] > time.time() + 364 * 86_400
    site.arm_keys = [arm_key(exp=4_000_000_000)]
    assert listed(site, **SETTINGS).id == KID == KIND.load(site, Entry(KID)).id
    site.refusal = MAY_NOT
    with pytest.raises(Denied, match="Key Vault Contributor"):
        KIND.create(site, wanted())


def test_found(site: FakeSubscription) -> None:
    site.arm_keys = [arm_key()]
    have = listed(site, **SETTINGS)
    assert have.key == "cmk" and have.body is not None
    assert portable.differences(KIND, wanted().body or {}, have.body) == ()
    found = {name: portable.value_at(have.body, path) for name, path in KIND.outputs.items()}
    assert found == {"id": KID, "uri": URI, "name": "cmk", "version": "v1", "scope": f"{VAULT}/keys/cmk"}
    assert portable.differences(KIND, wanted(size=2048).body or {}, have.body) == ("size",)


@pytest.mark.parametrize("arm", [[], MAY_NOT])
def test_looked_for_on_the_data_plane_too(site: FakeSubscription, arm: Any) -> None:
    """Else a key that is there would be made a second time, as a further version."""
    site.arm_keys, site.data.keys["cmk"] = arm, BUNDLE
    assert listed(site, **SETTINGS).id == KID
    site.data.refusal = FORBIDDEN
    assert list(KIND.list(site, SETTINGS, nothing)) == []


def test_expiry(site: FakeSubscription) -> None:
    want = wanted(expiry="p2y")
    KIND.create(site, want)
    ((*_, expires),) = site.data.made
    assert 729 * 86_400 < expires - time.time() < 732 * 86_400
    site.arm_keys = [arm_key()]
    have = listed(site, **SETTINGS)
    assert portable.differences(KIND, KIND.fit(want.body or {}, have.body or {}), have.body or {}) == (
        "expires",
        "expiry",
    )
    assert KIND.update(site, want, have) == Made(KID)
    ((name, version, ends),) = site.data.ended
    assert (name, version) == ("cmk", "v1") and ends == pytest.approx(expires, abs=60)
    site.arm_keys = [arm_key(exp=expires)]
    have = listed(site, **SETTINGS)
    assert portable.differences(KIND, KIND.fit(want.body or {}, have.body or {}), have.body or {}) == ()
    with pytest.raises(Blocked):
        wanted(expiry="P27D")
    with pytest.raises(Blocked, match="not as it was made"):
        KIND.update(site, wanted(), have)


def test_existing(site: FakeSubscription) -> None:
    settings = {"existing": KID}
    with pytest.raises(Blocked, match="no such key"):
        listed(site, **settings)
    site.arm_keys = [arm_key()]
    have, want = listed(site, **settings), wanted(existing=KID)
    assert have.key == want.key and portable.differences(KIND, want.body or {}, have.body or {}) == ()
    assert KIND.load(site, have).body == have.body and have.notes == ()


def test_existing_where_resource_manager_may_not_be_asked(site: FakeSubscription) -> None:
    site.arm_keys, site.data.keys["cmk/v1"] = MAY_NOT, BUNDLE
    assert listed(site, existing=KID).id == KID
    site.data.refusal = FORBIDDEN
    with pytest.raises(Blocked, match="may not be read") as caught:
        listed(site, existing=KID)
    assert "--role Reader" in caught.value.next


def test_the_newest_of_a_key_without_a_version(site: FakeSubscription) -> None:
    site.arm_keys = [arm_key(), arm_key("v2")]
    assert (listed(site, existing=f"{URI}keys/cmk").body or {})["version"] == "v2"
    (note,) = listed(site, existing=KID).notes
    assert "newer version" in note and "v2" in note


def test_an_end_within_the_horizon_is_noted(site: FakeSubscription) -> None:
    site.arm_keys = [arm_key(exp=time.time() + 30 * 86_400)]
    (note,) = listed(site, existing=KID).notes
    assert "expires soon" in note


@pytest.mark.parametrize(
    ("told", "attributes", "why"),
    [
        ({}, {"enabled": False}, "disabled"),
        ({}, {"exp": 1_600_000_000}, "expired"),
        ({}, {"nbf": 99_999_999_999}, "not valid yet"),
        ({"kty": "EC"}, {}, "type EC"),
        ({"keySize": 1024}, {}, "1024 bits"),
        ({"keyOps": ["sign"]}, {}, "wrapKey"),
    ],
)
def test_an_existing_key_that_cannot_be_used(
    site: FakeSubscription, told: dict[str, Any], attributes: dict[str, Any], why: str
) -> None:
    one = arm_key(**attributes)
    one["properties"] |= told
    site.arm_keys = [one]
    with pytest.raises(Blocked) as caught:
        listed(site, existing=KID)
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"tenantId": "another"}, "another tenant"),
        ({"enablePurgeProtection": None}, "not purge-protected"),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, "keeps out the services"),
        ({"publicNetworkAccess": "SecuredByPerimeter"}, "keeps out the services"),
    ],
)
def test_an_existing_key_whose_vault_cannot_be_used(site: FakeSubscription, properties: Any, text: str) -> None:
    site.bodies[VAULT], site.arm_keys = vault(**properties), [arm_key()]
    with pytest.raises(Blocked, match=text):
        listed(site, existing=KID)


def test_the_region_matters_for_disks_alone(site: FakeSubscription) -> None:
    site.bodies[VAULT], site.arm_keys = {**vault(), "location": "eastus"}, [arm_key()]
    assert listed(site, existing=KID, feature="managed_services", location="westeurope").id == KID
    assert listed(site, existing=KID, feature="dbfs_root", location="westeurope").id == KID
    with pytest.raises(Blocked, match="another region"):
        listed(site, existing=KID, feature="managed_disks", location="westeurope")


def test_which_vault_an_existing_key_is_in(site: FakeSubscription) -> None:
    site.arm_keys = [arm_key()]
    other = VAULT.replace("/kv", "/other")
    site.bodies[other] = {**vault(vaultUri="https://other.vault.azure.test/"), "id": other}
    assert (listed(site, existing=KID, vault=VAULT).body or {})["scope"] == f"{VAULT}/keys/cmk"
    assert (listed(site, existing=KID, vault=other).body or {})["scope"] == f"{VAULT}/keys/cmk", "its own, all the same"
    with pytest.raises(Blocked, match="vault of the key is not found") as caught:
        listed(site, existing="https://far.vault.azure.test/keys/cmk/v1")
    assert "3 subscriptions" in caught.value.why and "vault_id" in caught.value.next
    with pytest.raises(Blocked, match="no such key vault"):
        listed(site, existing=KID, vault=VAULT + "-gone")


def test_the_key_of_a_feature(site: FakeSubscription) -> None:
    site.arm_keys = [arm_key()]
    settings = {"feature": "managed_disks", "features": ["managed_disks"], "existing": "", "first_of": ["", KID]}
    assert listed(site, **settings).id == KID
    (want,) = KIND.desired(source(), settings, nothing)
    assert want.id == KID
    left_out = settings | {"features": ["dbfs_root"]}
    assert list(KIND.desired(source(), left_out, nothing)) == list(KIND.list(site, left_out, nothing)) == []
    later = settings | {"first_of": [KNOWN_AFTER_APPLY]}
    assert list(KIND.desired(source(), later, nothing)) == list(KIND.list(site, later, nothing)) == []
    with pytest.raises(Blocked, match="no key for managed_disks") as caught:
        list(KIND.desired(source(), settings | {"first_of": ["", ""]}, nothing))
    assert "key_id" in caught.value.next


def test_a_key_of_a_managed_hsm(site: FakeSubscription) -> None:
    kid = f"{HSM_URI}keys/cmk/v1"
    site.data.keys = {"cmk": OF_HSM, "cmk/v1": OF_HSM}
    site.arm_keys = MAY_NOT  # is not asked
    have = listed(site, existing=kid)
    assert have.id == kid and (have.body or {})["scope"] == f"{HSM}/keys/cmk"
    assert KIND.load(site, have).id == kid
    site.bodies[HSM] = hsm(securityDomainProperties={"activationStatus": "NotActivated"})
    with pytest.raises(Blocked, match="not activated") as caught:
        listed(site, existing=kid)
    assert caught.value.subject == "mhsm" and "security-domain download" in caught.value.next
    site.bodies[HSM], site.data.refusal = hsm(), FORBIDDEN
    with pytest.raises(Blocked, match="may not be read") as caught:
        listed(site, existing=kid)
    assert "az keyvault role assignment create --hsm-name mhsm" in caught.value.next


def test_the_services_are_let_in_and_the_operator_is_not(site: FakeSubscription) -> None:
    site.bodies[VAULT] = vault(publicNetworkAccess="Disabled", networkAcls={"bypass": "AzureServices"})
    site.data.refusal = WALL
    site.arm_keys = [arm_key()]
    assert listed(site, existing=KID).id == KID, "nothing is asked of the data plane"
    site.bodies[HSM] = hsm(publicNetworkAccess="Disabled")
    with pytest.raises(Blocked, match="cannot be read from here") as caught:
        listed(site, existing=f"{HSM_URI}keys/cmk/v1")
    assert "you are kept out, not the services" in caught.value.why
