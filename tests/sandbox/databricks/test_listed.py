"""What is listed and, but for the text of a query, never changed."""

from __future__ import annotations

import pytest

from tests.sandbox.databricks.conftest import Workspace


@pytest.mark.parametrize(
    ("path", "name", "id"),
    [
        ("/api/2.0/sql/warehouses", "warehouses", "id"),
        ("/api/2.0/pipelines", "statuses", "pipeline_id"),
        ("/api/2.0/sql/queries", "results", "id"),
        ("/api/2.0/sql/alerts", "results", "id"),
        ("/api/2.0/lakeview/dashboards", "dashboards", "dashboard_id"),
        ("/api/2.0/global-init-scripts", "scripts", "script_id"),
    ],
)
def test_list_and_get(old: Workspace, new: Workspace, path: str, name: str, id: str) -> None:
    (row,) = old.get(path)[name]
    assert old.get(f"{path}/{row[id]}")[id] == row[id]
    assert old.refused("GET", f"{path}/none")[0] == 404
    assert new.get(path) == {}


def test_libraries(old: Workspace) -> None:
    (row,) = old.get("/api/2.0/libraries/all-cluster-statuses")["statuses"]
    assert old.get("/api/2.0/libraries/cluster-status", cluster_id=row["cluster_id"]) == row


def test_host_metadata_needs_no_token(new: Workspace) -> None:
    new.who = None  # type: ignore[assignment]
    told = new.get("/.well-known/databricks-config")
    assert (told["workspace_id"], told["cloud"]) == ("1", "Azure")


def test_a_query_is_updated_by_its_mask(old: Workspace) -> None:
    (row,) = old.get("/api/2.0/sql/queries")["results"]
    path = f"/api/2.0/sql/queries/{row['id']}"
    before = old.get(path)
    body = {"query": {"query_text": "SELECT 2", "description": "left alone"}, "update_mask": "query_text"}
    after = old.patch(path, **body)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {"query_text", "update_time", "last_modifier_user_name"} and after == old.get(path)
    emptied = old.patch(path, query={}, update_mask="warehouse_id")
    assert "warehouse_id" not in emptied
    assert old.refused("PATCH", path, {"query": {}, "update_mask": "no_such_field"})[0] == 400
    assert old.refused("PATCH", path, {"query": {}})[0] == 400
