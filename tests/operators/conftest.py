"""The parent of all commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import Launcher


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """The parent of all commands."""
    made = Launcher()
    yield made
    made.close()
