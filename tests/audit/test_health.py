"""What is wrong with a vault or a key, one fault at a time."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.audit import health
from cmkmigrate.audit.model import DEGRADED

NOW, DAY = 1_800_000_000.0, 86_400
V1, V2 = "1" * 32, "2" * 32


def vault(**properties: Any) -> dict[str, Any]:
    return {"name": "v", "properties": {"enablePurgeProtection": True, **properties}}


def version(id: str = V1, **attributes: Any) -> dict[str, Any]:
    told = {"attributes": {"enabled": True, "created": NOW - 9, **attributes}}
    return {"name": id, "properties": {**told, "keyUriWithVersion": f"https://v.vault.test/keys/k/{id}"}}


def key(id: str = V1, **properties: Any) -> dict[str, Any]:
    made = version(id)
    return {
        "name": "k",
        "properties": {**made["properties"], "kty": "RSA", "keyOps": ["wrapKey", "unwrapKey"]} | properties,
    }


def codes(causes: list[Any]) -> list[str]:
    assert all(cause.code in DEGRADED for cause in causes)
    return [cause.code for cause in causes]


@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ({}, []),
        ({"enablePurgeProtection": None}, ["no-purge-protection"]),
        ({"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow", "bypass": "None"}}, []),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, []),
        ({"networkAcls": {"defaultAction": "Deny"}}, []),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, ["firewall"]),
        ({"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "AzureServices"}}, []),
        ({"publicNetworkAccess": "disabled", "networkAcls": {"bypass": "None"}}, ["firewall"]),
        ({"publicNetworkAccess": "SecuredByPerimeter", "networkAcls": {"bypass": "AzureServices"}}, ["firewall"]),
    ],
)
def test_vaults(properties: dict[str, Any], wanted: list[str]) -> None:
    assert codes(health.of_vault(vault(**properties))) == wanted


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({}, []),
        ({"enabled": False}, ["key-disabled"]),
        ({"exp": NOW}, ["key-expired"]),
        ({"exp": NOW + 90 * DAY}, ["key-expires-soon"]),
        ({"exp": NOW + 91 * DAY}, []),
        ({"nbf": NOW + 1}, ["key-not-yet-valid"]),
        ({"nbf": NOW}, []),
        ({"enabled": False, "exp": NOW - 1}, ["key-disabled", "key-expired"]),
    ],
)
def test_the_version_in_use(attributes: dict[str, Any], wanted: list[str]) -> None:
    assert codes(health.of_key(key(), [version(**attributes)], V1, False, NOW, 90)) == wanted


def test_it_is_the_pinned_version_that_counts() -> None:
    """The newest is well, the one that the workspace names is not."""
    two = [version(V1, enabled=False), version(V2)]
    assert codes(health.of_key(key(V2), two, V1, False, NOW, 90)) == ["key-disabled", "version-behind"]
    assert codes(health.of_key(key(V2), two, V1, True, NOW, 90)) == [], "it is followed to the newest"
    assert codes(health.of_key(key(V2), two, "", False, NOW, 90)) == [], "without a version it is the newest"
    assert codes(health.of_key(key(V2), [version(V2)], V1, False, NOW, 90)) == ["key-missing"]
    assert codes(health.of_key(key(V2), two, V1.upper(), False, NOW, 90)) == ["key-disabled", "version-behind"]


@pytest.mark.parametrize(
    "properties", [{"kty": "EC"}, {"kty": "oct-HSM"}, {"keyOps": ["sign"]}, {"keyOps": ["wrapKey"]}]
)
def test_unfit_keys(properties: dict[str, Any]) -> None:
    assert codes(health.of_key(key(**properties), [version()], V1, False, NOW, 90)) == ["key-unfit"]


def test_the_version_in_use_must_be_fit_itself() -> None:
    """The newest can wrap, the one that is pinned cannot; and what Azure does not say is no pass."""
    ill = version(V1)
    ill["properties"]["keyOps"] = ["sign"]
    assert codes(health.of_key(key(V2), [ill, version(V2)], V1, False, NOW, 90)) == ["key-unfit", "version-behind"]
    silent = version(V1, enabled=None)
    assert [one.code for one in health.of_key(key(), [silent], V1, False, NOW, 90)] == ["key-unreadable"]
    untyped = health.of_key(key(kty=None), [version()], V1, False, NOW, 90)
    assert [one.code for one in untyped] == ["key-unreadable"]


def test_hsm_keys_are_fit() -> None:
    assert health.of_key(key(kty="RSA-HSM"), [version()], V1, False, NOW, 90) == []


@pytest.mark.parametrize(
    ("keys", "allowed"),
    [(["get", "wrapKey", "unwrapKey"], True), (["Get", "WrapKey", "UnwrapKey", "list"], True), (["all"], True),
     (["get", "wrapKey"], False), ([], False)],
)  # fmt: skip
def test_access_policies(keys: list[str], allowed: bool) -> None:
    body = vault(accessPolicies=[{"objectId": "ME", "permissions": {"keys": keys}}])
    assert health.policy_allows(body, "me") is allowed
    assert not health.policy_allows(body, "you")


@pytest.mark.parametrize(("more", "allowed"), [({}, True), ({"tenantId": "T"}, True), ({"tenantId": "other"}, False),
                                               ({"applicationId": "a"}, False)])  # fmt: skip
def test_a_policy_for_somebody_else(more: dict[str, Any], allowed: bool) -> None:
    """One for an application on the principal's behalf, or for another tenant, is no grant."""
    policy = {"objectId": "me", "permissions": {"keys": ["all"]}, **more}
    assert health.policy_allows(vault(tenantId="t", accessPolicies=[policy]), "me") is allowed


def test_the_age_of_a_key() -> None:
    assert health.oldest([version(created=5), version(V2, created=7)]) == 5
    assert health.oldest([version(created=5), version(V2, created=None)]) == 0, "one that does not tell may be older"
    assert health.oldest([]) == 0
