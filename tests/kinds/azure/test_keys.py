"""The key: looked up before it is made, NotYet while the right to make it has not taken effect."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, Denied, Mistake, NotYet
from cmkmigrate.kinds.azure.keys import KeyId, Keys
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Made
from tests.kinds.azure.fake_subscription import URI, VAULT, FakeSubscription, source

KIND = Keys()
SETTINGS = {"vault": VAULT, "name": "cmk", "existing": ""}
KID = f"{URI}keys/cmk/v1"
BUNDLE = {
    "key": {"kid": KID, "kty": "RSA", "key_ops": ["sign", "wrapKey", "unwrapKey"], "n": "A" * 512},
    "attributes": {"enabled": True},
}
ARM_KEY = {
    "properties": {
        "keyUriWithVersion": KID,
        "kty": "RSA",
        "keySize": 3072,
        "keyOps": ["wrapKey", "unwrapKey"],
        "attributes": {"enabled": True},
    }
}
FORBIDDEN = Denied("not authorized", status=403, code="ForbiddenByRbac")


def nothing(_: str) -> list[Entry]:
    return []


def wanted(**settings: Any) -> Asset:
    (found,) = KIND.desired(source(), {**SETTINGS, **settings}, nothing)
    assert isinstance(found, Asset)
    return found


def test_desired() -> None:
    one = wanted()
    assert (one.key, one.name) == ("cmk", "cmk")
    assert one.body == {"type": "RSA", "size": 3072, "enabled": True, "in_time": True, "wraps": True}
    assert wanted(vault=KNOWN_AFTER_APPLY).key == "cmk"


@pytest.mark.parametrize(
    "settings",
    [{"name": ""}, {"name": "a key"}, {"name": "k" * 128}, {"type": "EC"}, {"size": 1024}, {"existing": "cmk"}],
)
def test_mistakes(settings: dict[str, Any]) -> None:
    with pytest.raises(Mistake):
        wanted(**settings)


def test_a_vault_that_is_not_there_yet_has_no_keys() -> None:
    assert list(KIND.list(FakeSubscription(), SETTINGS | {"vault": KNOWN_AFTER_APPLY}, nothing)) == []


def test_create() -> None:
    site = FakeSubscription()
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    assert KIND.create(site, wanted()) == Made(KID)
    assert site.data.made == [("cmk", "RSA", 3072, ("wrapKey", "unwrapKey"))]


def test_a_403_is_not_yet() -> None:
    site = FakeSubscription()
    site.data.refusal = FORBIDDEN
    with pytest.raises(NotYet):
        KIND.create(site, wanted())
    assert site.data.made == []


def test_found() -> None:
    site = FakeSubscription()
    site.data.keys["cmk"] = BUNDLE
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert isinstance(have, Asset) and have.body is not None
    assert have.key == "cmk"
    assert portable.differences(KIND, wanted().body or {}, have.body) == ()
    found = {name: portable.value_at(have.body, path) for name, path in KIND.outputs.items()}
    assert found == {"id": KID, "uri": URI, "name": "cmk", "version": "v1"}
    assert portable.differences(KIND, wanted(size=2048).body or {}, have.body) == ("size",)


def test_looking_without_a_right_on_the_content() -> None:
    """Else a key that is there would be made a second time, as a further version."""
    site = FakeSubscription()
    site.data.refusal = FORBIDDEN
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    site.arm_keys = [ARM_KEY]
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert isinstance(have, Asset)
    assert have.id == KID and portable.differences(KIND, wanted().body or {}, have.body or {}) == ()


def test_existing() -> None:
    site, settings = FakeSubscription(), SETTINGS | {"existing": KID}
    with pytest.raises(Blocked, match="no such key"):
        KIND.list(site, settings, nothing)
    site.data.keys["cmk/v1"] = BUNDLE
    (have,) = KIND.list(site, settings, nothing)
    want = wanted(existing=KID)
    assert isinstance(have, Asset)
    assert have.key == want.key and portable.differences(KIND, want.body or {}, have.body or {}) == ()
    assert KIND.load(site, have).body == have.body


@pytest.mark.parametrize(
    ("key", "attributes", "why"),
    [
        ({}, {"enabled": False}, "disabled"),
        ({}, {"exp": 1_600_000_000}, "expired"),
        ({}, {"nbf": 99_999_999_999}, "not valid yet"),
        ({"kty": "EC", "n": ""}, {}, "type EC"),
        ({"n": "A" * 171}, {}, "1024 bits"),
        ({"key_ops": ["sign"]}, {}, "wrapKey"),
    ],
)
def test_an_existing_key_that_cannot_be_used(key: dict[str, Any], attributes: dict[str, Any], why: str) -> None:
    site, settings = FakeSubscription(), SETTINGS | {"existing": KID}
    site.data.keys["cmk/v1"] = {"key": BUNDLE["key"] | key, "attributes": BUNDLE["attributes"] | attributes}
    with pytest.raises(Blocked) as caught:
        KIND.list(site, settings, nothing)
    assert why in caught.value.why


def test_an_existing_key_is_in_the_vault_that_is_used() -> None:
    site, kid = FakeSubscription(), "https://other.vault.azure.test/keys/cmk/v1"
    with pytest.raises(Blocked, match="another vault"):
        KIND.list(site, SETTINGS | {"existing": kid}, nothing)
    with pytest.raises(Blocked, match="another vault"):
        KIND.list(site, SETTINGS | {"existing": KID, "vault": KNOWN_AFTER_APPLY}, nothing)


def test_an_existing_key_without_a_right_on_the_content() -> None:
    site = FakeSubscription()
    site.data.refusal = FORBIDDEN
    with pytest.raises(Denied):
        KIND.list(site, SETTINGS | {"existing": KID}, nothing)
    site.arm_keys = [ARM_KEY]
    (have,) = KIND.list(site, SETTINGS | {"existing": KID}, nothing)
    assert have.id == KID
    with pytest.raises(Denied):
        KIND.list(site, SETTINGS | {"existing": f"{URI}keys/cmk/older"}, nothing)


def test_a_firewall_is_not_waited_for() -> None:
    site = FakeSubscription()
    site.data.refusal = Denied("not a trusted service", status=403, code="ForbiddenByFirewall")
    with pytest.raises(Denied):
        KIND.create(site, wanted())


def test_ids() -> None:
    assert KeyId.parse(KID) == KeyId(URI, "cmk", "v1")
    assert KeyId.parse(f"{URI}keys/cmk") == KeyId(URI, "cmk", "")
    for text in ("", "cmk", URI, f"{URI}secrets/cmk/v1", f"{URI}keys/cmk/v1/x", "http://v/keys/k/v"):
        with pytest.raises(Mistake):
            KeyId.parse(text)
