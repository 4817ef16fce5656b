"""What an estate says that a workspace is born with, and a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmkmigrate.sandbox.loading import BadEstate
from tests.sandbox.conftest import Answer, Body, Inside

CATALOG = "/api/2.1/unity-catalog"


def keys(answer: Answer, name: str, key: str) -> list[str]:
    return [one[key] for one in answer.json[name]]


def create(inside: Inside, name: str = "new", **properties: Body) -> None:
    group = f"{inside.subscription}/resourceGroups/{inside.workspace.group}"
    managed = f"{inside.subscription}/resourceGroups/managed-{name}"
    body = {
        "location": "westeurope",
        "sku": {"name": "premium"},
        "properties": {"computeMode": "Hybrid", "managedResourceGroupId": managed, **properties},
    }
    path = f"{group}/providers/Microsoft.Databricks/workspaces/{name}"
    assert inside.settle(inside.arm("PUT", path, body))["status"] == "Succeeded"


def test_all_of_a_region_have_the_same(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"workspaces": [{}, {"name": "twin"}, {"name": "far", "location": "eastus"}]})
    create(inside)
    old, twin, far, new = inside.cloud.workspaces.values()
    paths = (f"{CATALOG}/current-metastore-assignment", "/api/2.1/clusters/spark-versions")
    for path in paths:
        told = [inside.databricks("GET", path, workspace=one).json for one in (old, twin, new)]
        assert [one | {"workspace_id": 0} for one in told] == [told[0] | {"workspace_id": 0}] * 3
    metastores = [inside.databricks("GET", paths[0], workspace=one).json["metastore_id"] for one in (old, far)]
    assert metastores[0] != metastores[1]


BORN: Body = {
    "runtimes": ["17.3.x-scala2.13", "99.0.x-scala2.13"],
    "node_types": ["Standard_D4ds_v5", "Standard_X8new_v9"],
    "metastore": "11111111-2222-4333-8444-555555555555",
    "metastore_region": "northeurope",
    "default_catalog": "main",
    "catalogs": ["main"],
    "legacy_off": ["disable_legacy_dbfs"],
}


def test_a_new_one_may_be_no_clone(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"born": BORN})
    create(inside)
    old, new = inside.cloud.workspaces.values()

    def get(path: str) -> Answer:
        return inside.databricks("GET", path, workspace=new)

    assert keys(get("/api/2.1/clusters/spark-versions"), "versions", "key") == BORN["runtimes"]
    nodes = get("/api/2.1/clusters/list-node-types")
    assert keys(nodes, "node_types", "node_type_id") == BORN["node_types"]
    assert nodes.json["node_types"][1]["num_cores"] == 8
    assert get(f"{CATALOG}/current-metastore-assignment").json == {
        "metastore_id": BORN["metastore"],
        "workspace_id": int(new.org_id),
        "default_catalog_name": "main",
    }
    assert get(f"{CATALOG}/metastore_summary").json["region"] == "northeurope"
    assert keys(get(f"{CATALOG}/catalogs"), "catalogs", "name") == ["main", "system"]
    namespace = get("/api/2.0/settings/types/default_namespace_ws/names/default").json
    assert namespace["namespace"] == {"value": "main"}
    assert get("/api/2.0/dbfs/list?path=/").status == 403
    assert inside.databricks("GET", "/api/2.0/dbfs/list?path=/", workspace=old).status == 200
    assert len(inside.databricks("GET", "/api/2.1/clusters/spark-versions", workspace=old).json["versions"]) > 2


def test_the_default_catalog_that_was_asked_for(tmp_path: Path) -> None:
    inside = Inside(tmp_path)
    create(inside, "new-one", defaultCatalog={"initialType": "UnityCatalog", "initialName": ""})
    new = list(inside.cloud.workspaces.values())[-1]
    found = inside.databricks("GET", f"{CATALOG}/current-metastore-assignment", workspace=new).json
    assert found["default_catalog_name"] == "new_one"


@pytest.mark.parametrize(
    "wrong",
    [{"rooms": 2}, {"runtimes": "16.4"}, {"metastore": None}, {"legacy_off": ["x"]}, {"catalogs": [{}]}, []],
)
def test_mistakes(tmp_path: Path, wrong: Body) -> None:
    for number, arm in enumerate(({"born": wrong}, {"workspaces": [{"databricks": wrong}]})):
        with pytest.raises(BadEstate, match=r"arm\.json"):
            Inside(tmp_path / str(number), arm)
