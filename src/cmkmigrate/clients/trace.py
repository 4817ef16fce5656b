"""The lines of `--debug`: one for each answer, with what a support case needs, and never a body, a header or a value.

Of a query only the names are told: its values are signatures, tokens of pages and names of things.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

LOG: Final = logging.getLogger("cmkmigrate.http")  # silent until the command line listens to it
# Headers that name a request to the service's support: Resource Manager, Key Vault, Graph, Databricks.
_IDS: Final = (
    "x-ms-request-id",
    "x-ms-correlation-request-id",
    "request-id",
    "x-request-id",
    "x-databricks-request-id",
)


def answered(method: str, url: str, status: int, headers: Mapping[str, str]) -> None:
    """Tell that a request was answered. headers: those of the answer; only the ids of the request are told."""
    if LOG.isEnabledFor(logging.DEBUG):
        ids = " ".join(f"{name}={headers[name]}" for name in _IDS if headers.get(name))
        LOG.debug("%s", f"HTTP {method} {_shown(url)} {status} {ids}".rstrip())


def lost(method: str, url: str, error: BaseException | None) -> None:
    """Tell that nothing readable came back. Of the error only its class is told: its words can quote what was sent."""
    if LOG.isEnabledFor(logging.DEBUG):
        LOG.debug("%s", f"HTTP {method} {_shown(url)} no answer ({type(error).__name__})")


def _shown(url: str) -> str:
    parts = urlsplit(url)
    names = ",".join(dict.fromkeys(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)))
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}{f'?{names}' if names else ''}"
