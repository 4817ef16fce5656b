"""Machine sizes and runtimes."""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.node_types import cores
from tests.sandbox.databricks.conftest import Workspace


def test_sizes_have_cores(new: Workspace) -> None:
    found = new.get("/api/2.1/clusters/list-node-types")["node_types"]
    assert {one["node_type_id"]: one["num_cores"] for one in found}["Standard_DS3_v2"] == 4.0
    assert new.get("/api/2.1/clusters/spark-versions")["versions"][0]["key"]


def test_cores_of_an_unlisted_size_are_in_its_name() -> None:
    assert cores("Standard_E64ds_v6") == 64.0
    assert cores("no such size") == 4.0
