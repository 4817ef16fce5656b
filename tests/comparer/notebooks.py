"""What a notebook says besides its code, in a form that is equal when the meaning is.

Read off the vendor's .ipynb exports: results and pictures of cells, values of widgets, dashboards, and the environment
that a notebook asks for. None of it is in a SOURCE export, so that SOURCE alone is blind to its loss.
"""

from __future__ import annotations

import json
from typing import Any

from tests.comparer.ignored import NOTEBOOK_VOLATILE

_OF_NOTEBOOK = "application/vnd.databricks.v1+notebook"
_OF_CELL = "application/vnd.databricks.v1+cell"


def rich_form(stored: bytes, stored_as: str) -> Any:
    """Everything rich of a stored notebook ({} : nothing). stored_as: SOURCE or JUPYTER."""
    if stored_as != "JUPYTER":
        return {}
    try:
        document = json.loads(stored)
    except ValueError:  # somebody has written into it
        return {"no document": stored.decode(errors="replace")}
    own = (document.get("metadata") or {}).get(_OF_NOTEBOOK) or {}
    found = {name: own.get(name) for name in ("dashboards", "widgets", "environmentMetadata")}
    cells = {str(number): _cell(cell) for number, cell in enumerate(document.get("cells") or [])}
    found["cells"] = {number: cell for number, cell in cells.items() if cell}
    return _stable({name: value for name, value in found.items() if value})


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    own = (cell.get("metadata") or {}).get(_OF_CELL) or {}
    found = {"outputs": cell.get("outputs"), "attachments": cell.get("attachments"), "widgets": own.get("inputWidgets")}
    return {name: value for name, value in found.items() if value}


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _stable(one) for name, one in sorted(value.items()) if name not in NOTEBOOK_VOLATILE}
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "".join(value)  # nbformat 4: a text may be written as one string or line by line
    return [_stable(one) for one in value] if isinstance(value, list) else value
