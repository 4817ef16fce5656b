"""Notebooks: byte-exact SOURCE, documents with their outputs, conversions, what import refuses."""

from __future__ import annotations

import base64
import json

import pytest

from tests.sandbox.databricks.conftest import Workspace

WS = "/api/2.0/workspace"
WITH_RESULTS = "/Users/analyst.one@ferry.example/occupancy with results"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def exported(workspace: Workspace, path: str, format: str = "SOURCE") -> bytes:
    return base64.b64decode(workspace.get(f"{WS}/export", path=path, format=format)["content"])


@pytest.mark.parametrize("data", [b"", b"x", b"\xef\xbb\xbf# a\r\nb\r", b"\xff\xfe\x00", "# ü\n".encode("latin-1")])
def test_source_comes_back_byte_for_byte(new: Workspace, data: bytes) -> None:
    new.post(f"{WS}/import", path="/n", format="SOURCE", language="SQL", content=b64(data))
    assert exported(new, "/n") == data
    response = new.send("GET", f"{WS}/export", {"path": "/n", "format": "SOURCE", "direct_download": "true"})
    assert response.body == data
    assert new.get(f"{WS}/get-status", path="/n")["language"] == "SQL"


def test_document_keeps_its_outputs(old: Workspace, new: Workspace) -> None:
    data = exported(old, WITH_RESULTS, "JUPYTER")
    new.post(f"{WS}/import", path="/n", format="JUPYTER", content=b64(data))
    assert exported(new, "/n", "JUPYTER") == data
    assert json.loads(data)["cells"][2]["outputs"][0]["text"] == ["route north\n"]
    source = exported(new, "/n").decode()
    assert source.startswith("# Databricks notebook source\n# MAGIC %md\n# MAGIC # Occupancy\n")
    assert "\n\n# COMMAND ----------\n\n# DBTITLE 1,Chosen route\nprint(" in source
    assert "route north\n" not in source


def test_document_of_code_has_no_outputs(old: Workspace) -> None:
    document = json.loads(exported(old, "/Shared/timetable/load departures", "JUPYTER"))
    assert [cell["cell_type"] for cell in document["cells"]] == ["markdown", "code", "code", "code"]
    assert all(cell["outputs"] == [] for cell in document["cells"] if cell["cell_type"] == "code")
    assert document["metadata"]["application/vnd.databricks.v1+notebook"]["language"] == "python"


def test_document_and_back_is_the_same_code(old: Workspace, new: Workspace) -> None:
    for path in ("/Shared/timetable/clean departures", "/Shared/timetable/delays", "/Shared/timetable/forecast"):
        new.post(
            f"{WS}/import", path="/n", format="JUPYTER", content=b64(exported(old, path, "JUPYTER")), overwrite=True
        )
        assert exported(new, "/n").strip() == exported(old, path).strip()


def test_parents_are_not_made(new: Workspace) -> None:
    status, code, text = new.refused(
        "POST", f"{WS}/import", {"path": "/no/n", "format": "SOURCE", "language": "R", "content": ""}
    )
    assert (status, code, text) == (404, "RESOURCE_DOES_NOT_EXIST", "The parent folder (/no) does not exist.")


def test_overwrite_is_asked_for(new: Workspace) -> None:
    body = {"path": "/n", "format": "SOURCE", "language": "R", "content": ""}
    new.post(f"{WS}/import", **body)
    id = new.get(f"{WS}/get-status", path="/n")["object_id"]
    assert new.refused("POST", f"{WS}/import", body)[1] == "RESOURCE_ALREADY_EXISTS"
    new.post(f"{WS}/import", **body, overwrite=True)
    assert new.get(f"{WS}/get-status", path="/n")["object_id"] == id
    assert new.refused("POST", f"{WS}/import", {**body, "format": "DBC", "overwrite": True})[0] == 400
    assert new.refused("POST", f"{WS}/import", {**body, "path": "/m", "language": None})[0] == 400


def test_dbc_does_not_overwrite(new: Workspace) -> None:
    new.post(f"{WS}/import", path="/n", format="SOURCE", language="R", content="")
    body = {"path": "/n", "format": "DBC", "content": b64(b"PK")}
    refused = new.refused("POST", f"{WS}/import", body)
    assert refused == (400, "RESOURCE_ALREADY_EXISTS", "Path (/n) already exists.")
    assert new.refused("POST", f"{WS}/import", {**body, "overwrite": True})[1] == "INVALID_PARAMETER_VALUE"
    assert new.refused("POST", f"{WS}/import", {**body, "path": "/m"})[0] == 501, "archives are not simulated"


def test_auto_makes_notebooks_of_files_with_a_header(new: Workspace) -> None:
    new.post(f"{WS}/import", path="/a.py", format="AUTO", content=b64(b"# Databricks notebook source\nx"))
    new.post(f"{WS}/import", path="/b.py", format="AUTO", content=b64(b"x"))
    new.post(f"{WS}/import", path="/c.sql", format="AUTO", content=b64(b"-- Databricks notebook source\n"))
    kinds = {
        one["path"]: (one["object_type"], one.get("language")) for one in new.get(f"{WS}/list", path="/")["objects"]
    }
    assert kinds["/a"] == ("NOTEBOOK", "PYTHON")
    assert kinds["/b.py"] == ("FILE", None)
    assert kinds["/c"] == ("NOTEBOOK", "SQL")


def test_ten_megabytes(new: Workspace) -> None:
    body = {"path": "/n", "format": "SOURCE", "language": "R", "content": b64(bytes(10 * 1024 * 1024 + 1))}
    assert new.refused("POST", f"{WS}/import", body)[1] == "MAX_NOTEBOOK_SIZE_EXCEEDED"
