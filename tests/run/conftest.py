"""The suites of the ledger run on both backends."""

from __future__ import annotations

from tests.backends import server, where

__all__ = ["server", "where"]
