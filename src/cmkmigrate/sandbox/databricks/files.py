"""Workspace files: bytes kept verbatim. Routes are those of notebooks; this file knows what is true of files only.

Limits: 10 MB in a JSON body, 500 MB by multipart upload and direct download (the wire facts, 5.6 and 5.8). A 459 MB
download was once refused on the live service; that is not modelled.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.contents import Content, Held
from cmkmigrate.sandbox.databricks.refusals import invalid, refusal
from cmkmigrate.sandbox.databricks.tree import FILE, Node
from cmkmigrate.sandbox.databricks.workspace import WorkspaceState

LARGEST_IN_JSON = 10 * 1024 * 1024  # bytes
LARGEST = 500 * 1024 * 1024  # bytes

EXPORT_FORMATS = frozenset({"AUTO", "RAW", "SOURCE"})


def check_size(size: int, *, streamed: bool) -> None:
    """Refuse an import that is too large, in the words seen on the live service."""
    limit = LARGEST if streamed else LARGEST_IN_JSON
    if size > limit:
        raise invalid(f"File size imported is ({size} bytes), exceeded max size ({limit} bytes)")


def put(state: WorkspaceState, parent: Node, name: str, data: bytes) -> Node:
    """A new file, or new bytes for the one that is there."""
    assert parent.children is not None
    now = state.clock.ms()
    node = parent.children.get(name)
    if node is None:
        node = state.tree.add(parent, FILE, name, state.ids.number())
        node.created_at = now
    node.content, node.modified_at = Held(data), now
    return node


def export(node: Node, format: str, *, direct: bool) -> tuple[bytes, str]:
    """The bytes and the file type (the extension). Raises a 400 for a format that files do not have."""
    if format not in EXPORT_FORMATS:
        raise invalid(f"The format {format} is not supported for files.")
    assert node.content is not None
    size_for_export(node.content, direct=direct)
    return node.content.read(), node.name.rsplit(".", 1)[-1] if "." in node.name else ""


def size_for_export(content: Content, *, direct: bool) -> None:
    """Refuse an export that is too large; `direct` is a direct download of a file."""
    limit = LARGEST if direct else LARGEST_IN_JSON
    if content.size > limit:
        raise refusal(400, "BAD_REQUEST", f"Size exceeds {limit} bytes")
