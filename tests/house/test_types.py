"""The types hold, without an exception for anybody."""

from __future__ import annotations

import pytest

from tests.house import tree


@pytest.mark.slow
def test_mypy_strict() -> None:
    result = tree.run(["mypy"])  # strict, and which files: pyproject.toml
    assert result.returncode == 0, result.stdout


def test_every_suppression_says_which_error() -> None:
    for path in tree.files():
        if path.suffix == ".py" and tree.SRC in path.parents:
            assert "# mypy: " + "ignore-errors" not in path.read_text(encoding="utf-8"), path
