"""databricks-sdk's core without its forty generated services, which cost most of a second and are not used here.

`import databricks.sdk.core` runs the package's `__init__` first, and that imports every service. Here the package
stands in `sys.modules` with its path and its spec, and its `__init__` runs when somebody asks for what only it defines
(`WorkspaceClient`); whoever imports the SDK afterwards finds it whole.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

from cmkmigrate.clients.imports import LOCK

_NAME: Final = "databricks.sdk"


def core() -> Any:
    """The module `databricks.sdk.core`."""
    with LOCK:
        if _NAME not in sys.modules:
            spec = importlib.util.find_spec(_NAME)
            if spec is None or spec.loader is None:
                raise ModuleNotFoundError(f"No module named {_NAME!r}", name=_NAME)
            sys.modules[_NAME] = _package(spec)
            sys.modules["databricks"].sdk = sys.modules[_NAME]  # type: ignore[attr-defined]  # as an import does
        found = importlib.import_module(f"{_NAME}.core")
        found.Config.attributes()  # made when it is first asked for, which two threads must not do at once
        return found


def _package(spec: ModuleSpec) -> ModuleType:
    """The package, whose `__init__` has not run yet."""
    package = importlib.util.module_from_spec(spec)
    running = threading.RLock()

    def __getattr__(name: str) -> Any:
        if name.startswith("__") or PathFinder.find_spec(f"{_NAME}.{name}", package.__path__):
            raise AttributeError(name)  # a submodule: whoever asked goes on to import it
        with running:
            if package.__dict__.pop("__getattr__", None) is not None:
                assert spec.loader is not None
                spec.loader.exec_module(package)
        return getattr(package, name)

    package.__dict__["__getattr__"] = __getattr__
    return package
