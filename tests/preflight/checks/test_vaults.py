"""PF07 to PF10 and PF19."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from cmkmigrate.errors import Denied
from cmkmigrate.preflight.checks.vaults import firewall, name, protected, region, tenant
from cmkmigrate.preflight.model import Seen
from tests.preflight.fakes import KID, VAULT, Stage, judged, statuses, vault, workspace

CHECKS = (tenant, region, protected, firewall)


@pytest.mark.parametrize("check", CHECKS)
def test_a_vault_that_is_made_and_none(stage: Stage, check: Callable[[Any], Iterable[Seen]]) -> None:
    assert statuses(check(stage.ground())) == ["pass"]
    assert statuses(check(stage.ground("contents-only"))) == ["pass"]


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_vault(stage: Stage, check: Callable[[Any], Iterable[Seen]]) -> None:
    assert statuses(check(stage.there(vault()).ground(vault_id=VAULT))) == ["pass"]


def one(stage: Stage, check: Callable[[Any], Iterable[Seen]], there: dict[str, Any], **params: Any) -> Seen:
    (seen,) = judged(check(stage.there(there).ground(vault_id=VAULT, **params)))
    return seen


def test_another_tenant(stage: Stage) -> None:
    assert one(stage, tenant, vault(tenantId="other")).status == "fail"
    seen = one(stage, tenant, vault(tenantId=""))
    assert seen.status == "unknown" and "does not say" in seen.evidence


def test_another_region(stage: Stage) -> None:
    seen = one(stage, region, vault(location="northeurope"))
    assert seen.status == "fail" and "northeurope" in seen.evidence and "westeurope" in seen.evidence
    assert one(stage, region, vault(location="West Europe")).status == "pass"
    stage.there(workspace("old") | {"location": ""})
    assert one(stage, region, vault()).status == "fail"


def test_protection(stage: Stage) -> None:
    seen = one(stage, protected, vault(enablePurgeProtection=None))
    assert (seen.status, seen.fix) == ("fail", "az keyvault update --name kv1 --enable-purge-protection true")
    seen = one(stage, protected, vault(enableSoftDelete=False))
    assert (seen.status, seen.fix.split()[:5]) == ("fail", ["az", "resource", "update", "--ids", VAULT])


def test_a_bypass_that_lets_no_service_in(stage: Stage) -> None:
    for closed in ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}},
                   {"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "None"}}):  # fmt: skip
        seen = one(stage, firewall, vault(**closed))
        assert (seen.status, seen.fix) == ("fail", "az keyvault update --name kv1 --bypass AzureServices")


def test_a_perimeter_takes_no_bypass(stage: Stage) -> None:
    seen = one(stage, firewall, vault(publicNetworkAccess="SecuredByPerimeter"))
    assert seen.status == "fail" and "perimeter" in seen.evidence
    assert "bypass AzureServices" not in seen.fix and "perimeter" in seen.advice


CLOSED = {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}


def test_a_closed_vault_and_a_key_to_make(stage: Stage) -> None:
    stage.azure.opened = AssertionError("the content of the vault is not opened")
    seen = one(stage, firewall, vault(**CLOSED))
    assert seen.status == "pass" and "Resource Manager" in seen.evidence


def test_a_closed_vault_and_a_key_that_exists(stage: Stage) -> None:
    stage.azure.opened = AssertionError("the content of the vault is not opened")
    assert one(stage, firewall, vault(**CLOSED), key_id=f"{KID}/v1").status == "pass"


def test_a_name_that_is_free_or_ours(stage: Stage) -> None:
    assert statuses(name(stage.ground())) == ["pass"]
    assert one(stage, name, vault()).status == "pass"
    assert statuses(name(stage.ground("contents-only"))) == ["pass"]


def test_a_name_that_a_deleted_vault_holds(stage: Stage) -> None:
    stage.azure.taken = "AlreadyExists"
    stage.azure.deleted = [{"name": "KV1", "properties": {"scheduledPurgeDate": "2027-01-31T00:00:00Z"}}]
    (seen,) = judged(name(stage.ground()))
    assert (seen.status, seen.fix) == ("fail", "az keyvault recover --name kv1")
    assert "2027-01-31" in seen.evidence and "vault_name" in seen.advice


@pytest.mark.parametrize("deleted", [[], Denied("no", status=403)])
def test_a_name_that_somebody_else_has(stage: Stage, deleted: Any) -> None:
    stage.azure.taken, stage.azure.deleted = "AlreadyExists", deleted
    (seen,) = judged(name(stage.ground()))
    assert seen.status == "fail" and "AlreadyExists" in seen.evidence and "vault_name" in seen.advice
