"""Files: bytes as they are, by JSON and by multipart upload, both size limits."""

from __future__ import annotations

import base64

from cmkmigrate.sandbox.databricks import files
from tests.sandbox.databricks.conftest import Workspace

WS = "/api/2.0/workspace"
MULTIPART = {"content-type": "multipart/form-data; boundary=cut"}


def upload(workspace: Workspace, data: bytes, **fields: str) -> int:
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    parts.append(b'Content-Disposition: form-data; name="content"; filename="x"\r\n\r\n' + data)
    body = b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--\r\n"
    return workspace.send("POST", f"{WS}/import", body=body, headers=MULTIPART).status


def test_raw_keeps_a_file_a_file(new: Workspace) -> None:
    data = b"# Databricks notebook source\r\n\x00\xff--cut"
    assert upload(new, data, path="/x.py", format="RAW") == 200
    assert new.get(f"{WS}/get-status", path="/x.py")["object_type"] == "FILE"
    response = new.send("GET", f"{WS}/export", {"path": "/x.py", "format": "RAW", "direct_download": "true"})
    assert response.body == data
    assert upload(new, b"", path="/x.py", format="RAW") == 400
    assert upload(new, b"", path="/x.py", format="RAW", overwrite="true") == 200


def test_limits(new: Workspace) -> None:
    data = bytes(files.LARGEST_IN_JSON + 1)
    body = {"path": "/big", "format": "RAW", "content": base64.b64encode(data).decode()}
    text = new.refused("POST", f"{WS}/import", body)[2]
    assert text == "File size imported is (10485761 bytes), exceeded max size (10485760 bytes)"
    assert upload(new, data, path="/big", format="RAW") == 200
    refused = new.refused("GET", f"{WS}/export", path="/big", format="RAW")
    assert refused == (400, "BAD_REQUEST", "Size exceeds 10485760 bytes")
    direct = {"path": "/big", "format": "RAW", "direct_download": "true"}
    assert new.send("GET", f"{WS}/export", direct).body == data


def test_a_notebook_is_not_overwritten_by_a_file(new: Workspace) -> None:
    new.post(f"{WS}/import", path="/n", format="SOURCE", language="R", content="")
    assert upload(new, b"", path="/n", format="RAW", overwrite="true") == 400
