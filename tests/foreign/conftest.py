"""What the tests against foreign programs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign.minilake import python


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the module. Skips where minilake is not installed."""
    if not python():
        pytest.skip("minilake is not installed: pip install 'cmkmigrate[foreign]'")
    return tmp_path_factory.mktemp("foreign")
