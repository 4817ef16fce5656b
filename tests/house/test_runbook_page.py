"""The runbook's messages are those of the product, and each was made to happen by a test that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (?P<messages>`.*?) \| (?P<code>[^|]*) \| [^|]+ \| `(?P<test>tests/[^`]+)` \|$", re.MULTILINE)


def rows(text: str) -> Iterator[tuple[list[str], str]]:
    """The messages of each row, and its test."""
    part = text.partition("### By its message")[2].partition("\n## ")[0]
    for row in ROW.finditer(part):
        yield re.findall(r"`([^`]+)`", row["messages"]), row["test"]


def wrong(text: str) -> list[str]:
    """What is said and is not so."""
    product = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    found = []
    for messages, test in rows(text):
        found += [f"nobody says {one!r}" for one in messages if one not in product]
        file, _, function = test.partition("::")
        if not (ROOT / file).is_file() or (function and f"def {function}(" not in (ROOT / file).read_text()):
            found.append(f"there is no test {test}")
    return found


def test_every_message_is_the_products_and_was_tried() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text()
    assert len(list(rows(text))) >= 15
    assert wrong(text) == []


def test_what_is_wrong_is_seen() -> None:
    text = "### By its message\n\n| `the moon is down` | 5 | wait | `tests/nowhere.py::test_it` |\n"
    assert wrong(text) == ["nobody says 'the moon is down'", "there is no test tests/nowhere.py::test_it"]
