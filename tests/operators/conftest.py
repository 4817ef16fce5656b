"""The parent of all commands."""

from __future__ import annotations

from tests.e2e.conftest import launcher, no_faults

__all__ = ["launcher", "no_faults"]
