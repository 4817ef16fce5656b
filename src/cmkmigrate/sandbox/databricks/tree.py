"""The workspace tree: directories, notebooks, files, Git folders and dashboards under one root.

A node knows its parent and its name; paths are put together when they are needed, which keeps 200,000 nodes small.
Paths are case-sensitive and compared code point by code point. `/Workspace/x` and `/x` are the same path.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.sandbox.databricks.contents import Content

DIRECTORY = "DIRECTORY"
NOTEBOOK = "NOTEBOOK"
FILE = "FILE"
REPO = "REPO"
DASHBOARD = "DASHBOARD"
HOLDERS = frozenset({DIRECTORY, REPO})


class Node:
    """One object of the tree. Times in ms since the epoch. `children` is None for what cannot hold any."""

    __slots__ = (
        "children",
        "content",
        "created_at",
        "format",
        "id",
        "kind",
        "language",
        "modified_at",
        "name",
        "parent",
    )

    def __init__(self, kind: str, name: str, parent: Node | None, id: int) -> None:
        self.kind, self.name, self.parent, self.id = kind, name, parent, id
        self.language = ""
        self.format = ""  # of a notebook: SOURCE or JUPYTER, how it is stored
        self.content: Content | None = None
        self.created_at = 0
        self.modified_at = 0
        self.children: dict[str, Node] | None = {} if kind in HOLDERS else None

    @property
    def path(self) -> str:
        names: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            names.append(node.name)
            node = node.parent
        return "/" + "/".join(reversed(names))

    def above(self) -> Iterator[Node]:
        """The parent, its parent, and so on up to the root."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def walk(self) -> Iterator[Node]:
        """Everything below, parents before children, in the order of names."""
        for _name, child in sorted((self.children or {}).items()):
            yield child
            yield from child.walk()


def split(path: str) -> list[str]:
    """The names of a path; doubled and trailing slashes and a leading /Workspace do not count."""
    names = [name for name in path.split("/") if name]
    if names and names[0] == "Workspace":
        names = names[1:]
    return names


class Tree:
    """All nodes of a workspace, found by path and by id. The root's id is 0 (as in `/directories/0`)."""

    def __init__(self) -> None:
        self.root = Node(DIRECTORY, "", None, 0)
        self.by_id: dict[int, Node] = {0: self.root}

    def find(self, path: str) -> Node | None:
        node = self.root
        for name in split(path):
            child = node.children.get(name) if node.children is not None else None
            if child is None:
                return None
            node = child
        return node

    def add(self, parent: Node, kind: str, name: str, id: int) -> Node:
        """A new node below `parent`, which must be able to hold one and not have that name."""
        assert parent.children is not None and name not in parent.children, (parent.path, name)
        node = Node(kind, name, parent, id)
        parent.children[name] = node
        self.by_id[id] = node
        return node

    def remove(self, node: Node) -> list[Node]:
        """Take a node and everything below it out; gives what was taken out."""
        assert node.parent is not None and node.parent.children is not None
        gone = [node, *node.walk()]
        del node.parent.children[node.name]
        for one in gone:
            del self.by_id[one.id]
        return gone

    def git_folder_of(self, node: Node) -> Node | None:
        """The Git folder that a node is in, or is."""
        if node.kind == REPO:
            return node
        return next((one for one in node.above() if one.kind == REPO), None)
