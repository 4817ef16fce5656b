"""Ruff has nothing to say, about the code or about its form."""

from __future__ import annotations

from tests.house import tree


def test_check() -> None:
    result = tree.run(["ruff", "check", "--quiet", "--output-format", "concise", "."])
    assert result.returncode == 0, result.stdout


def test_format() -> None:
    result = tree.run(["ruff", "format", "--check", "."])
    assert result.returncode == 0, result.stdout
