"""What the tests of everything around a workspace's network share: one sandbox of that estate, and raw calls to ARM."""

from __future__ import annotations

from typing import Any

from tests.e2e.networked import SOURCE, VNET
from tests.harness import ARM, Sandbox

VERSION = "2024-05-01"
GROUP = SOURCE.rpartition("/")[0]
NEIGHBOUR = f"{GROUP}/neighbour"


def call(box: Sandbox, method: str, path: str, body: Any = None, version: str = VERSION) -> Any:
    return box.call(ARM, method, f"{path}?api-version={version}", body)


def wanted(to: str = NEIGHBOUR, group: str = "databricks_ui_api", at: str = f"{VNET}/subnets/endpoints") -> Any:
    connection = {"name": "c", "properties": {"privateLinkServiceId": to, "groupIds": [group]}}
    properties = {"subnet": {"id": at}, "privateLinkServiceConnections": [connection]}
    return {"location": "westeurope", "tags": {"a": "b"}, "properties": properties}
