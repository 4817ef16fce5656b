"""The small estate and empty targets beside it, for passes in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import launcher, no_faults
from tests.harness import Sandbox
from tests.kinds.world import World, environment, targets_estate

__all__ = ["launcher", "no_faults", "world"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("delta")
    box = Sandbox(folder / "sandbox", "small", targets_estate(folder / "targets", ["all", "each"]))
    with environment(box, folder):
        yield World(box, folder)
    box.close()
