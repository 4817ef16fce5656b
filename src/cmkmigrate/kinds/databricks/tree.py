"""The workspace tree, walked once for all kinds that live in it.

`GET /api/2.0/workspace/list` lists one folder without paging, so the tree is walked folder by folder, a few at a time.
The walk is kept in `site.cache`, which lasts for one observation of the site.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from cmkmigrate.characters import spelled
from cmkmigrate.errors import NotFound
from cmkmigrate.kinds.base import Site
from cmkmigrate.model import Entry

LIST = "/api/2.0/workspace/list"
STATUS = "/api/2.0/workspace/get-status"
THREADS = 8  # the vendor publishes no limit for this listing; few enough to leave a live workspace alone
TRASH = "in the trash"
_TRASH = re.compile(r"/Users/[^/]+/Trash")


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the tree. `type` as the vendor says it; GIT_CLI for a folder made with the Git command line. size:
    bytes of a file; -1 where the listing does not say."""

    path: str
    type: str
    id: str
    language: str = ""
    modified_at: int = 0
    resource_id: str = ""
    size: int = -1

    @property
    def hint(self) -> str:
        return f"{self.id}:{self.modified_at}" if self.modified_at else ""


def plain(path: str) -> str:
    """A path in the one spelling used here: no `/Workspace` before it, no doubled or trailing slash.

    Both spellings name the same object. What is not a path (a template, `dbfs:/...`) comes back as it is.
    """
    if not path.startswith("/"):
        return path
    path = re.sub(r"/{2,}", "/", path).rstrip("/") or "/"
    if path == "/Workspace":
        return "/"
    return path.removeprefix("/Workspace") if path.startswith("/Workspace/") else path


def parent(path: str) -> str:
    """The folder that a plain path is in; that of the root is the root."""
    return path.rpartition("/")[0] or "/"


def entry(node: Node, *, unsupported: str = "", excluded: str = "") -> Entry:
    """What a listing says of a node: keyed by path, a part of its folder."""
    return Entry(
        id=node.id,
        key=node.path,
        name=node.path,
        hint=node.hint,
        of=None if node.path == "/" else ("directories", parent(node.path)),
        unsupported=unsupported,
        excluded=excluded,
    )


def in_trash(path: str) -> bool:
    """Whether this is the folder to which the workspace moves what a user deletes."""
    return _TRASH.fullmatch(path) is not None


def walk(site: Site) -> dict[str, Node]:
    """Every object by its plain path, parents before children, the root included. Git folders and trash are not
    entered, nor is a folder whose name no URL can hold. Raises CallError when any folder cannot be read; one that is
    gone by then was deleted, and is left out."""
    held: _Walk = site.cache.setdefault("tree", _Walk())
    with held.lock:
        if held.nodes is None:
            held.nodes = _walk(site)
        return held.nodes


def of_type(site: Site, *types: str) -> Iterator[Node]:
    """The nodes of these types."""
    return (node for node in walk(site).values() if node.type in types)


def known(site: Site, path: str) -> Node | None:
    """A node of the walk that was made in this observation; None when there was none or it is not in it."""
    held: _Walk | None = site.cache.get("tree")
    return held.nodes.get(path) if held is not None and held.nodes is not None else None


def written(site: Site, path: str) -> None:
    """What was known of its language is of before: it is asked for again."""
    node = known(site, path)
    if node is not None:
        site.cache["tree"].nodes[path] = replace(node, language="")


class _Walk:
    """A walk that the first who needs it makes while the others wait."""

    __slots__ = ("lock", "nodes")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.nodes: dict[str, Node] | None = None


def _walk(site: Site) -> dict[str, Node]:
    root = _node(site.read(STATUS, {"path": "/"}) | {"path": "/", "object_type": "DIRECTORY"})
    nodes = {"/": root}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="tree") as pool:
        at_work: dict[Future[list[Node]], str] = {pool.submit(children, site, "/"): "/"}
        try:
            while at_work:
                finished, _ = wait(at_work, return_when=FIRST_COMPLETED)
                for future in finished:
                    path = at_work.pop(future)
                    try:
                        found = future.result()
                    except NotFound:
                        if path == "/":
                            raise
                        del nodes[path]
                        continue
                    for node in found:
                        nodes[node.path] = node
                        if node.type == "DIRECTORY" and not in_trash(node.path) and spelled(node.path) is node.path:
                            at_work[pool.submit(children, site, node.path)] = node.path
        finally:
            for future in at_work:
                future.cancel()
    return {path: nodes[path] for path in sorted(nodes, key=lambda path: path.split("/"))}


def children(site: Site, path: str) -> list[Node]:
    """What is directly in a folder; one call. Raises CallError."""
    found = site.read(LIST, {"path": path}).get("objects") or []
    return [node for node in map(_node, found) if node.path != path]


def below(site: Site, path: str) -> Iterator[Node]:
    """Every object below a folder that `walk` does not enter (a Git folder, a trash), one call for each folder."""
    for node in children(site, path):
        yield node
        if node.type in ("DIRECTORY", "REPO", "GIT_CLI"):
            yield from below(site, node.path)


def _node(said: dict[str, Any]) -> Node:
    kind = str(said.get("object_type", ""))
    # Seen in the vendor CLI's notes: such a folder is typed as a directory. It has no id in the Repos API.
    if kind == "DIRECTORY" and (said.get("directory_info") or {}).get("is_git_folder"):
        kind = "GIT_CLI"
    id, resource = str(said.get("object_id", "")), str(said.get("resource_id") or "")
    return Node(  # what is the same text in tens of thousands of nodes is in memory once
        path=plain(str(said["path"])),
        type=sys.intern(kind),
        id=id,
        language=sys.intern(str(said.get("language") or "")),
        modified_at=int(said.get("modified_at") or 0),
        resource_id=id if resource == id else resource,
        size=size_of(said),
    )


def size_of(said: dict[str, Any]) -> int:
    """The bytes of a file, as a listing or get-status says them; -1 where it does not."""
    size = said.get("size")
    return size if isinstance(size, int) else -1
