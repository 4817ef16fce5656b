"""DBFS: what is in the root, as files in memory. No mounts, and nothing behind them.

Limits and codes: the wire facts on dbfs_files (1 MB a call, handles that end after ten idle minutes, listings that are
not paged). In a workspace without legacy features every route refuses.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cmkmigrate.sandbox.databricks.legacy import guard_dbfs
from cmkmigrate.sandbox.databricks.refusals import invalid, missing, refusal, taken
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

ROOT = "/api/2.0/dbfs"
LARGEST = 1024 * 1024  # bytes in one call
IDLE_S = 600.0  # a handle that was not used for so long is gone


def _path(state: WorkspaceState, given: object) -> str:
    """The path without `dbfs:`. Raises a 400, or a 403 where there is no DBFS."""
    path = str(given or "").removeprefix("dbfs:")
    if not path.startswith("/"):
        raise invalid(f"Path must be absolute: {given}")
    guard_dbfs(state, path)
    return "/" + "/".join(name for name in path.split("/") if name)


def _found(state: WorkspaceState, path: str) -> bytes | None:
    if path not in state.dbfs:
        raise missing(f"No file or directory exists on path {path}.")
    return state.dbfs[path]


def _shown(path: str, content: bytes | None) -> Body:
    return {"path": path, "is_dir": content is None, "file_size": len(content or b""), "modification_time": 0}


def _below(state: WorkspaceState, path: str) -> list[str]:
    return [one for one in state.dbfs if one.startswith(path.rstrip("/") + "/") and one != path]


def _parents(state: WorkspaceState, path: str) -> None:
    """Make the directories above a path. Raises a 400 where a file stands in the way."""
    names = path.split("/")[1:-1]
    for count in range(1, len(names) + 1):
        if state.dbfs.setdefault("/" + "/".join(names[:count]), None) is not None:
            raise taken(f"A file exists at /{'/'.join(names[:count])}.")


def _decoded(text: Any) -> bytes:
    try:
        data = base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("The content is not base64.") from error
    if len(data) > LARGEST:
        raise refusal(400, "MAX_BLOCK_SIZE_EXCEEDED", f"The block is larger than {LARGEST} bytes.")
    return data


def _free(state: WorkspaceState, path: str, overwrite: bool) -> None:
    """Refuse to write where a directory is, or a file that is not to be overwritten."""
    if path in state.dbfs and (state.dbfs[path] is None or not overwrite):
        raise taken(f"A file or directory already exists at the input path {path}.")


@route("GET", f"{ROOT}/list")
def list_files(state: WorkspaceState, request: Request) -> Response:
    path = _path(state, request.arg("path"))
    if _found(state, path) is not None:
        return json_response({"files": [_shown(path, state.dbfs[path])]})
    depth = path.rstrip("/").count("/") + 1
    files = [_shown(one, state.dbfs[one]) for one in sorted(_below(state, path)) if one.count("/") == depth]
    return json_response({"files": files} if files else {})


@route("GET", f"{ROOT}/get-status")
def get_status(state: WorkspaceState, request: Request) -> Response:
    path = _path(state, request.arg("path"))
    return json_response(_shown(path, _found(state, path)))


@route("GET", f"{ROOT}/read")
def read_file(state: WorkspaceState, request: Request) -> Response:
    """At most 1 MB; past the end comes what there is."""
    path = _path(state, request.arg("path"))
    content, offset = _found(state, path), int(request.arg("offset") or 0)
    length = int(request.arg("length") or LARGEST // 2)
    if content is None or offset < 0 or length < 0:
        raise invalid(f"{path} is a directory, or offset or length is negative.")
    if length > LARGEST:
        raise refusal(400, "MAX_READ_SIZE_EXCEEDED", f"length is larger than {LARGEST} bytes.")
    data = content[offset : offset + length]
    return json_response({"bytes_read": len(data), "data": base64.b64encode(data).decode()})


@route("POST", f"{ROOT}/put")
def put_file(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    path = _path(state, body.get("path"))
    _free(state, path, bool(body.get("overwrite")))
    data = _decoded(body.get("contents"))
    _parents(state, path)
    state.dbfs[path] = data
    return json_response({})


@route("POST", f"{ROOT}/create")
def create_file(state: WorkspaceState, request: Request) -> Response:
    """A handle to add blocks to; the file is there, and empty."""
    body = request.json()
    path = _path(state, body.get("path"))
    _free(state, path, bool(body.get("overwrite")))
    _parents(state, path)
    state.dbfs[path], handle = b"", state.ids.number()
    state.dbfs_open[handle] = (path, bytearray(), state.clock.now())
    return json_response({"handle": handle})


def _opened(state: WorkspaceState, handle: Any) -> tuple[str, bytearray]:
    guard_dbfs(state, f"handle {handle}")
    path, data, used = state.dbfs_open.get(handle, ("", bytearray(), 0.0))
    if not path or state.clock.now() - used > IDLE_S:
        raise missing(f"No open stream has the handle {handle}.")
    state.dbfs_open[handle] = (path, data, state.clock.now())
    return path, data


@route("POST", f"{ROOT}/add-block")
def add_block(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    path, data = _opened(state, body.get("handle"))
    data += _decoded(body.get("data"))
    state.dbfs[path] = bytes(data)
    return json_response({})


@route("POST", f"{ROOT}/close")
def close_file(state: WorkspaceState, request: Request) -> Response:
    handle = request.json().get("handle")
    _opened(state, handle)
    del state.dbfs_open[handle]
    return json_response({})


@route("POST", f"{ROOT}/mkdirs")
def mkdirs(state: WorkspaceState, request: Request) -> Response:
    path = _path(state, request.json().get("path"))
    _parents(state, path)
    if state.dbfs.setdefault(path, None) is not None:
        raise taken(f"A file exists at {path}.")
    return json_response({})


@route("POST", f"{ROOT}/move")
def move(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    source, target = _path(state, body.get("source_path")), _path(state, body.get("destination_path"))
    _found(state, source)
    _free(state, target, overwrite=False)
    _parents(state, target)
    for one in [source, *_below(state, source)]:
        state.dbfs[target + one.removeprefix(source)] = state.dbfs.pop(one)
    return json_response({})


@route("POST", f"{ROOT}/delete")
def delete(state: WorkspaceState, request: Request) -> Response:
    """A directory that holds something only with `recursive`; what is not there is deleted already."""
    body = request.json()
    path = _path(state, body.get("path"))
    below = _below(state, path)
    if below and not body.get("recursive"):
        raise refusal(400, "IO_ERROR", f"The directory {path} is not empty.")
    for one in [path, *below]:
        if one != "/":
            state.dbfs.pop(one, None)
    return json_response({})
