"""The diagnostic settings of a workspace: the same names, categories and sinks as on the old one.

Evidence: schema of Microsoft.Insights/diagnosticSettings 2021-05-01-preview, official examples of its operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.kinds.azure.attached import Attached, reads_of, target_of, there
from cmkmigrate.kinds.base import Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry

VERSION: Final = "2021-05-01-preview"
_PATH: Final = "/providers/Microsoft.Insights/diagnosticSettings"


class DiagnosticSettings(Attached):
    """Settings: workspace (ARM id of the new one)."""

    name = "diagnostic_settings"
    service = "diagnostic_settings"
    unordered = ("properties.logs", "properties.metrics")
    unverified = ("that a second workspace may log the same categories to the same sinks (no selftest can show it)",)
    api = VERSION

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        target = target_of(settings)
        for one in reads_of(source).listing(f"{source.arm_id}{_PATH}", VERSION):
            yield self.asset(one, f"{target}{_PATH}/{one['name']}")

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        target = target_of(settings)
        if target == KNOWN_AFTER_APPLY:
            return []
        return [self.asset(one, str(one["id"])) for one in there(lambda: site.listing(f"{target}{_PATH}", VERSION))]

    def asset(self, one: Body, at: str) -> Asset:
        """A setting; sinks that are not used are said as null or as empty, and are left out."""
        name = str(one["name"])
        properties = {key: value for key, value in (one.get("properties") or {}).items() if value not in (None, "", [])}
        return Asset(str(one["id"]), name.lower(), name, body={"at": at, "properties": properties})
