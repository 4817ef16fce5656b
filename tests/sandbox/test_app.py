"""The dispatcher, called in this process: who is let in, and the shape of what goes wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmkmigrate.sandbox.cloud import Assignment
from cmkmigrate.sandbox.rights import role_named
from cmkmigrate.sandbox.server import Sandbox
from cmkmigrate.sandbox.wire import Principal, Request, Response, Route, Routes

DATABRICKS = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
ME = "/api/2.0/preview/scim/v2/Me"


class Calls:
    """A sandbox with the small estate, and calls to it."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(["small"])
        self.cloud = self.sandbox.cloud
        (self.workspace,) = self.cloud.workspaces.values()
        self.host = f"{self.workspace.label}.azuredatabricks.test"

    def __call__(
        self,
        who: Principal | None,
        path: str,
        *,
        host: str = "",
        method: str = "GET",
        body: bytes = b"",
        **headers: str,
    ) -> tuple[int, Any]:
        host = host or self.host
        resource = DATABRICKS if host == self.host else "https://management.azure.test"
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            told["authorization"] = f"Bearer {self.cloud.tokens.issue(who, resource, who.name, 'issuer')}"
        path, _, query = path.partition("?")
        answer = self.sandbox.app.respond(Request(method, host, path, query, told, body))
        return answer.status, json.loads(answer.body) if answer.body else None

    def stranger(self, role: str = "") -> Principal:
        """A service principal that is in no workspace, with a role on the workspace in ARM."""
        made = self.cloud.service_principal("5ca1ab1e-0000-4000-8000-000000000001", "stranger")
        if role:
            known = role_named(self.cloud, role)
            assert known is not None
            one = Assignment("n", self.workspace.id, known.id, made.id, "ServicePrincipal", 0.0)
            self.cloud.assignments[one.id.lower()] = one
        return made


@pytest.fixture(scope="module")
def shared() -> Calls:
    return Calls()


def test_who_is_no_member_stays_out(shared: Calls) -> None:
    assert shared(shared.stranger(), ME)[0] == 403
    named = {"x_databricks_azure_workspace_resource_id": shared.workspace.id}
    assert shared(shared.stranger(), ME, **named)[0] == 403, "without a role on the resource"


@pytest.mark.parametrize(("role", "status"), [("Owner", 200), ("Contributor", 200), ("Key Vault Administrator", 403)])
def test_a_role_on_the_resource_lets_in_who_names_it(role: str, status: int) -> None:
    calls = Calls()
    who = calls.stranger(role)
    assert calls(who, ME)[0] == 403
    assert calls(who, ME, x_databricks_azure_workspace_resource_id=calls.workspace.id)[0] == status
    assert calls(who, ME)[0] == status, "from then on a member"


def test_rights_in_arm(shared: Calls) -> None:
    calls = Calls()
    who, arm = calls.stranger(), "management.azure.test"
    path = f"{calls.workspace.id}?api-version=2026-01-01"
    status, body = calls(who, path, host=arm)
    assert (status, body["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.Databricks/workspaces/read" in body["error"]["message"]
    calls.stranger("Contributor")
    assert calls(who, path, host=arm)[0] == 200
    grant = f"{calls.workspace.id}/providers/Microsoft.Authorization/roleAssignments/x?api-version=2022-04-01"
    status, body = calls(who, grant, host=arm, method="PUT", body=b"{}")
    assert status == 403 and "Microsoft.Authorization/roleAssignments/write" in body["error"]["message"]


def test_credentials(shared: Calls) -> None:
    assert shared(None, ME) == (
        401,
        {"error_code": "401", "message": "Credential was not sent or was of an unsupported type for this API."},
    )
    assert shared(None, ME, authorization="Bearer nobody")[0] == 403
    operator = shared.cloud.operator
    assert shared(operator, ME)[0] == 200
    token = shared.cloud.tokens.issue(operator, DATABRICKS, "a", "i")
    shared.cloud.clock.advance(4000)
    assert shared(None, ME, authorization=f"Bearer {token}")[0] == 403, "expired"


def test_unreadable_bodies(shared: Calls) -> None:
    operator = shared.cloud.operator
    status, body = shared(operator, "/api/2.0/workspace/mkdirs", method="POST", body=b"{")
    assert (status, body["error_code"]) == (400, "MALFORMED_REQUEST")
    path = f"/subscriptions/{shared.cloud.subscription_id}/resourceGroups/g?api-version=1"
    status, body = shared(operator, path, host="management.azure.test", method="PUT", body=b"{")
    assert (status, body["error"]["code"]) == (400, "InvalidRequestContent")


def test_a_mistake_of_the_sandbox_is_a_500_and_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(state: object, request: Request) -> Response:
        raise RuntimeError("broken on purpose")

    calls = Calls()
    for kind in ("databricks", "arm"):
        calls.sandbox.app.routes[kind] = Routes([Route("GET", "/x", broken, "", False, False)])
    assert calls(calls.cloud.operator, "/x")[1]["error_code"] == "INTERNAL_ERROR"
    status, body = calls(calls.cloud.operator, "/x?api-version=1", host="management.azure.test")
    assert (status, body["error"]["code"]) == (500, "InternalServerError")
    assert capsys.readouterr().err.count("RuntimeError: broken on purpose") == 2


def test_what_is_not_served(shared: Calls) -> None:
    assert shared(shared.cloud.operator, "/api/2.0/nothing")[1]["error_code"] == "ENDPOINT_NOT_FOUND"
    assert shared(None, "/", host="example.com")[0] == 403
