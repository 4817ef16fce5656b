"""Global init scripts: listed and counted, not moved by this version."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.unsupported import LATER, counted
from cmkmigrate.model import Entry


class GlobalInitScripts(Kind):
    name = "global_init_scripts"
    service = "listed"
    unsupported = LATER

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        return counted(site.read("/api/2.0/global-init-scripts").get("scripts") or (), "script_id", "name")
