"""What an exported .ipynb says beyond its source, in a form that is equal when the meaning is.

Databricks keeps its own fields in `application/vnd.databricks.v1+notebook` (dashboards, widgets) and `...+cell`. The
order of keys, the splitting of text into lines, run counters, ids and times differ from export to export; they are
left out. Titles and code are not here: they are in the SOURCE export.
"""

from __future__ import annotations

import json
from typing import Any

from cmkmigrate.model import Body

NOTEBOOK = "application/vnd.databricks.v1+notebook"
CELL = "application/vnd.databricks.v1+cell"
OUTPUT = "application/vnd.databricks.v1+output"
# Of an output: what names one run of the cell, not its result.
_RUN = frozenset({"execution_count", "datasetInfos", "startTime", "finishTime", "submitTime", "nuid", "origId"})
# Of a widget, of a dashboard: ids that the service gives anew on import.
_IDS = frozenset({"nuid", "origId", "guid", "version"})


def rich_part(notebook: bytes) -> bytes:
    """Outputs, attachments, widgets, dashboards and the environment of an .ipynb as canonical JSON; empty: it has none.

    What is not an .ipynb (the service never says so, a broken import might be) has no rich part: it travels as SOURCE.
    """
    try:
        whole = json.loads(notebook)
    except ValueError:
        return b""
    if not isinstance(whole, dict):
        return b""
    own = (whole.get("metadata") or {}).get(NOTEBOOK) or {}
    rich: Body = {}
    for name in ("dashboards", "widgets", "environmentMetadata"):
        if own.get(name):
            rich[name] = _without(own[name], _IDS)
    cells = {}
    for index, cell in enumerate(whole.get("cells") or ()):
        found = {name: cell[name] for name in ("outputs", "attachments") if cell.get(name)}
        inputs = ((cell.get("metadata") or {}).get(CELL) or {}).get("inputWidgets")
        if inputs:
            found["inputWidgets"] = _without(inputs, _IDS)
        if found:
            cells[str(index)] = _without(_joined(found), _RUN)
    if cells:
        rich["cells"] = cells
    if not rich:
        return b""
    return json.dumps(rich, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    if isinstance(value, list):
        return [_without(inner, names) for inner in value]
    return value


def _joined(value: Any) -> Any:
    """Multi-line strings may be one string or a list of lines (nbformat 4, `multiline_string`): one string here."""
    if isinstance(value, dict):
        return {name: _joined(inner) for name, inner in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(line, str) for line in value):
            return "".join(value)
        return [_joined(inner) for inner in value]
    return value
