"""Notebook code to Jupyter documents and back, as far as Databricks says what they look like.

Source files: a header line, cells separated by a COMMAND line, other languages behind MAGIC, titles behind DBTITLE.
Documents: nbformat 4; what is Databricks' own is under `application/vnd.databricks.v1+notebook` and `...+cell`.
Assumption: bytes that are no UTF-8 become replacement characters in a document.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

NOTEBOOK_KEY = "application/vnd.databricks.v1+notebook"
CELL_KEY = "application/vnd.databricks.v1+cell"
COMMENTS = {"PYTHON": "#", "R": "#", "SQL": "--", "SCALA": "//"}
_KERNELS = {"python": "PYTHON", "r": "R", "ir": "R", "sql": "SQL", "scala": "SCALA"}


def header(language: str) -> str:
    """The first line of a notebook's source."""
    return f"{COMMENTS.get(language, '#')} Databricks notebook source"


def parse(data: bytes) -> dict[str, Any] | None:
    """The document, or None when the bytes are no notebook of nbformat 4."""
    try:
        document = json.loads(data)
    except ValueError:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        return None
    return document


def language_of(document: dict[str, Any]) -> str:
    """The notebook's language: Databricks' own metadata first, then the kernel's; Python where nothing says it."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    own = metadata.get(NOTEBOOK_KEY)
    names = [own.get("language") if isinstance(own, dict) else None]
    for block, field in (("language_info", "name"), ("kernelspec", "language"), ("kernelspec", "name")):
        part = metadata.get(block)
        names.append(part.get(field) if isinstance(part, dict) else None)
    return next((_KERNELS[str(name).lower()] for name in names if str(name).lower() in _KERNELS), "PYTHON")


def _text(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def to_source(document: dict[str, Any], language: str) -> bytes:
    """The code of a document: outputs, widgets and attachments are lost."""
    mark = COMMENTS.get(language, "#")
    cells: list[str] = []
    for cell in document["cells"]:
        if not isinstance(cell, dict):
            continue
        text = _text(cell.get("source"))
        if cell.get("cell_type") == "markdown" and not text.lstrip().startswith("%md"):
            text = f"%md\n{text}"
        elif cell.get("cell_type") == "raw":
            text = f"%raw\n{text}"
        if text.lstrip().startswith("%"):
            text = "\n".join(f"{mark} MAGIC {line}".rstrip() if line else f"{mark} MAGIC" for line in text.split("\n"))
        own = (cell.get("metadata") or {}).get(CELL_KEY)
        if isinstance(own, dict) and own.get("showTitle") and own.get("title"):
            text = f"{mark} DBTITLE 1,{own['title']}\n{text}"
        cells.append(text)
    between = f"\n\n{mark} COMMAND ----------\n\n"
    return f"{header(language)}\n{between.join(cells)}".encode("utf-8", "replace")


def _cell(text: str, mark: str, language: str, number: int, name: str) -> dict[str, Any]:
    title = ""
    found = re.match(rf"{re.escape(mark)} DBTITLE \d+,(.*)(?:\n|$)", text)
    if found is not None:
        title, text = found[1], text[found.end() :]
    lines = text.split("\n")
    if lines and all(re.match(rf"{re.escape(mark)} MAGIC(?: |$)", line) for line in lines):
        lines = [line.removeprefix(f"{mark} MAGIC").removeprefix(" ") for line in lines]
    text = "\n".join(lines)
    own = {
        "cellMetadata": {},
        "inputWidgets": {},
        "nuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}#{number}")),
        "showTitle": bool(title),
        "title": title,
    }
    if re.match(r"%md(?!-)\b", text):
        source = re.sub(r"^%md[ \t]*\n?", "", text)
        return {"cell_type": "markdown", "metadata": {CELL_KEY: own}, "source": source.splitlines(keepends=True)}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {CELL_KEY: own},
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }


def from_source(data: bytes, language: str, name: str) -> bytes:
    """A document of the code, without outputs."""
    mark = COMMENTS.get(language, "#")
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    text = text.removeprefix("\ufeff").removeprefix(header(language)).removeprefix("\n")
    pieces = re.split(rf"\n*^{re.escape(mark)} COMMAND ----------[ \t]*$\n*", text, flags=re.MULTILINE)
    cells = [_cell(piece, mark, language, number, name) for number, piece in enumerate(pieces)]
    document = {
        "cells": cells,
        "metadata": {
            NOTEBOOK_KEY: {
                "dashboards": [],
                "language": language.lower(),
                "notebookMetadata": {"pythonIndentUnit": 4},
                "notebookName": name,
                "widgets": {},
            },
            "language_info": {"name": language.lower()},
        },
        "nbformat": 4,
        "nbformat_minor": 0,
    }
    return json.dumps(document, indent=1).encode()
