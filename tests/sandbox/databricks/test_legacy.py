"""Workspaces without DBFS root, mounts and hive_metastore: what can be seen of it, and that it can be switched on."""

from __future__ import annotations

import pytest

from cmkmigrate.sandbox.databricks import LEGACY
from cmkmigrate.sandbox.server import Sandbox
from tests.sandbox.databricks.conftest import Workspace

CLUSTER = {"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_D4ds_v5", "num_workers": 1}
TYPES = "/api/2.0/settings/types"


def setting(workspace: Workspace, type: str) -> bool:
    return bool(workspace.get(f"{TYPES}/{type}/names/default")[type]["value"])


@pytest.fixture
def bare(new: Workspace) -> Workspace:
    new.state.legacy_off = set(LEGACY)
    return new


def test_a_usual_workspace_has_them(new: Workspace) -> None:
    assert not setting(new, "disable_legacy_dbfs") and not setting(new, "disable_legacy_access")
    assert new.get("/api/2.0/dbfs/list", path="/") == {}
    new.post("/api/2.1/clusters/create", **{**CLUSTER, "spark_version": "12.2.x-scala2.12"})


def test_a_bare_one_has_no_dbfs(bare: Workspace) -> None:
    assert setting(bare, "disable_legacy_dbfs") and setting(bare, "disable_legacy_access")
    words = "Public DBFS root is disabled. Access is denied on path: /x"
    refused = (403, "PERMISSION_DENIED", words)
    assert bare.refused("GET", "/api/2.0/dbfs/list", path="dbfs:/x") == refused
    assert bare.refused("POST", "/api/2.0/dbfs/put", {"path": "/x", "contents": ""}) == refused
    assert bare.refused("POST", "/api/2.0/dbfs/add-block", {"handle": 1})[0] == 403


@pytest.mark.parametrize("change", [{"spark_version": "12.2.x-scala2.12"}, {"data_security_mode": "NONE"}])
def test_a_bare_one_starts_no_old_clusters(bare: Workspace, change: dict[str, str]) -> None:
    assert bare.refused("POST", "/api/2.1/clusters/create", {**CLUSTER, **change})[1] == "INVALID_PARAMETER_VALUE"
    bare.post("/api/2.1/clusters/create", **CLUSTER)


def test_an_admin_may_switch_them_on_again(bare: Workspace) -> None:
    path = f"{TYPES}/disable_legacy_dbfs/names/default"
    etag = bare.get(path)["etag"]
    body = {"allow_missing": True, "field_mask": "*", "setting": {"disable_legacy_dbfs": {"value": False}}}
    stale = {**body, "setting": {**body["setting"], "etag": "old"}}  # type: ignore[dict-item]
    assert bare.refused("PATCH", path, stale)[0] == 409
    bare.patch(path, **body)
    assert bare.get("/api/2.0/dbfs/list", path="/") == {} and bare.get(path)["etag"] != etag
    assert setting(bare, "disable_legacy_access"), "the other one stays"
    assert bare.refused("GET", f"{TYPES}/no_such_setting/names/default")[0] == 404
    assert bare.send("DELETE", f"{TYPES}/disable_legacy_access/names/default").status == 200
    assert not setting(bare, "disable_legacy_access")


def test_a_workspace_is_born_as_the_account_says() -> None:
    sandbox = Sandbox(["small"])
    cloud = sandbox.cloud
    (old,) = cloud.workspaces.values()
    cloud.settings.put({"legacy_features": "disabled"})
    assert cloud.served[old.label].legacy_off == set(), "what exists keeps them"
    del cloud.served[old.label]
    cloud.open_workspace(old)
    assert cloud.served[old.label].legacy_off == set(LEGACY)
