from __future__ import annotations

from cmkmigrate.kinds.databricks.sql_warehouses import SqlWarehouses
from tests.kinds.fake_site import FakeSite, entries

KIND = SqlWarehouses()


def test_all_pages_are_counted_by_name() -> None:
    site = FakeSite().on("/api/2.0/sql/warehouses", {"warehouses": [{"id": "2"}]}, page_token="p")
    site.on(
        "/api/2.0/sql/warehouses", {"warehouses": [{"id": "1", "name": "one"}], "next_page_token": "p"}, page_token=None
    )
    assert [(one.id, one.key, one.name) for one in entries(KIND, site)] == [("1", "", "one"), ("2", "", "2")]
    assert KIND.unsupported and KIND.create is None
