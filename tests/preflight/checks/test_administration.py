"""PF24, PF25, PF28 and PF29."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.errors import Denied, NotAllowed, NotFound, Refused, Unknown
from cmkmigrate.preflight.checks.administration import administrator, catalog, credentials, secrets
from tests.preflight.fakes import GROUP, NEW, OLD, OPERATOR, SUBSCRIPTION, Stage, judged, pasted, statuses

ME = "/api/2.0/preview/scim/v2/Me"
ADMIN = {"userName": "ann", "groups": [{"display": "admins"}]}
METASTORE = "/api/2.1/unity-catalog/current-metastore-assignment"
CREDENTIALS = "/api/2.1/unity-catalog/storage-credentials"
SCOPES, SECRETS, ACLS = "/api/2.0/secrets/scopes/list", "/api/2.0/secrets/list", "/api/2.0/secrets/acls/list"
DENIED = Denied("no", status=403, code="PERMISSION_DENIED")


def test_an_administrator_of_both(stage: Stage) -> None:
    stage.source.put(ME, ADMIN)
    stage.target.put(ME, {"applicationId": "a", "groups": [{"display": "admins"}]})
    assert statuses(administrator(stage.ground())) == ["pass", "pass"], "the new one is made"
    assert statuses(administrator(stage.ground("contents-only"))) == ["pass", "pass"]
    assert statuses(administrator(stage.ground("enable-in-place"))) == ["pass"]


@pytest.mark.parametrize("answer", [{"userName": "ann", "groups": [{"display": "users"}]}, {}, DENIED,
                                    NotAllowed("no", why="you are not a member")])  # fmt: skip
def test_no_administrator(stage: Stage, answer: Any) -> None:
    for side, arm_id, at in ((stage.source, OLD, 0), (stage.target, NEW, 1)):
        stage.source.put(ME, ADMIN)
        stage.target.put(ME, ADMIN)
        side.put(ME, answer)
        one = judged(administrator(stage.ground("contents-only")))[at]
        assert one.status == "fail"
        assert pasted(one.fix)[4:] == ["--assignee", OPERATOR, "--role", "Contributor", "--scope", arm_id]
        assert "group admins" in one.advice


@pytest.mark.parametrize(
    "said",
    ["Unauthorized network access to workspace: 1", "Source IP address: 192.0.2.1 is blocked by Databricks IP ACL"],
)
def test_a_wall_is_not_opened_by_a_role(stage: Stage, said: str) -> None:
    stage.source.put(ME, NotAllowed("no", why=f"403: {said}"))
    (one,) = judged(administrator(stage.ground("enable-in-place")))
    assert (one.status, one.fix) == ("fail", "") and "network" in one.advice


def test_a_new_workspace_that_lets_nobody_in(stage: Stage) -> None:
    stage.source.put(ME, ADMIN)
    stage.target = NotAllowed("no", why="not a member", next="ask")  # type: ignore[assignment]
    assert statuses(administrator(stage.ground("contents-only"))) == ["pass", "fail"]


def test_metastores(stage: Stage) -> None:
    assert statuses(catalog(stage.ground("enable-in-place"))) == ["pass"]
    for none in (NotFound("no"), {}, Refused("no", code="METASTORE_DOES_NOT_EXIST")):
        stage.source.put(METASTORE, none)
        assert statuses(catalog(stage.ground("contents-only"))) == ["pass"]
    stage.source.put(METASTORE, {"metastore_id": "m-1"})
    assert statuses(catalog(stage.ground())) == ["warn"], "it is made, and nobody knows what it gets"
    stage.target.put(METASTORE, {"metastore_id": "m-1"})
    assert statuses(catalog(stage.ground("contents-only"))) == ["pass"]
    for other in ({"metastore_id": "m-2"}, NotFound("no")):
        stage.target.put(METASTORE, other)
        (one,) = judged(catalog(stage.ground("contents-only")))
        assert one.status == "warn"
        assert pasted(one.fix)[4:] == ["18", "m-1"]


@pytest.mark.parametrize("error", [DENIED, Refused("no", code="X"), Unknown("no answer")])
def test_a_metastore_that_cannot_be_read(stage: Stage, error: Exception) -> None:
    stage.source.put(METASTORE, error)
    assert statuses(catalog(stage.ground("contents-only"))) == ["warn"]
    stage.source.put(METASTORE, {"metastore_id": "m-1"})
    stage.target.put(METASTORE, error)
    assert statuses(catalog(stage.ground("contents-only"))) == ["warn"]


def test_secrets(stage: Stage) -> None:
    assert statuses(secrets(stage.ground("enable-in-place"))) == ["pass"]
    stage.source.put(SCOPES, {"scopes": [{"name": "a"}, {"name": "b"}]})
    (one,) = judged(secrets(stage.ground()))
    assert one.status == "pass" and "2 secret scopes" in one.evidence


@pytest.mark.parametrize(("path", "right"), [(SECRETS, "READ"), (ACLS, "MANAGE")])
def test_a_scope_that_may_not_be_read(stage: Stage, path: str, right: str) -> None:
    stage.source.put(SCOPES, {"scopes": [{"name": "two words"}]})
    stage.source.put(path, DENIED)
    (one,) = judged(secrets(stage.ground()))
    assert one.status == "fail"
    assert pasted(one.fix) == ["databricks", "secrets", "put-acl", "two words", OPERATOR, right]
    stage.source.put(path, Refused("ACLs are not supported", code="BAD_REQUEST"))
    assert [str(one.status) for one in secrets(stage.ground())] == ["unknown"]


def test_scopes_that_a_vault_backs(stage: Stage) -> None:
    stage.source.put(SCOPES, {"scopes": [{"name": "a", "backend_type": "AZURE_KEYVAULT"}]})
    assert statuses(secrets(stage.ground())) == ["warn"]
    stage.azure.type = "User"
    assert statuses(secrets(stage.ground())) == ["pass"]


def test_credentials(stage: Stage) -> None:
    assert statuses(credentials(stage.ground("enable-in-place"))) == ["pass"]
    stage.source.put(CREDENTIALS, NotFound("no"))
    assert statuses(credentials(stage.ground())) == ["pass"]
    stage.source.put(CREDENTIALS, DENIED)
    assert statuses(credentials(stage.ground())) == ["warn"]
    connector = "providers/Microsoft.Databricks/accessConnectors/unity"
    outside = {"name": "a", "azure_managed_identity": {"access_connector_id": f"{GROUP}/{connector}"}}
    stage.source.put(CREDENTIALS, {"storage_credentials": [outside]})
    assert statuses(credentials(stage.ground())) == ["pass"]
    managed = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Managed-old/{connector}"
    inside = {"name": "b", "azure_managed_identity": {"access_connector_id": managed}}
    stage.source.put(CREDENTIALS, {"storage_credentials": [outside, inside]})
    (one,) = judged(credentials(stage.ground()))
    assert one.status == "warn" and one.evidence.endswith(": b")
