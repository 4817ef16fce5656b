from __future__ import annotations

from cmkmigrate.kinds.databricks.queries import Queries
from tests.kinds.fake_site import FakeSite, entries

KIND = Queries()


def test_all_pages_are_counted_by_name() -> None:
    site = FakeSite().on("/api/2.0/sql/queries", {"results": [{"id": "2"}]}, page_token="p")
    site.on(
        "/api/2.0/sql/queries",
        {"results": [{"id": "1", "display_name": "one"}], "next_page_token": "p"},
        page_token=None,
    )
    assert [(one.id, one.key, one.name) for one in entries(KIND, site)] == [("1", "", "one"), ("2", "", "2")]
    assert KIND.unsupported and KIND.create is None


def test_anew_says_what_is_there_and_nothing_of_its_owner() -> None:
    held = {
        "id": "1",
        "display_name": "one",
        "query_text": "SELECT 1",
        "warehouse_id": "w",
        "owner_user_name": "a@x.example",
        "run_as_mode": "OWNER",
        "update_time": "t1",
        "last_modifier_user_name": "a@x.example",
    }
    listed = {"results": [held, {"id": "2", "lifecycle_state": "TRASHED"}]}
    site = FakeSite().on("/api/2.0/sql/queries", listed).on("/api/2.0/sql/queries/1", held)
    one, trashed = KIND.anew(site)
    assert (one.hint, one.excluded, trashed.excluded) == ("t1", "", "in the trash")
    assert KIND.stamp(site, one) == "t1"
    asset = KIND.load(site, one)
    KIND.update(site, asset, asset)
    ((method, path, body),) = site.written
    assert (method, path, body["auto_resolve_display_name"]) == ("PATCH", "/api/2.0/sql/queries/1", False)
    assert body["query"] == {name: held[name] for name in ("display_name", "query_text", "warehouse_id")}
    assert sorted(body["update_mask"].split(",")) == sorted(body["query"])
    proof = list(KIND.proof(site, asset))
    asset.body = held | {"update_time": "t2", "last_modifier_user_name": "b@x.example"}
    assert list(KIND.proof(site, asset)) == proof
    asset.body = held | {"owner_user_name": "b@x.example"}
    assert list(KIND.proof(site, asset)) != proof
