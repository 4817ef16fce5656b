"""DBFS: files in memory, its limits, handles that end."""

from __future__ import annotations

import base64

from cmkmigrate.sandbox.wire import Clock
from tests.sandbox.databricks.conftest import Workspace

ROOT = "/api/2.0/dbfs"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_put_read_list(new: Workspace) -> None:
    new.post(f"{ROOT}/put", path="dbfs:/a/b/c.bin", contents=b64(b"\x00abc"))
    assert new.get(f"{ROOT}/read", path="/a/b/c.bin", offset=1, length=2) == {"bytes_read": 2, "data": b64(b"ab")}
    assert new.get(f"{ROOT}/read", path="/a/b/c.bin", offset=3)["bytes_read"] == 1, "past the end comes what there is"
    listed = new.get(f"{ROOT}/list", path="/a")["files"]
    assert [(one["path"], one["is_dir"]) for one in listed] == [("/a/b", True)]
    assert new.get(f"{ROOT}/get-status", path="/a/b/c.bin")["file_size"] == 4
    new.post(f"{ROOT}/move", source_path="/a/b", destination_path="/z")
    assert new.get(f"{ROOT}/list", path="/z/c.bin")["files"][0]["path"] == "/z/c.bin"
    assert new.get(f"{ROOT}/list", path="/a") == {}


def test_what_is_refused(new: Workspace) -> None:
    put = {"path": "/f", "contents": b64(b"x")}
    new.post(f"{ROOT}/put", **put)
    assert new.refused("POST", f"{ROOT}/put", put)[1] == "RESOURCE_ALREADY_EXISTS"
    assert new.refused("POST", f"{ROOT}/put", {**put, "path": "/f/g"})[1] == "RESOURCE_ALREADY_EXISTS"
    large = {**put, "overwrite": True, "contents": b64(bytes(1024 * 1024 + 1))}
    assert new.refused("POST", f"{ROOT}/put", large)[1] == "MAX_BLOCK_SIZE_EXCEEDED"
    assert new.refused("GET", f"{ROOT}/read", path="/f", length=1024 * 1024 + 1)[1] == "MAX_READ_SIZE_EXCEEDED"
    assert new.refused("GET", f"{ROOT}/read", path="/f", offset=-1)[1] == "INVALID_PARAMETER_VALUE"
    assert new.refused("GET", f"{ROOT}/read", path="/no")[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    new.post(f"{ROOT}/mkdirs", path="/d/e")
    assert new.refused("POST", f"{ROOT}/delete", {"path": "/d"})[0] == 400
    new.post(f"{ROOT}/delete", path="/d", recursive=True)
    new.post(f"{ROOT}/delete", path="/d")


def test_a_handle_takes_blocks_until_it_is_idle_for_too_long(new: Workspace, clock: Clock) -> None:
    handle = new.post(f"{ROOT}/create", path="/big")["handle"]
    for _ in range(3):
        new.post(f"{ROOT}/add-block", handle=handle, data=b64(b"12345"))
        clock.advance(500)
    assert new.get(f"{ROOT}/get-status", path="/big")["file_size"] == 15
    clock.advance(700)
    assert new.refused("POST", f"{ROOT}/add-block", {"handle": handle, "data": ""})[1] == "RESOURCE_DOES_NOT_EXIST"
    other = new.post(f"{ROOT}/create", path="/big", overwrite=True)["handle"]
    new.post(f"{ROOT}/close", handle=other)
    assert new.refused("POST", f"{ROOT}/close", {"handle": other})[0] == 404
