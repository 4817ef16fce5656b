"""What Unity Catalog says of storage: read to the last page, by whoever is let in already, and nothing hidden."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.audit.catalogs import look
from cmkmigrate.audit.storage import Storage
from cmkmigrate.errors import Denied, NotAllowed, NotFound

W = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
RESOURCE = {"id": W, "properties": {"workspaceUrl": "adb-1.2.azuredatabricks.test"}}


class Catalog:
    """A workspace that answers by path; what is an error is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.opened: list[tuple[str, bool]] = []

    def workspace(self, ref: str, *, source: bool) -> Catalog:
        self.opened.append((ref, source))
        if isinstance(self.answers.get("sign_in"), Exception):
            raise self.answers["sign_in"]
        return self

    def read(self, path: str, query: dict[str, Any] | None = None) -> Any:
        name = path.rpartition("/")[2].replace("-", "_")
        found = self.answers.get(name, {})
        if isinstance(found, list):
            found = found[int((query or {}).get("page_token", 0))]
        if isinstance(found, Exception):
            raise found
        return found


def read(cloud: Catalog, resource: Any = RESOURCE) -> tuple[dict[str, list[tuple[str, str]]], list[str]]:
    found = Storage()
    look(cloud, [resource], found)
    return {name: [(use.how, use.name) for use in uses] for name, uses in found.uses.items()}, found.gaps


def test_every_place_and_page() -> None:
    url = "abfss://c@{}.dfs.core.windows.net/x"
    pages = [
        {"external_locations": [{"name": "l1", "url": url.format("saone")}], "next_page_token": "1"},
        {"next_page_token": "2"},
        {"external_locations": [{"name": "l2", "url": "wasbs://c@satwo.blob.core.windows.net"}]},
    ]
    catalogs = {"catalogs": [{"name": "c1", "storage_root": url.format("saone")}, {"name": "system"}]}
    cloud = Catalog(
        external_locations=pages,
        catalogs=catalogs,
        metastore_summary={"name": "m", "storage_root": url.format("saroot")},
    )
    uses, gaps = read(cloud)
    assert uses == {
        "saone": [("external-location", "l1"), ("catalog", "c1")],
        "satwo": [("external-location", "l2")],
        "saroot": [("metastore", "m")],
    }
    assert gaps == []
    assert cloud.opened == [("https://adb-1.2.azuredatabricks.test", True)], (
        "by its address, so that nobody becomes admin"
    )


@pytest.mark.parametrize(
    ("answers", "gap"),
    [
        ({"sign_in": NotAllowed("the workspace does not let you in")}, "does not let you in"),
        ({"external_locations": Denied("no", status=403)}, "external-locations"),
        ({"metastore_summary": Denied("no", status=403)}, "metastore"),
        ({"external_locations": {"external_locations": [{"name": "s3", "url": "s3://bucket/x"}]}}, "no Azure storage"),
        ({"catalogs": [{"next_page_token": "0"}]}, "circle"),
    ],
)
def test_what_is_not_read_is_said(answers: dict[str, Any], gap: str) -> None:
    uses, gaps = read(Catalog(**answers))
    assert uses == {}
    assert len(gaps) == 1 and gap in gaps[0] and W in gaps[0]


def test_a_workspace_without_a_metastore_or_an_address() -> None:
    assert read(Catalog(metastore_summary=NotFound("none", status=404))) == ({}, [])
    assert "no address" in read(Catalog(), {"id": W})[1][0]
