"""A workspace of the sandbox, called in this process: no sockets, no product."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from cmkmigrate.sandbox import exchanges
from cmkmigrate.sandbox.databricks import ROUTES, WorkspaceState, create_workspace, load_estate
from cmkmigrate.sandbox.wire import Clock, Directory, Failure, Principal, Request, Response

SCIM = "/api/2.0/preview/scim/v2"
OPERATOR = "0b5c7f4e-0000-4000-8000-00000000000a"
Body = dict[str, Any]


class Workspace:
    """Calls one workspace as its operator and gives the JSON of the answer."""

    def __init__(self, state: WorkspaceState, who: Principal) -> None:
        self.state, self.who = state, who

    def send(
        self, method: str, path: str, query: Any = (), body: Any = None, headers: dict[str, str] | None = None
    ) -> Response:
        found = ROUTES.find(method, path)
        assert found is not None, f"no route for {method} {path}"
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request(method, self.state.host, path, urlencode(query, doseq=True), headers or {}, content)
        request.principal, request.params = self.who, found[1]
        try:
            response = found[0].handler(self.state, request)
        except Failure as failure:
            response = failure.response
        if (written := exchanges.opened()) is not None:
            written.note(request, response, found[0].pattern)
        return response

    def _ok(self, response: Response) -> Any:
        assert response.status < 300, response.body
        return json.loads(response.body or b"{}")

    def get(self, path: str, /, **query: Any) -> Any:
        return self._ok(self.send("GET", path, query))

    def post(self, path: str, /, **body: Any) -> Any:
        return self._ok(self.send("POST", path, body=body))

    def put(self, path: str, /, **body: Any) -> Any:
        return self._ok(self.send("PUT", path, body=body))

    def patch(self, path: str, /, **body: Any) -> Any:
        return self._ok(self.send("PATCH", path, body=body))

    def refused(self, method: str, path: str, body: Body | None = None, /, **query: Any) -> tuple[int, str, str]:
        """Status, error code and text of a call that must not succeed."""
        response = self.send(method, path, query, body)
        assert response.status >= 400, response.body
        told = json.loads(response.body)
        return (
            response.status,
            told.get("error_code") or told.get("scimType", ""),
            told.get("message") or told["detail"],
        )

    def user(self, name: str) -> str:
        """A user, in the workspace; gives the id."""
        return str(self.post(f"{SCIM}/Users", userName=name)["id"])


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def operator(directory: Directory) -> Principal:
    return directory.add(Principal("service_principal", "object-id", OPERATOR, "operator"))


@pytest.fixture
def new(directory: Directory, clock: Clock, operator: Principal) -> Workspace:
    """A workspace that ARM has just made."""
    state = create_workspace(
        host="adb-1.1.azuredatabricks.test",
        org_id=1,
        name="new",
        location="westeurope",
        arm_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/new",
        creator=operator,
        directory=directory,
        clock=clock,
    )
    return Workspace(state, operator)


@pytest.fixture
def old(directory: Directory, clock: Clock, operator: Principal) -> Workspace:
    """The built-in small estate."""
    return Workspace(load_estate("small", directory=directory, clock=clock, operator=operator), operator)
