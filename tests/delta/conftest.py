"""The small estate and empty targets beside it, for passes in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import Launcher, Sandbox
from tests.kinds.world import World, environment, targets_estate


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """The parent of all commands."""
    made = Launcher()
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("delta")
    box = Sandbox(folder / "sandbox", "small", targets_estate(folder / "targets", ["all", "each"]))
    with environment(box, folder):
        yield World(box, folder)
    box.close()
