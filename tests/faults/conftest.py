"""The fixtures of the end-to-end tests, for whole runs under faults."""

from __future__ import annotations

from tests.e2e.conftest import commands, launcher, no_faults, small, undisturbed

__all__ = ["commands", "launcher", "no_faults", "small", "undisturbed"]
