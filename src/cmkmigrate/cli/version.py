"""`cmkmigrate version`."""

from __future__ import annotations

from cmkmigrate import __version__

NAME = "version"


def command() -> None:
    """Print the version."""
    print(f"cmkmigrate {__version__}")
