"""Saved queries: listed and counted, not moved by this version; written anew in place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.paging import pages
from cmkmigrate.kinds.databricks.unsupported import LATER, counted
from cmkmigrate.model import Asset, Entry, Made

QUERIES: Final = "/api/2.0/sql/queries"
# What an update may say of a query (databricks-sdk, UpdateQueryRequestQuery), its owner and its mode of running aside:
# those are not contents, and setting them takes rights of their own.
WRITTEN: Final = (
    "apply_auto_limit", "catalog", "description", "display_name", "parameters", "query_text", "schema", "tags",
    "warehouse_id",
)  # fmt: skip
_OF_THE_WRITE: Final = frozenset({"update_time", "last_modifier_user_name"})


class Queries(Kind):
    """An update says the query as it is, with a mask of exactly those fields. Two are equal when their GET bodies are,
    without the time and the author of the last change."""

    name = "queries"
    service = "listed"
    unsupported = LATER

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        return counted(pages(site, QUERIES, {"page_size": 100}, "results"), "id", "display_name")

    def anew(self, site: Site) -> Iterator[Entry]:
        for found in pages(site, QUERIES, {"page_size": 100}, "results"):
            trashed = "in the trash" if found.get("lifecycle_state") == "TRASHED" else ""
            id, name = str(found["id"]), str(found.get("display_name") or found["id"])
            yield Entry(id, id, name, hint=str(found.get("update_time") or ""), excluded=trashed)

    def stamp(self, site: Site, entry: Entry) -> str:
        return str(site.read(f"{QUERIES}/{entry.id}").get("update_time") or "")

    def load(self, site: Site, entry: Entry) -> Asset:
        return Asset(entry.id, entry.key, entry.name, hint=entry.hint, body=site.read(f"{QUERIES}/{entry.id}"))

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        said = {name: value for name, value in (want.body or {}).items() if name in WRITTEN}
        body = {"query": said, "update_mask": ",".join(said), "auto_resolve_display_name": False}
        site.write("PATCH", f"{QUERIES}/{have.id}", body)
        return Made(have.id)

    def proof(self, site: Site, asset: Asset) -> Iterator[bytes]:
        body = {name: value for name, value in (asset.body or {}).items() if name not in _OF_THE_WRITE}
        yield json.dumps(body, sort_keys=True).encode()
