"""The fixtures of the end-to-end tests, for runs that are killed."""

from __future__ import annotations

from tests.e2e.conftest import commands, launcher, small, undisturbed

__all__ = ["commands", "launcher", "small", "undisturbed"]
