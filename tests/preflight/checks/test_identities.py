"""PF13 to PF16."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from cmkmigrate.clients.endpoints import AZURE_DATABRICKS
from cmkmigrate.errors import NotFound
from cmkmigrate.preflight.checks.identities import databricks, disks, grants, storage
from tests.preflight.fakes import DATABRICKS, NEW, VAULT, Stage, denied, judged, key, statuses, vault, workspace

USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
GIVEN = "0a0a0a0a-0000-0000-0000-000000000001"
NO_GRANT = [{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}]


def test_the_principal_of_databricks(stage: Stage) -> None:
    assert statuses(databricks(stage.ground())) == ["pass"]
    assert statuses(databricks(stage.ground("contents-only"))) == ["pass"]


def test_a_directory_that_may_not_be_read(stage: Stage) -> None:
    stage.azure.databricks = denied()
    (one,) = judged(databricks(stage.ground()))
    assert one.status == "unknown" and "azure_databricks_object_id" in one.advice
    assert shlex.split(one.fix) == ["az", "ad", "sp", "show", "--id", AZURE_DATABRICKS, "--query", "id", "-o", "tsv"]
    assert statuses(databricks(stage.ground(azure_databricks_object_id=GIVEN))) == ["pass"]


def test_a_tenant_without_it(stage: Stage) -> None:
    stage.azure.databricks = NotFound("no")
    (one,) = judged(databricks(stage.ground()))
    assert (one.status, one.fix) == ("fail", f"az ad sp create --id {AZURE_DATABRICKS}")


IDENTITIES = [(storage, "dbfs_root", "storageAccountIdentity"), (disks, "managed_disks", "managedDiskIdentity")]


@pytest.mark.parametrize(("check", "feature", "field"), IDENTITIES)
def test_an_identity(stage: Stage, check: Any, feature: str, field: str) -> None:
    assert statuses(check(stage.ground())) == ["pass"], "it comes with the workspace"
    assert statuses(check(stage.ground(features=["managed_services"]))) == ["pass"], "it is not needed"
    assert statuses(check(stage.ground("enable-in-place"))) == ["pass"], "it comes with the step that prepares it"
    stage.there(workspace("new", **{field: {"principalId": "p-1"}}))
    (one,) = judged(check(stage.ground(features=[feature])))
    assert one.status == "pass" and "p-1" in one.evidence
    stage.there(workspace("new"))
    (one,) = judged(check(stage.ground(features=[feature])))
    assert (one.status, one.fix) == ("unknown", f"az databricks workspace show --ids {NEW}")


def allowed(principal: str, **more: Any) -> dict[str, Any]:
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{USER}"
    return {"properties": {"principalId": principal, "roleDefinitionId": role, **more}}


def forbid(stage: Stage) -> None:
    """The operator may do everything but grant."""
    stage.azure.put(f"{VAULT}/providers/Microsoft.Authorization/permissions", NO_GRANT)


def test_no_key_and_one_that_is_made(stage: Stage) -> None:
    assert statuses(grants(stage.ground("contents-only"))) == ["pass"]
    assert statuses(grants(stage.ground())) == ["pass"]


def test_grants_that_are_there(stage: Stage) -> None:
    """Also for whoever may grant nothing."""
    there = {"managedDiskIdentity": {"principalId": "p-1"}, "storageAccountIdentity": {"principalId": "p-2"}}
    stage.there(vault(), workspace("old", **there))
    stage.azure.assigned = [allowed(one) for one in (DATABRICKS, "p-1", "p-2")]
    forbid(stage)
    assert statuses(grants(stage.ground("enable-in-place", vault_id=VAULT))) == ["pass"] * 3


def test_grants_that_the_run_makes(stage: Stage) -> None:
    found = judged(grants(stage.there(vault()).ground(vault_id=VAULT)))
    assert [str(one.status) for one in found] == ["pass"] * 3
    assert all("the run grants it" in one.evidence for one in found)


def test_a_grant_that_is_missing_and_may_not_be_made(stage: Stage) -> None:
    forbid(stage)
    stage.azure.keys_of["k"] = key()
    ground = stage.there(vault()).ground(
        features=["managed_services"], vault_id=VAULT, key_id="https://kv1.vault.azure.test/keys/k/v1"
    )
    (one,) = judged(grants(ground))
    assert one.status == "fail" and DATABRICKS in one.evidence
    words = shlex.split(one.fix)
    assert words[words.index("--assignee-object-id") + 1] == DATABRICKS
    assert words[words.index("--role") + 1] == "Key Vault Crypto Service Encryption User"
    assert words[words.index("--scope") + 1] == f"{VAULT}/keys/k"


def test_an_identity_that_comes_later_and_may_not_be_granted(stage: Stage) -> None:
    forbid(stage)
    stage.azure.assigned = [allowed(DATABRICKS)]
    assert statuses(grants(stage.there(vault()).ground(vault_id=VAULT))) == ["pass", "fail", "fail"]


@pytest.mark.parametrize("more", [{"condition": "x"}, {"principalType": "Group"}])
def test_a_grant_that_cannot_be_judged(stage: Stage, more: dict[str, str]) -> None:
    stage.azure.assigned = [allowed(DATABRICKS, **more)]
    stage.there(vault())
    assert statuses(grants(stage.ground(features=["managed_services"], vault_id=VAULT))) == ["pass"]
    forbid(stage)
    assert statuses(grants(stage.ground(features=["managed_services"], vault_id=VAULT))) == ["unknown"]


def test_rights_that_nobody_tells(stage: Stage) -> None:
    stage.azure.put(f"{VAULT}/providers/Microsoft.Authorization/permissions", denied())
    assert statuses(grants(stage.there(vault()).ground(vault_id=VAULT))) == ["unknown"] * 3


def test_access_policies(stage: Stage) -> None:
    policy = {"objectId": DATABRICKS, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
    stage.azure.put(f"{VAULT}/providers/Microsoft.Authorization/permissions", [{"actions": ["*/read"]}])
    params: dict[str, Any] = {"features": ["managed_services"], "vault_id": VAULT}
    stage.there(vault(enableRbacAuthorization=False, accessPolicies=[policy]))
    assert statuses(grants(stage.ground(**params))) == ["pass"]
    stage.there(vault(enableRbacAuthorization=False, accessPolicies=[]))
    (one,) = judged(grants(stage.ground(**params)))
    assert one.status == "fail"
    words = shlex.split(one.fix)
    assert words[words.index("--key-permissions") + 1 :] == ["get", "wrapKey", "unwrapKey"]


def test_a_principal_that_is_not_known(stage: Stage) -> None:
    stage.azure.databricks = denied()
    found = grants(stage.there(vault()).ground(features=["managed_services"], vault_id=VAULT))
    assert [str(one.status) for one in found] == ["unknown"]


def test_a_role_of_ones_own_is_read(stage: Stage) -> None:
    own = "/providers/Microsoft.Authorization/roleDefinitions/own"
    stage.azure.assigned = [allowed(DATABRICKS) | {"properties": {"principalId": DATABRICKS, "roleDefinitionId": own}}]
    data = ["Microsoft.KeyVault/vaults/keys/*"]
    stage.azure.put(own, {"properties": {"permissions": [{"dataActions": data}]}})
    forbid(stage)
    assert statuses(grants(stage.there(vault()).ground(features=["managed_services"], vault_id=VAULT))) == ["pass"]
