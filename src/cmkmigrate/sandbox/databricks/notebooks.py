"""Notebooks: import and export in their formats (and the same routes for files, which `files` does).

A notebook is stored as SOURCE (bytes, kept verbatim) or as JUPYTER (the document, with outputs). Export in the other
form converts. Not simulated, and answered with 501: DBC (but for its refusals to overwrite: documented, and met in
databrickslabs/migrate#15), HTML and R_MARKDOWN, and the export of directories.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cmkmigrate.sandbox.databricks import files, ipynb
from cmkmigrate.sandbox.databricks.contents import Held
from cmkmigrate.sandbox.databricks.directories import found, guard_home, wanted_path
from cmkmigrate.sandbox.databricks.refusals import invalid, missing, refusal, taken
from cmkmigrate.sandbox.databricks.tree import FILE, HOLDERS, NOTEBOOK, Node, split
from cmkmigrate.sandbox.databricks.workspace import WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

LARGEST = 10 * 1024 * 1024  # bytes, in both directions
EXTENSIONS = {"py": "PYTHON", "sql": "SQL", "scala": "SCALA", "r": "R"}
LANGUAGES = frozenset(EXTENSIONS.values())
FILE_TYPES = {language: extension for extension, language in EXTENSIONS.items()}
FORMATS = frozenset({"SOURCE", "JUPYTER", "AUTO", "RAW", "DBC", "HTML", "R_MARKDOWN"})


def _not_simulated(what: str) -> Exception:
    return refusal(501, "NOT_IMPLEMENTED", f"{what} is not simulated.")


def _fields(request: Request) -> tuple[dict[str, Any], bytes, bool]:
    """Fields, bytes, and whether they came as a multipart upload."""
    if "multipart/form-data" in request.headers.get("content-type", ""):
        parts = request.multipart()
        data = parts.pop("content", b"")
        return {name: value.decode("utf-8", "replace") for name, value in parts.items()}, data, True
    fields = request.json()
    try:
        return fields, base64.b64decode(fields.get("content") or "", validate=True), False
    except (binascii.Error, ValueError) as error:
        raise invalid("content is not base64.") from error


def _auto(name: str, data: bytes) -> tuple[str, str, str]:
    """What AUTO makes of a file: its name, the format, and the language of a notebook."""
    stem, dot, extension = name.rpartition(".")
    if dot and stem and extension.lower() in EXTENSIONS:
        language = EXTENSIONS[extension.lower()]
        if data.startswith(ipynb.header(language).encode()):
            return stem, "SOURCE", language
    if dot and stem and extension.lower() == "ipynb":
        return stem, "JUPYTER", ""
    if dot and extension.lower() in ("dbc", "html"):
        raise _not_simulated(f"Import of .{extension}")
    return name, "RAW", ""


@route("POST", "/api/2.0/workspace/import")
def import_object(state: WorkspaceState, request: Request) -> Response:
    """A notebook, or a file (RAW; or AUTO where the bytes are no notebook). Parents are not made."""
    fields, data, streamed = _fields(request)
    names = split(wanted_path(fields.get("path")))
    format = str(fields.get("format") or "SOURCE")
    overwrite = str(fields.get("overwrite", "")).lower() == "true"
    if format not in FORMATS:
        raise invalid(f"Unknown format: {format}")
    if not names:
        raise taken("Path (/) already exists.")
    if format == "DBC" and overwrite:
        raise invalid("Overwrite is not supported for the DBC format.")
    if format == "DBC" and state.tree.find("/" + "/".join(names)) is not None:
        raise taken(f"Path (/{'/'.join(names)}) already exists.")
    if format in ("DBC", "HTML", "R_MARKDOWN"):
        raise _not_simulated(f"Import of {format}")
    name, language = names[-1], str(fields.get("language") or "").upper()
    if format == "AUTO":
        name, format, language = _auto(name, data)
    parent = state.tree.find("/" + "/".join(names[:-1]))
    if parent is None or parent.kind not in HOLDERS:
        raise missing(f"The parent folder (/{'/'.join(names[:-1])}) does not exist.")
    guard_home(state, [*names[:-1], name])
    kind = FILE if format == "RAW" else NOTEBOOK
    assert parent.children is not None
    there = parent.children.get(name)
    if there is not None and not (overwrite and there.kind == kind):
        raise taken(f"{there.path} already exists. Please pass overwrite=true to update it.")
    if kind == FILE:
        files.check_size(len(data), streamed=streamed)
        files.put(state, parent, name, data)
    else:
        _put(state, parent, name, data, format, language)
    return json_response({})


def _put(state: WorkspaceState, parent: Node, name: str, data: bytes, format: str, language: str) -> Node:
    if len(data) > LARGEST:
        raise refusal(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", f"Notebook size exceeds {LARGEST} bytes.")
    if format == "JUPYTER":
        document = ipynb.parse(data)
        if document is None:
            raise invalid("The content is not a Jupyter notebook.")
        language = ipynb.language_of(document)
    elif language not in LANGUAGES:
        raise invalid("language must be one of SCALA, PYTHON, SQL, R when the format is SOURCE.")
    assert parent.children is not None
    now = state.clock.ms()
    node = parent.children.get(name)
    if node is None:
        node = state.tree.add(parent, NOTEBOOK, name, state.ids.number())
        node.created_at = now
    node.language, node.format, node.content, node.modified_at = language, format, Held(data), now
    return node


def source_of(node: Node) -> bytes:
    """The code of a notebook."""
    assert node.content is not None
    data = node.content.read()
    if node.format != "JUPYTER":
        return data
    document = ipynb.parse(data)
    return ipynb.to_source(document, node.language) if document is not None else data


def document_of(node: Node) -> bytes:
    """The notebook as a Jupyter document: the stored one, or one without outputs made of the code."""
    assert node.content is not None
    data = node.content.read()
    return data if node.format == "JUPYTER" else ipynb.from_source(data, node.language, node.name)


@route("GET", "/api/2.0/workspace/export")
def export_object(state: WorkspaceState, request: Request) -> Response:
    """{content (base64), file_type}, or the bytes themselves with direct_download=true."""
    node = found(state, request.arg("path"))
    format = request.arg("format", "SOURCE") or "SOURCE"
    direct = request.arg("direct_download").lower() == "true"
    if format not in FORMATS:
        raise invalid(f"Unknown format: {format}")
    if node.kind == FILE:
        data, file_type = files.export(node, format, direct=direct)
    elif node.kind == NOTEBOOK:
        if format in ("DBC", "HTML", "R_MARKDOWN"):
            raise _not_simulated(f"Export of {format}")
        data = document_of(node) if format == "JUPYTER" else source_of(node)
        file_type = "ipynb" if format == "JUPYTER" else FILE_TYPES.get(node.language, "py")
        files.size_for_export(Held(data), direct=False)
    elif node.kind in HOLDERS:
        raise _not_simulated("The export of a directory")
    else:
        raise refusal(400, "BAD_REQUEST", f"Objects of type {node.kind} cannot be exported.")
    if direct:
        return Response(200, data, {"content-type": "application/octet-stream", "content-disposition": "attachment"})
    return json_response({"content": base64.b64encode(data).decode(), "file_type": file_type})
