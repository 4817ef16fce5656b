"""The page on reliability: its commands name tests that exist, and its figures stand there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def wrong(text: str) -> list[str]:
    """Files and modules that its commands name and that are not there, and what was left to be filled in."""
    found = [f"{one} is not there" for one in re.findall(r"tests/[\w./]+", text) if not (ROOT / one).exists()]
    for module in re.findall(r"python -m (tests[\w.]*)", text):
        if not (ROOT / module.replace(".", "/") / "__main__.py").is_file():
            found.append(f"{module} is no command")
    return found + [f"to be filled in: {one}" for one in re.findall(r"^[A-Z]{4,}$", text, re.MULTILINE)]


def test_its_commands_are_there() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    assert len(re.findall(r"`(?:pytest|python -m tests)", text)) >= 20
    assert wrong(text) == []


def test_what_is_wrong_is_seen() -> None:
    text = "`pytest tests/nowhere.py`, `python -m tests.nothing`\n\nFIGURES\n"
    assert wrong(text) == ["tests/nowhere.py is not there", "tests.nothing is no command", "to be filled in: FIGURES"]
