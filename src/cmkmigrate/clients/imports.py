"""The vendors' SDKs are imported by whichever thread needs them first: one thread at a time.

Their packages import each other in circles. Two threads that enter such a circle at different places get a deadlock,
which Python ends with an ImportError for one of them.
"""

from __future__ import annotations

import importlib
import threading
from typing import Any, Final

LOCK: Final = threading.RLock()


def load(name: str) -> Any:
    """The module of that name, whole."""
    with LOCK:
        return importlib.import_module(name)
