"""The command line: one file per command. Parse, call, render, exit; errors are caught here and nowhere below.

Nothing heavy is imported before a command runs: no SDK, no SQLAlchemy, no pydantic, no rich.
"""

from __future__ import annotations

from cmkmigrate.cli.entry import app, main

__all__ = ["app", "main"]
