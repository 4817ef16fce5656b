"""Since when, through the whole audit: the Activity Log is asked once for a subscription, and only where it helps."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from cmkmigrate.audit.survey import audit
from cmkmigrate.errors import Denied
from tests.audit.test_encryption import ENTITY, resource
from tests.audit.test_health import NOW, V1
from tests.audit.test_keys import Site
from tests.audit.test_population import READER

CREATED = datetime.datetime.fromtimestamp(NOW - 10 * 86_400, datetime.UTC)
GRANT = {"properties": {"roleDefinitionId": READER[:-36] + "e147488a-f6f5-4113-8e2d-b22465e65bf6"}}


def event(workspace: str, days: int = 0) -> dict[str, Any]:
    at = (CREATED + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    operation = {"value": "Microsoft.Databricks/workspaces/write"}
    return {
        "resourceId": workspace.upper(),
        "eventTimestamp": at,
        "correlationId": f"c{days}",
        "operationName": operation,
    }


class Cloud(Site):
    """Workspaces of a subscription, and its log."""

    def __init__(self, log: Any, *workspaces: dict[str, Any]) -> None:
        grant = {"properties": {**GRANT["properties"], "principalId": "databricks"}}
        reader = {"properties": {"roleDefinitionId": READER}}
        super().__init__(
            workspaces=list(workspaces), activity=log, listing=[], resource_groups=[], role_assignments=[grant, reader]
        )
        self.given |= {"operator_object_id": "me"}
        old = {"name": V1, "properties": {"attributes": {"enabled": True, "created": NOW - 900 * 86_400}}}
        self.given["vault_key_versions"] = [old]

    def role_assignments(self, scope: str, assigned_to: str = "") -> Any:
        return self.given["role_assignments"]


def workspace(name: str, created: datetime.datetime = CREATED) -> dict[str, Any]:
    key = {**ENTITY["keyVaultProperties"], "keyVersion": V1}  # type: ignore[dict-item]
    body = resource({**ENTITY, "keyVaultProperties": key}, createdDateTime=created.isoformat())
    id = f"/subscriptions/s1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/{name}"
    return body | {"id": id, "name": name}


def verdicts(cloud: Cloud) -> dict[str, str]:
    found = audit(cloud, ["s1"], clock=lambda: NOW)
    return {row.name: str(row.verdict) for row in found.rows if row.feature == "managed_services"}


def test_the_log_is_asked_once() -> None:
    two = [workspace("born"), workspace("changed")]
    log = [event(two[0]["id"]), event(two[1]["id"]), event(two[1]["id"], 3)]
    cloud = Cloud(log, *two)
    assert verdicts(cloud) == {"born": "cmk", "changed": "unknown"}
    assert cloud.calls["activity"] == 1


@pytest.mark.parametrize("log", [[], Denied("no", status=403)])
def test_a_log_that_says_nothing(log: Any) -> None:
    assert verdicts(Cloud(log, workspace("w"))) == {"w": "unknown"}


def test_older_than_the_log() -> None:
    cloud = Cloud([], workspace("w", CREATED - datetime.timedelta(days=200)))
    assert verdicts(cloud) == {"w": "unknown"}
    assert cloud.calls["activity"] == 0
