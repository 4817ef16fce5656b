"""Folders of the workspace tree, empty ones included."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import tree
from cmkmigrate.model import Asset, Entry, Made, Reference

_KINDS = {"DIRECTORY": "directories", "NOTEBOOK": "notebooks", "FILE": "files"}
_SEEDED = re.compile(r"/(Shared|Users|Repos)?|/(Users|Repos)/[^/]+")


class Directories(Kind):
    """`POST /api/2.0/workspace/mkdirs`, which makes what is missing of a path and can be repeated.

    The service has homes only for principals of the workspace: that of somebody who is gone is blocked beforehand.
    """

    name = "directories"
    service = "directories"
    permission_type = "directories"
    refs = (Reference("path", ("users", "service_principals"), "key", within=r"^/Users/([^/]+)$", missing="block"),)

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for node in tree.of_type(site, "DIRECTORY"):
            yield tree.entry(node, excluded=tree.TRASH if tree.in_trash(node.path) else "")

    def load(self, site: Site, entry: Entry) -> Asset:
        """No call: a folder has nothing but its path."""
        return Asset(entry.id, entry.key, entry.name, of=entry.of, body={"path": entry.key})

    def create(self, site: Site, asset: Asset) -> Made:
        """The service gives no id back (vendor SDK: `MkdirsResponse` is empty)."""
        assert asset.body is not None
        answer = site.write("POST", "/api/2.0/workspace/mkdirs", {"path": asset.body["path"]})
        return Made(str(answer.get("object_id", "")))

    def inside(self, site: Site, key: str) -> Iterator[tuple[str, Entry]]:
        """The folders, notebooks and files in it."""
        for node in tree.children(site, key):
            if node.type in _KINDS:
                yield _KINDS[node.type], tree.entry(node)

    def as_key(self, name: str) -> str:
        return tree.plain(name)

    def seeded(self, site: Site, entry: Entry) -> bool:
        return is_seeded(entry.key)


def is_seeded(path: str) -> bool:
    """The root, the three folders in it, and homes: the service makes them with the workspace or the principal."""
    return _SEEDED.fullmatch(path) is not None
