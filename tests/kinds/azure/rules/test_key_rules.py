"""The rules of keys and vaults: each can go red, and names the check it is of."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Mistake
from cmkmigrate.kinds.azure.key_rules import (
    HSM,
    KeyFacts,
    closed_to_operator,
    is_hsm,
    key_problems,
    profile_problems,
    vault_problems,
    version_problems,
)

S = "/subscriptions/s/resourceGroups/g/providers"
NOW = 1_800_000_000.0
DAY = 86_400
KID = "https://kv.vault.azure.test/keys/cmk/v1"


def vault(**properties: Any) -> dict[str, Any]:
    told = {"tenantId": "T", "enablePurgeProtection": True, **properties}
    return {"id": f"{S}/Microsoft.KeyVault/vaults/kv", "name": "kv", "location": "West Europe", "properties": told}


def hsm(**properties: Any) -> dict[str, Any]:
    told = {"securityDomainProperties": {"activationStatus": "Active"}, "provisioningState": "Succeeded", **properties}
    return {**vault(**told), "id": f"{S}/{HSM}/mhsm", "name": "mhsm"}


def key(**changes: Any) -> KeyFacts:
    told: dict[str, Any] = {
        "type": "RSA",
        "size": 3072,
        "operations": frozenset({"wrapKey", "unwrapKey"}),
        "attributes": {"enabled": True},
    }
    return KeyFacts(KID, **(told | changes))


def test_nothing_is_wrong() -> None:
    assert list(vault_problems(vault(), "t", "westeurope")) == []
    assert list(vault_problems(hsm(), "t", "westeurope")) == []
    assert list(key_problems(key(), NOW)) == []
    assert list(key_problems(key(type="RSA-HSM"), NOW, hsm=True)) == []


@pytest.mark.parametrize(
    ("body", "check", "text"),
    [
        (vault(tenantId="another"), "PF07", "another tenant"),
        ({**vault(), "location": "eastus"}, "PF08", "another region"),
        (vault(enablePurgeProtection=None), "PF09", "not purge-protected"),
        (vault(networkAcls={"defaultAction": "Deny", "bypass": "None"}), "PF10", "firewall"),
        (vault(publicNetworkAccess="Disabled", networkAcls={"bypass": "None"}), "PF10", "firewall"),
        (vault(publicNetworkAccess="SecuredByPerimeter"), "PF10", "firewall"),
        (hsm(enablePurgeProtection=False), "PF09", "managed HSM is not purge-protected"),
        (hsm(securityDomainProperties={"activationStatus": "NotActivated"}), "PF11", "not activated"),
        (hsm(securityDomainProperties=None, provisioningState="Provisioning"), "PF11", "not activated"),
        (hsm(networkAcls={"defaultAction": "Deny", "bypass": "None"}), "PF10", "firewall of the managed HSM"),
    ],
)
def test_a_vault_that_cannot_be_used(body: dict[str, Any], check: str, text: str) -> None:
    (problem,) = vault_problems(body, "t", "westeurope")
    assert (problem.severity, problem.check) == ("fail", check) and text in problem.what, problem
    assert problem.fix and problem.why


def test_what_does_not_matter() -> None:
    assert list(vault_problems({**vault(), "location": "eastus"}, "T")) == [], "no region is asked for"
    replicated = hsm(regions=[{"name": "North Europe"}])
    assert list(vault_problems(replicated, "T", "northeurope")) == [], "an HSM may be in several regions"
    assert list(vault_problems(vault(networkAcls={"defaultAction": "Deny"}), "T")) == [], "bypass is on unless said"
    assert list(vault_problems(hsm(securityDomainProperties=None, provisioningState="Activated"), "T")) == []


@pytest.mark.parametrize(
    ("properties", "word"),
    [
        ({}, ""),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, "firewall"),
        ({"publicNetworkAccess": "Disabled"}, "public network access"),
        ({"publicNetworkAccess": "SecuredByPerimeter"}, "perimeter"),
    ],
)
def test_what_may_keep_the_operator_out(properties: dict[str, Any], word: str) -> None:
    assert (word in closed_to_operator(vault(**properties))) and bool(closed_to_operator(vault(**properties))) == (
        word != ""
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"type": "EC"}, "type EC"),
        ({"type": "oct-HSM"}, "type oct-HSM"),
        ({"size": 1024}, "1024 bits"),
        ({"attributes": {"enabled": False}}, "disabled"),
        ({"attributes": {"exp": NOW - 1}}, "expired"),
        ({"attributes": {"nbf": NOW + 1}}, "not valid yet"),
        ({"operations": frozenset({"sign", "wrapKey"})}, "not for unwrapKey"),
    ],
)
def test_a_key_that_cannot_be_used(changes: dict[str, Any], why: str) -> None:
    (problem,) = key_problems(key(**changes), NOW)
    assert (problem.severity, problem.check) == ("fail", "PF11") and why in problem.why, problem


def test_a_key_of_an_hsm_is_of_its_type() -> None:
    (problem,) = key_problems(key(), NOW, hsm=True)
    assert "type RSA;" in problem.why


def test_an_end_within_the_horizon_is_a_warning() -> None:
    (problem,) = key_problems(key(attributes={"exp": NOW + 30 * DAY}), NOW)
    assert problem.severity == "warn" and "in 30 days" in problem.why
    assert list(key_problems(key(attributes={"exp": NOW + 91 * DAY}), NOW)) == []
    assert list(key_problems(key(attributes={"exp": NOW + 30 * DAY}), NOW, horizon_days=29)) == []


def test_versions() -> None:
    (problem,) = version_problems("a", "b")
    assert (problem.severity, problem.check) == ("warn", "PF12")
    assert list(version_problems("A", "a")) == list(version_problems("", "a")) == []


@pytest.mark.parametrize(
    ("expiry", "rotation", "home", "text"),
    [
        ("", "P30D", "", "without an expiry"),
        ("P27D", "", "", "expire too soon"),
        ("P2Y", "P6D", "", "rotated too late"),
        ("P30D", "P24D", "", "rotated too soon"),
        ("P55D", "P28D", HSM, "rotated too soon"),
    ],
)
def test_a_profile_that_the_service_refuses(expiry: str, rotation: str, home: str, text: str) -> None:
    (problem,) = profile_problems(expiry, rotation, *([home] if home else []))
    assert problem.severity == "fail" and text in problem.what


@pytest.mark.parametrize(
    ("expiry", "rotation", "home"),
    [("", "", ""), ("P28D", "", ""), ("P2Y", "P30D", ""), ("P28D", "P21D", ""), ("P56D", "P28D", HSM)],
)
def test_a_profile_that_it_takes(expiry: str, rotation: str, home: str) -> None:
    assert list(profile_problems(expiry, rotation, *([home] if home else []))) == []


def test_a_profile_of_no_period() -> None:
    with pytest.raises(Mistake):
        list(profile_problems("two years", ""))


def test_facts_of_both_sorts_of_answer() -> None:
    bundle = {"key": {"kid": KID, "kty": "RSA", "key_ops": ["wrapKey"], "n": "A" * 512}, "attributes": {"exp": 1}}
    told = {"keyUriWithVersion": KID, "kty": "RSA", "keySize": 3072, "keyOps": ["wrapKey"], "attributes": {"exp": 1}}
    assert KeyFacts.of_bundle(bundle) == KeyFacts.of_arm({"properties": told})
    assert not KeyFacts.of_bundle(bundle).in_time(2) and KeyFacts.of_bundle(bundle).in_time(0.5)
    assert is_hsm(hsm()) and is_hsm(f"{S}/{HSM.lower()}/x") and not is_hsm(vault())
