"""Unity Catalog as a workspace sees it."""

from __future__ import annotations

from pathlib import Path

from tests.sandbox.conftest import Body, Inside

CATALOG = "/api/2.1/unity-catalog"
CONNECTOR = (
    "/subscriptions/00000000-1111-4222-8333-444444444444/resourceGroups/managed/providers/"
    "Microsoft.Databricks/accessConnectors/unity-catalog-access-connector"
)
TOLD: Body = {
    "catalogs": ["main", {"name": "shared", "catalog_type": "DELTASHARING_CATALOG"}],
    "storage_credentials": [{"name": "own", "access_connector": CONNECTOR}, {"name": "bare"}],
    "external_locations": [{"name": "lake", "url": "abfss://lake@acc.dfs.core.windows.net/", "credential": "own"}],
}


def test_catalogs(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"workspaces": [{"databricks": TOLD}]})
    found = inside.databricks("GET", f"{CATALOG}/catalogs").json["catalogs"]
    assert [(one["name"], one["catalog_type"]) for one in found] == [
        ("main", "MANAGED_CATALOG"), ("shared", "DELTASHARING_CATALOG"), ("system", "SYSTEM_CATALOG"),
    ]  # fmt: skip
    assert inside.databricks("GET", f"{CATALOG}/catalogs/shared").json == found[1]
    assert inside.databricks("GET", f"{CATALOG}/catalogs/none").status == 404
    page = inside.databricks("GET", f"{CATALOG}/catalogs?max_results=2").json
    assert page["catalogs"] == found[:2]
    rest = inside.databricks("GET", f"{CATALOG}/catalogs?max_results=0&page_token={page['next_page_token']}").json
    assert rest == {"catalogs": found[2:]}
    assert inside.databricks("GET", f"{CATALOG}/catalogs?max_results=-1").status == 400


def test_credentials_and_locations(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"workspaces": [{"databricks": TOLD}]})
    own, bare = inside.databricks("GET", f"{CATALOG}/storage-credentials").json["storage_credentials"]
    connector = own["azure_managed_identity"]["access_connector_id"]
    assert connector.startswith(f"{inside.subscription}/resourceGroups/managed/"), "in the sandbox's subscription"
    assert "azure_managed_identity" not in bare
    (lake,) = inside.databricks("GET", f"{CATALOG}/external-locations").json["external_locations"]
    assert (lake["credential_id"], lake["credential_name"]) == (own["id"], "own")


def test_without_a_metastore(tmp_path: Path) -> None:
    for number, told in enumerate(({"sku": "standard"}, {"databricks": {"metastore": ""}})):
        inside = Inside(tmp_path / str(number), {"workspaces": [told]})
        for path in ("current-metastore-assignment", "metastore_summary", "catalogs", "storage-credentials"):
            refused = inside.databricks("GET", f"{CATALOG}/{path}")
            assert (refused.status, refused.json["error_code"]) == (404, "METASTORE_DOES_NOT_EXIST")
            assert refused.json["message"] == "No metastore assigned for the current workspace."
