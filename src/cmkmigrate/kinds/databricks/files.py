"""Workspace files: any bytes at a path, up to the service's limit."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.errors import Unknown
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import tree
from cmkmigrate.kinds.databricks.notebooks import EXPORT, IMPORT
from cmkmigrate.model import Asset, Entry, Made

LARGE = 32 << 20  # bytes; a file over this is read while it is written, any other before
_MADE_BY = {
    ".dbalert.json": "the file of an alert, which this version does not move",
    ".dbquery.ipynb": "the file of a saved query, which this version does not move",
}


class Files(Kind):
    """Read with `direct_download`, written with a multipart upload (JSON takes 10 MB, multipart 500 MB), always as
    RAW: under AUTO a file whose first line is `# Databricks notebook source` becomes a notebook and loses its
    extension. Equal when the bytes are; one over 32 MiB is read while it is written. An answer whose length is said
    too short is cut there by any HTTP client, so what has come is held against the size that the workspace says
    (SDK: ObjectInfo.size, "the file size in bytes").
    """

    name = "files"
    service = "files"
    parents = ("directories",)
    permission_type = "files"

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for node in tree.of_type(site, "FILE"):
            made_by = next((reason for end, reason in _MADE_BY.items() if node.path.endswith(end)), "")
            yield tree.entry(node, unsupported=made_by)

    def load(self, site: Site, entry: Entry) -> Asset:
        """No call, as the bytes are read when the content is opened; of a large one its size is asked for."""
        path = entry.key
        node = tree.known(site, path)
        large = -1 if node is None or node.size <= LARGE else tree.size_of(site.read(tree.STATUS, {"path": path}))

        def content() -> Iterator[bytes]:
            size, query = 0, {"path": path, "format": "RAW", "direct_download": True}
            for block in site.download(EXPORT, query, held=large < 0):
                size += len(block)
                yield block
            _all_of_it(site, path, size)

        body = {"path": path}
        return Asset(entry.id, path, entry.name, hint=entry.hint, of=entry.of, body=body, content=content, size=large)

    def create(self, site: Site, asset: Asset) -> Made:
        return _upload(site, asset, overwrite=False)

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        return _upload(site, want, overwrite=True)

    def as_key(self, name: str) -> str:
        return tree.plain(name)


def _all_of_it(site: Site, path: str, size: int) -> None:
    """Raises Unknown where the workspace says another size than what has come. One that was changed since it was listed
    is asked for anew."""
    node = tree.known(site, path)
    if node is None or node.size in (-1, size):
        return
    now = tree.size_of(site.read(tree.STATUS, {"path": path}))
    if now not in (-1, size):
        raise Unknown(f"GET {EXPORT}: {size} bytes of {path} have come, and the workspace says that it has {now}")


def _upload(site: Site, asset: Asset, *, overwrite: bool) -> Made:
    assert asset.body is not None and asset.content is not None
    fields = {"path": asset.body["path"], "format": "RAW", "overwrite": "true" if overwrite else "false"}
    return Made(str(site.upload(IMPORT, fields, asset.content(), asset.size).get("object_id", "")))
