"""Opening workspaces: by ARM id, by URL, with a profile; and what is said when that does not work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.clients import again
from cmkmigrate.clients.cloud import Cloud
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import Blocked, Fatal, Mistake, NotAllowed, OperatorError, Stopped
from tests.clients.conftest import ENVIRON, Sent, Wire

W = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
HOST = "adb-1001.1.azuredatabricks.test"
RESOURCE = {"id": W, "name": "w", "location": "l", "properties": {"workspaceUrl": HOST, "workspaceId": "1001"}}


@pytest.fixture
def cloud(
    wire: Wire, endpoints: Endpoints, credential: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Cloud:
    monkeypatch.setattr(again.read_again, "__kwdefaults__", {"sleep": lambda _: None, "attempts": 2})
    serve(wire)
    config = tmp_path / "databrickscfg"
    config.write_text(
        f"[DEFAULT]\nhost = https://{HOST}/\ntoken = dapi-default\n[other]\nhost = https://adb-2.2.azuredatabricks.test\n"
        f"[entra]\nhost = {HOST}\nazure_workspace_resource_id = {W}\n"
    )
    return Cloud(endpoints, credential, environ={"DATABRICKS_CONFIG_FILE": str(config)})


def serve(wire: Wire, resource: Any = (200, {}, RESOURCE), me: Any = (200, {}, {"userName": "me"})) -> None:
    def answer(sent: Sent) -> Any:
        return resource if sent.path.lower().endswith("/workspaces/w") else me

    wire.answer = answer


def test_by_arm_id(cloud: Cloud, wire: Wire) -> None:
    one = cloud.workspace(W)
    assert (one.arm_id, one.host, one.org_id, one.operator, one.resource) == (W, HOST, "1001", "me", RESOURCE)
    assert wire.sent[-1].headers["X-Databricks-Azure-Workspace-Resource-Id"] == W


def test_a_source_is_read_only_unless_it_is_said(cloud: Cloud) -> None:
    with pytest.raises(Fatal):
        cloud.workspace(W, source=True).write("POST", "/api/2.2/jobs/create", {})
    cloud.workspace(W, source=True, writes=True).write("POST", "/api/2.2/jobs/create", {})


@pytest.mark.parametrize("ref", [f"https://{HOST}", f"https://{HOST}/?o=1001", HOST])
def test_by_url(cloud: Cloud, wire: Wire, ref: str) -> None:
    one = cloud.workspace(ref)
    assert (one.arm_id, one.resource, one.host) == ("", {}, HOST)
    assert "X-Databricks-Azure-Workspace-Resource-Id" not in wire.sent[-1].headers


@pytest.mark.parametrize(
    ("profile", "authorization"),
    [("DEFAULT", "Bearer dapi-default"), ("entra", "Bearer token-for-2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default")],
)
def test_profiles(cloud: Cloud, wire: Wire, profile: str, authorization: str) -> None:
    cloud.workspace(f"https://{HOST}", profile=profile)
    assert wire.sent[-1].headers["Authorization"] == authorization
    assert wire.sent[-1].headers.get("X-Databricks-Azure-Workspace-Resource-Id") == (W if profile == "entra" else None)


@pytest.mark.parametrize(
    ("ref", "profile", "text"),
    [
        (f"https://{HOST}", "none", "no profile 'none'"),
        (f"https://{HOST}", "other", "is for adb-2.2"),
        ("https://evil.example", "", "not a workspace"),
        ("http://" + HOST, "", "not a workspace"),
        ("w", "", "not a workspace"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v", "", "not a workspace"),
        ("/subscriptions/s", "", "not an ARM id"),
    ],
)
def test_mistakes(cloud: Cloud, wire: Wire, ref: str, profile: str, text: str) -> None:
    with pytest.raises(Mistake, match=text):
        cloud.workspace(ref, profile=profile)
    assert wire.sent == []


@pytest.mark.parametrize(
    ("resource", "me", "kind"),
    [
        ((404, {}, {"error": {"code": "ResourceNotFound", "message": "x"}}), None, Blocked),
        ((403, {}, {"error": {"code": "AuthorizationFailed", "message": "x"}}), None, NotAllowed),
        ((503, {}, b""), None, Stopped),
        ((200, {}, {**RESOURCE, "properties": {"provisioningState": "Accepted"}}), None, Blocked),
        ((200, {}, RESOURCE), (403, {}, {"error_code": "PERMISSION_DENIED", "message": "x"}), NotAllowed),
        ((200, {}, RESOURCE), (503, {}, b""), Stopped),
    ],
)
def test_what_is_said(cloud: Cloud, wire: Wire, resource: Any, me: Any, kind: type[OperatorError]) -> None:
    serve(wire, resource, me)
    with pytest.raises(kind) as said:
        cloud.workspace(W)
    assert said.value.subject == W and said.value.next


def test_from_env() -> None:
    cloud = Cloud.from_env({**ENVIRON, "CMKMIGRATE_PACE": "off"})
    assert cloud.endpoints.arm == "https://management.azure.test"
    assert cloud.subscription("S") is cloud.subscription("s")
    with pytest.raises(Mistake):
        Cloud.from_env({"CMKMIGRATE_PACE": "x"})
