"""Notebooks of every language, with the results, widgets and dashboards that they hold."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import tree
from cmkmigrate.kinds.databricks.ipynb import rich_part
from cmkmigrate.model import Asset, Body, Entry, Made

EXPORT = "/api/2.0/workspace/export"
IMPORT = "/api/2.0/workspace/import"


class Notebooks(Kind):
    """A notebook travels as SOURCE, byte for byte, unless its JUPYTER export has something that SOURCE cannot say
    (outputs, widget values, dashboards, pictures): then it travels as JUPYTER.

    body: path, format (SOURCE or JUPYTER), and for SOURCE the language. Two notebooks are equal when their SOURCE
    exports are, byte for byte, and the rich parts of their JUPYTER exports are in the canonical form of `ipynb.py`.

    The service refuses what is over 10 MB (10,485,760 bytes) in any format, with a message that says so; nothing is
    left out to make a notebook fit.
    """

    name = "notebooks"
    service = "notebooks"
    parents = ("directories",)
    permission_type = "notebooks"

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for node in tree.of_type(site, "NOTEBOOK"):
            yield tree.entry(node)

    def anew(self, site: Site) -> Iterator[Entry]:
        """Every notebook; those in Git folders and in a trash are left out."""
        for node in tree.walk(site).values():
            if node.type == "NOTEBOOK":
                yield tree.entry(node)
            elif node.type in ("REPO", "GIT_CLI"):
                for one in tree.below(site, node.path):
                    if one.type == "NOTEBOOK":
                        yield tree.entry(one, excluded=f"in the Git folder {node.path}: its contents come from Git")
            elif tree.in_trash(node.path):
                for one in tree.below(site, node.path):
                    if one.type == "NOTEBOOK":
                        yield tree.entry(one, excluded="in the trash")

    def stamp(self, site: Site, entry: Entry) -> str:
        """Object id and time of change: another object under the same path is another version too."""
        said = site.read(tree.STATUS, {"path": entry.key})
        return f"{said.get('object_id', '')}:{said.get('modified_at') or 0}"

    def load(self, site: Site, entry: Entry) -> Asset:
        """One export (JUPYTER), which decides the format; the SOURCE is exported when the content is opened."""
        path = entry.key
        notebook = _export(site, path, "JUPYTER")
        body: Body = {"path": path, "format": "JUPYTER", "language": _language(site, path)}
        if rich_part(notebook):
            content = lambda: iter((notebook,))  # noqa: E731
        else:
            body["format"] = "SOURCE"
            content = lambda: iter((_export(site, path, "SOURCE"),))  # noqa: E731
        return Asset(entry.id, path, entry.name, hint=entry.hint, of=entry.of, body=body, content=content)

    def proof(self, site: Site, asset: Asset) -> Iterator[bytes]:
        """The SOURCE export; after it the canonical rich part of a notebook that has one."""
        assert asset.body is not None
        yield _export(site, asset.body["path"], "SOURCE")
        if asset.body["format"] == "JUPYTER" and asset.content is not None:
            yield rich_part(b"".join(asset.content()))

    def create(self, site: Site, asset: Asset) -> Made:
        return _import(site, asset, overwrite=False)

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        made = _import(site, want, overwrite=True)
        tree.written(site, want.key)
        return made

    def as_key(self, name: str) -> str:
        return tree.plain(name)


def _import(site: Site, asset: Asset, *, overwrite: bool) -> Made:
    assert asset.body is not None and asset.content is not None
    said = {"path": asset.body["path"], "format": asset.body["format"], "overwrite": overwrite}
    if asset.body["format"] == "SOURCE":
        said["language"] = asset.body["language"]  # an .ipynb names its own
    said["content"] = base64.b64encode(b"".join(asset.content())).decode()
    return Made(str(site.write("POST", IMPORT, said).get("object_id", "")))


def _export(site: Site, path: str, form: str) -> bytes:
    return base64.b64decode(site.read(EXPORT, {"path": path, "format": form}).get("content") or "")


def _language(site: Site, path: str) -> str:
    node = tree.known(site, path)
    return (node and node.language) or str(site.read(tree.STATUS, {"path": path}).get("language", ""))
