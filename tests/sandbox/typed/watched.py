"""A client of databricks-sdk, and somebody beside it who writes down which methods are called."""

from __future__ import annotations

import inspect
from typing import Any, cast

from databricks.sdk import WorkspaceClient

SERVICES = "databricks.sdk.service."


def watched(client: WorkspaceClient, called: set[str]) -> WorkspaceClient:
    """The client, which notes each method in `called` as MODULE.CLASS.METHOD (`compute.Clusters.list`)."""
    return cast(WorkspaceClient, _Watched(client, called))


class _Watched:
    def __init__(self, one: Any, called: set[str]) -> None:
        self._one, self._called = one, called

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._one, name)
        if inspect.ismethod(found):
            self._called.update(_names(type(self._one), name))
            return found
        return _Watched(found, self._called) if _names(type(found)) else found


def _names(cls: type, method: str = "") -> list[str]:
    """The generated classes that a class is of, as `tests.evidence.sdk` names them; those that have the method."""
    return [
        f"{one.__module__.removeprefix(SERVICES)}.{one.__name__.removesuffix('API')}.{method}"
        for one in cls.__mro__
        if one.__module__.startswith(SERVICES) and one.__name__.endswith("API") and (not method or method in vars(one))
    ]
