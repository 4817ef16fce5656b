"""An estate at the edges of what a workspace takes: a thousand secrets in one scope, fifty folders in each other,
notebooks just below and above what the service hands over, and names that mean something elsewhere.

Limits: notebooks of 10 MB in either direction (databrickslabs/migrate#247 and #272, databricks/cli#3691), a thousand
keys in a scope.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tests.estates import HEADER, Estate

EVA: Final = "eva@edge.example"
MIB: Final = 1024 * 1024
LARGEST: Final = 10 * MIB  # bytes of a notebook, in whatever format it is handed over
SECRETS, DEPTH = 1000, 50
NAMES: Final = ("..", ".", "CON", "NUL.txt", "e\u0301t\u00e9", "\u65e5\u672c\u8a9e", "\U0001f6a2", "\u0130stanbul")
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
    made = Estate(folder, "edge", 7405600000005555, EVA, "westeurope")
    made.people(NAMES, member=True, shown="Eva")
    made.folders()
    _down(made)
    bodies = {
        "9 MB of code": (_lines(9 * MIB, 4000), "SOURCE"),
        "9 MB of results": (_with_result(9 * MIB), "JUPYTER"),
        "results over 10 MB": (_with_result(LARGEST), "JUPYTER"),
        "code over 10 MB": (_lines(LARGEST + 1, 4000), "SOURCE"),
        "under 10 MB as code alone": (_lines(LARGEST - 100, 8), "SOURCE"),  # each line has quotes around it as JUPYTER
    }
    for name, (data, format) in bodies.items():
        made.notebook(f"/Users/{EVA}/{name}", data, "PYTHON", format)
    for at in range(AT_ONCE):
        made.notebook(f"/Users/{EVA}/one of many {at}", _with_result(9 * MIB, str(at)), "PYTHON", "JUPYTER")
    for at, name in enumerate(NAMES):
        made.job(at, {"name": name})
    many = {f"key-{at:04}": f"edge-canary-{at:04}".encode() for at in range(SECRETS)}
    for scope, values in {"thousand": many, "..": {"..": b"dots", "CON": b"device"}, "CON": {".": b"dot"}}.items():
        made.scope(scope, values, {EVA: "MANAGE"})
    return made.done()


def _down(made: Estate) -> None:
    """Fifty folders in each other, with a notebook, a file and an access list at the bottom."""
    path, last = "/Shared", 0
    for part in deepest().removeprefix("/Shared/").split("/"):
        path += f"/{part}"
        last = made.node(path, "DIRECTORY")
    made.notebook(f"{path}/CON", HEADER + b"1")
    made.node(f"{path}/NUL.txt", "FILE", b"at the bottom")
    made.acl("directories", last, ("user_name", EVA, "CAN_EDIT"))


def _lines(size: int, length: int) -> bytes:
    """Code of so many bytes, in lines of that length."""
    line = b"#" * (length - 1) + b"\n"
    return (HEADER + line * (size // length + 1))[:size]


def _with_result(size: int, more: str = "") -> bytes:
    """A document with one result of so many bytes."""
    output = {"output_type": "stream", "name": "stdout", "text": [more + "x" * size]}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["1"], "outputs": [output]}
    own = {"language": "python", "notebookName": "x", "widgets": {}, "dashboards": []}
    return json.dumps({"cells": [cell], "metadata": {_OWN: own}, "nbformat": 4, "nbformat_minor": 0}).encode()
