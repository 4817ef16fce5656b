"""An estate at the edges of what a workspace takes: a thousand secrets in one scope, fifty folders in each other,
notebooks just below and above what the service hands over, and names that mean something elsewhere.

Limits: notebooks of 10 MB in either direction (databrickslabs/migrate#247 and #272, databricks/cli#3691), a thousand
keys in a scope.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

ORG, EVA = 7405600000005555, "eva@edge.example"
MIB: Final = 1024 * 1024
LARGEST: Final = 10 * MIB  # bytes of a notebook, in whatever format it is handed over
SECRETS, DEPTH = 1000, 50
NAMES: Final = ("..", ".", "CON", "NUL.txt", "e\u0301t\u00e9", "\u65e5\u672c\u8a9e", "\U0001f6a2", "\u0130stanbul")
_HEADER: Final = b"# Databricks notebook source\n"
_OWN: Final = "application/vnd.databricks.v1+notebook"

# Notebooks by name, and whether the service hands them over in the formats that say all of them.
LARGE: Final = {"9 MB of code": True, "9 MB of results": True, "results over 10 MB": False, "code over 10 MB": False,
                "under 10 MB as code alone": False}  # fmt: skip
AT_ONCE: Final = 10  # more notebooks of 9 MB: as many as are carried side by side


def deepest() -> str:
    """The path of the folder at the bottom."""
    return "/Shared" + "".join(f"/{at:02} {NAMES[2 + at % (len(NAMES) - 2)]}" for at in range(1, DEPTH + 1))


def build(folder: Path) -> Path:
    """The estate in `folder`."""
    rows: list[dict[str, Any]] = []

    def put(path: str, body: Any) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(body), "utf-8")

    def node(path: str, type: str, data: bytes | None = None, **more: Any) -> int:
        number = 5500000000000 + len(rows)
        row = {"path": path, "object_type": type, "object_id": number, **more}
        if data is not None:
            file = folder / "workspace" / str(number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            row |= {"file": f"workspace/{number}", "size": len(data), "modified_at": 1700000000000}
        rows.append(row)
        return number

    url = f"https://adb-{ORG}.15.azuredatabricks.net"
    put("estate.json", {"name": "edge", "region": "westeurope", "workspace_url": url, "workspace_id": ORG})
    users = [{"id": "1000000000", "userName": EVA, "displayName": "Eva", "active": True}]
    groups = [
        {"id": str(3000000000 + at), "displayName": name, "members": [{"value": "1000000000"}],
         "meta": {"resourceType": "WorkspaceGroup"}}
        for at, name in enumerate(("admins", "users", *NAMES))
    ]  # fmt: skip
    put("identities.json", {"users": users, "service_principals": [], "groups": groups})
    for path in ("/Users", "/Shared", "/Repos", f"/Users/{EVA}"):
        node(path, "DIRECTORY")
    _down(node, put)
    code = {"language": "PYTHON", "format": "SOURCE"}
    results = {"language": "PYTHON", "format": "JUPYTER"}
    bodies = {
        "9 MB of code": (_lines(9 * MIB, 4000), code),
        "9 MB of results": (_with_result(9 * MIB), results),
        "results over 10 MB": (_with_result(LARGEST), results),
        "code over 10 MB": (_lines(LARGEST + 1, 4000), code),
        "under 10 MB as code alone": (_lines(LARGEST - 100, 8), code),  # each line has quotes around it as JUPYTER
    }
    for name, (data, more) in bodies.items():
        node(f"/Users/{EVA}/{name}", "NOTEBOOK", data, **more)
    for at in range(AT_ONCE):
        node(f"/Users/{EVA}/one of many {at}", "NOTEBOOK", _with_result(9 * MIB, str(at)), **results)
    for at, name in enumerate(NAMES):
        job = {"job_id": 550000000000000 + at, "creator_user_name": EVA, "run_as_user_name": EVA, "created_time": 1}
        put(f"jobs/{job['job_id']}.json", {**job, "settings": {"name": name, "format": "MULTI_TASK"}})
    many = {f"key-{at:04}": f"edge-canary-{at:04}".encode() for at in range(SECRETS)}
    for scope, values in {"thousand": many, "..": {"..": b"dots", "CON": b"device"}, "CON": {".": b"dot"}}.items():
        listed = [
            {"key": key, "value": base64.b64encode(value).decode(), "last_updated_timestamp": 1}
            for key, value in values.items()
        ]
        given = {"name": scope, "backend_type": "DATABRICKS"}
        put(f"secrets/{len(values)}.json", {"scope": given, "acls": [{"principal": EVA, "permission": "MANAGE"}],
                                            "secrets": listed})  # fmt: skip
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def _down(node: Any, put: Any) -> None:
    """Fifty folders in each other, with a notebook, a file and an access list at the bottom."""
    path = "/Shared"
    for part in deepest().removeprefix("/Shared/").split("/"):
        path += f"/{part}"
        last = node(path, "DIRECTORY")
    node(f"{path}/CON", "NOTEBOOK", _HEADER + b"1", language="PYTHON", format="SOURCE")
    node(f"{path}/NUL.txt", "FILE", b"at the bottom")
    rows = [{"user_name": EVA, "all_permissions": [{"permission_level": "CAN_EDIT"}]}]
    put(f"permissions/directories/{last}.json", {"object_id": f"/directories/{last}", "access_control_list": rows})


def _lines(size: int, length: int) -> bytes:
    """Code of so many bytes, in lines of that length."""
    line = b"#" * (length - 1) + b"\n"
    return (_HEADER + line * (size // length + 1))[:size]


def _with_result(size: int, more: str = "") -> bytes:
    """A document with one result of so many bytes."""
    output = {"output_type": "stream", "name": "stdout", "text": [more + "x" * size]}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["1"], "outputs": [output]}
    own = {"language": "python", "notebookName": "x", "widgets": {}, "dashboards": []}
    return json.dumps({"cells": [cell], "metadata": {_OWN: own}, "nbformat": 4, "nbformat_minor": 0}).encode()
