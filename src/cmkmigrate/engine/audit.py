"""Whose key the two sides of a migration are under, from what ARM said when they were opened; nothing is asked."""

from __future__ import annotations

from typing import Any

from cmkmigrate.audit.encryption import judge
from cmkmigrate.audit.model import Row


def posture(migration: Any, target: Any | None) -> dict[str, list[Row]]:
    """The verdicts on both sides of a migration; a side that was opened by URL has none. `cmk` says that the key is
    set, and nothing of its health."""
    sides = {"source": migration.source(), "target": target}
    return {side: judge(site.resource) for side, site in sides.items() if site is not None and site.resource}
