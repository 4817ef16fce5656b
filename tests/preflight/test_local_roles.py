"""PF16 in a managed HSM: who may use the key by its local roles, and what nobody can tell."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from cmkmigrate.preflight.checks.identities import grants
from tests.preflight.fakes import DATABRICKS, OPERATOR, Stage, denied, hsm, judged, statuses, vault, workspace

KEY = "https://h.managedhsm.azure.test/keys/k/v1"
USER, WIDER = "33413926-3206-4cdd-b39a-83574fe37a17", "21dbd100-6940-42c2-9190-5d6cb909625b"
POLICIES, AUDITOR = "4bd23610-cdcf-4971-bdee-bdc562cc28e4", "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"
SERVICES: dict[str, Any] = {"features": ["managed_services"], "key_id": KEY}


def local(principal: str, role: str = USER, scope: str = "/keys/k") -> dict[str, Any]:
    definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"principalId": principal, "roleDefinitionId": definition, "scope": scope}}


def test_grants_that_are_there(stage: Stage) -> None:
    """Also for whoever may grant nothing. AzureDatabricks uses the key of the disks too, which is said once."""
    there = {"managedDiskIdentity": {"principalId": "p-1"}, "storageAccountIdentity": {"principalId": "p-2"}}
    stage.there(hsm(), workspace("old", **there))
    stage.azure.local = [local(DATABRICKS, WIDER, "/"), local("p-1"), local("p-2", scope="/keys")]
    assert statuses(grants(stage.ground("enable-in-place", key_id=KEY))) == ["pass"] * 3
    stage.azure.local.pop()
    assert statuses(grants(stage.ground("enable-in-place", key_id=KEY))) == ["pass", "pass", "unknown"]


@pytest.mark.parametrize(
    ("assigned", "status"),
    [
        ([], "unknown"),
        ([local(OPERATOR, POLICIES, "/")], "pass"),
        ([local("somebody", POLICIES, "/")], "unknown"),
        ([local(OPERATOR, AUDITOR)], "unknown"),
        ([local("somebody")], "unknown"),
        ([local(DATABRICKS, scope="/keys/other")], "unknown"),
    ],
)
def test_a_grant_that_is_missing(stage: Stage, assigned: list[Any], status: str) -> None:
    stage.azure.local = assigned
    (one,) = judged(grants(stage.there(hsm()).ground(**SERVICES)))
    assert one.status == status
    if status == "unknown":
        words = shlex.split(one.fix)
        assert words[words.index("--assignee-object-id") + 1] == DATABRICKS
        assert words[words.index("--scope") + 1] == "/keys/k"
    else:
        assert "the run grants it" in one.evidence


def test_identities_that_come_later(stage: Stage) -> None:
    stage.azure.local = [local(DATABRICKS)]
    assert statuses(grants(stage.there(hsm()).ground(key_id=KEY))) == ["pass", "unknown", "unknown"]
    stage.azure.local.append(local(OPERATOR, POLICIES, "/"))
    assert statuses(grants(stage.ground(key_id=KEY))) == ["pass"] * 3


def test_local_roles_that_may_not_be_read(stage: Stage) -> None:
    stage.azure.local = denied("ForbiddenByRbac")
    (one,) = judged(grants(stage.there(hsm()).ground(**SERVICES)))
    assert one.status == "unknown" and "Managed HSM Crypto Auditor" in one.fix
    stage.azure.local, stage.azure.own_roles = [local(DATABRICKS, "a-role-of-ones-own")], denied()
    assert statuses(grants(stage.ground(**SERVICES))) == ["unknown"]


def test_an_hsm_that_is_not_at_work(stage: Stage) -> None:
    stage.azure.local = [local(DATABRICKS)]
    assert statuses(grants(stage.there(hsm(status="NotActivated")).ground(**SERVICES))) == ["unknown"]


def test_a_directory_that_may_not_be_read(stage: Stage) -> None:
    stage.azure.databricks, stage.azure.local = denied(), [local(OPERATOR, POLICIES, "/")]
    assert statuses(grants(stage.there(hsm()).ground(**SERVICES))) == ["unknown"]


def test_each_key_has_its_own_users(stage: Stage) -> None:
    """Services in the HSM, and the rest in a vault: only the services' user is asked of the HSM."""
    stage.there(hsm(), vault())
    given = {"services_key_id": KEY, "key_id": "https://kv1.vault.azure.test/keys/k/v1"}
    stage.azure.local = [local(DATABRICKS)]
    found = [one.evidence for one in judged(grants(stage.ground(features=["managed_services", "dbfs_root"], **given)))]
    text = f"AzureDatabricks ({DATABRICKS}) may get, wrap and unwrap with k in h"
    assert [one for one in found if one.endswith(" in h")] == [text]
