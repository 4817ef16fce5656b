"""Objects of the workspace tree of a type that no kind moves: listed and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import tree
from cmkmigrate.kinds.databricks.unsupported import LATER
from cmkmigrate.model import Entry

_KNOWN = frozenset({"DIRECTORY", "NOTEBOOK", "FILE", "REPO", "GIT_CLI"})
_REASONS = {
    "LIBRARY": "a library in the workspace tree: the service cannot export it",
    "DASHBOARD": f"a dashboard that the listing of dashboards does not have: {LATER}",
}


class OtherObjects(Kind):
    """Libraries, dashboards of the old kind, and types that came after this version.

    A Lakeview dashboard stands in the tree and in a listing of its own, and is counted once, as a dashboard. The
    listing says neither path nor object id (vendor SDK), so the two are matched by name, one for one.
    """

    name = "other_objects"
    service = "directories"
    unsupported = LATER
    parents = ("directories", "dashboards")

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        dashboards = Counter(one.name for one in listed("dashboards"))
        for node in tree.walk(site).values():
            if node.type in _KNOWN:
                continue
            name = node.path.rpartition("/")[2].removesuffix(".lvdash.json")
            if node.type == "DASHBOARD" and dashboards[name]:
                dashboards[name] -= 1
                continue
            reason = _REASONS.get(node.type, f"of the type {node.type or '(none)'}, which this version does not know")
            yield tree.entry(node, unsupported=reason)
