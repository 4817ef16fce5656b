"""PF11 and PF12."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cmkmigrate.preflight.checks.keys import fit, newest
from tests.preflight.fakes import KID, VAULT, Stage, judged, key, statuses, vault

DAY = 86_400.0


def with_key(stage: Stage, *versions: str, **attributes: Any) -> Stage:
    stage.azure.keys_of["k"] = key(*versions, **attributes)
    return stage.there(vault())


def look(stage: Stage, check: Any, version: str = "/v1") -> list[Any]:
    return judged(check(stage.ground(vault_id=VAULT, key_id=f"{KID}{version}")))


def test_a_key_that_is_made_and_none(stage: Stage) -> None:
    for check in (fit, newest):
        assert statuses(check(stage.ground())) == ["pass"]
        assert statuses(check(stage.ground("contents-only"))) == ["pass"]


@pytest.mark.parametrize("size", [2048, 3072, 4096])
@pytest.mark.parametrize("kty", ["RSA", "RSA-HSM"])
def test_a_key_that_fits(stage: Stage, kty: str, size: int) -> None:
    with_key(stage, kty=kty, size=size, enabled=True)
    assert [str(one.status) for one in look(stage, fit)] == ["pass"]
    assert [str(one.status) for one in look(stage, newest)] == ["pass"]


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"size": 1024}, "1024"),
        ({"kty": "EC"}, "EC"),
        ({"enabled": False}, "disabled"),
        ({"exp": 1}, "expired"),
        ({"nbf": time.time() + 30 * DAY}, "valid from"),
    ],
)
def test_a_key_that_does_not_fit(stage: Stage, attributes: dict[str, Any], word: str) -> None:
    with_key(stage, **attributes)
    bad = [one for one in look(stage, fit) if one.status != "pass"]
    assert [str(one.status) for one in bad] == ["fail"] and word in bad[0].evidence
    if word == "disabled":
        assert bad[0].fix == f"az keyvault key set-attributes --id {KID}/v1 --enabled true"


def test_a_key_that_does_not_say(stage: Stage) -> None:
    with_key(stage, enabled=None)
    bad = [one for one in look(stage, fit) if one.status != "pass"]
    assert [str(one.status) for one in bad] == ["unknown"] and bad[0].fix == f"az keyvault key show --id {KID}/v1"


def test_operations(stage: Stage) -> None:
    with_key(stage)
    stage.azure.keys_of["k"][0]["properties"]["keyOps"] = ["sign"]
    assert "fail" in [str(one.status) for one in look(stage, fit)]


@pytest.mark.parametrize(("days", "status"), [(89, "warn"), (92, "pass")])
def test_the_horizon(stage: Stage, days: float, status: str) -> None:
    with_key(stage, exp=time.time() + days * DAY)
    found = look(stage, fit)
    assert found[0].status == status
    if status == "warn":
        assert found[0].fix == f"az keyvault key rotate --id {KID}"


def test_a_key_that_is_not_there(stage: Stage) -> None:
    stage.there(vault())
    (one,) = look(stage, fit)
    assert one.status == "fail" and one.fix == "az keyvault key list --id https://kv1.vault.azure.test/"
    (one,) = look(stage, newest)
    assert one.status == "unknown"


def test_a_version_that_is_not_there(stage: Stage) -> None:
    with_key(stage, "v1", "v2")
    assert "fail" in [str(one.status) for one in look(stage, fit, "/v9")]


def test_a_vault_that_is_in_no_subscription_that_is_seen(stage: Stage) -> None:
    for check in (fit, newest):
        (one,) = judged(check(stage.ground(vault_name="other", key_id=f"{KID}/v1")))
        assert one.status == "unknown" and "vault_id" in one.advice


def test_an_older_version(stage: Stage) -> None:
    with_key(stage, "v1", "v2")
    (one,) = look(stage, newest, "/v1")
    assert one.status == "warn" and "v2" in one.evidence
    (one,) = look(stage, newest, "/v2")
    assert one.status == "pass"
