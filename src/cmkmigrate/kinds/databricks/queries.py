"""Saved queries: listed and counted, not moved by this version."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.paging import pages
from cmkmigrate.kinds.databricks.unsupported import LATER, counted
from cmkmigrate.model import Entry


class Queries(Kind):
    name = "queries"
    service = "listed"
    unsupported = LATER

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        return counted(pages(site, "/api/2.0/sql/queries", {"page_size": 100}, "results"), "id", "display_name")
