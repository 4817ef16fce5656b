"""What can be written down is left as it is; what cannot is spelled out."""

from __future__ import annotations

import pytest

from cmkmigrate.characters import spelled


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("half \ud800 of it", "half \\ud800 of it"),
        ("\udfffother", "\\udfffother"),
        ("before\0after", "before\\x00after"),
        ("\0\ud800é", "\\x00\\ud800é"),
    ],
)
def test_what_cannot_be_written(text: str, left: str) -> None:
    assert spelled(text) == left == spelled(left)
    left.encode()


@pytest.mark.parametrize("text", ["", "plain", "é", "\U0001f600", "a\nb\x1b", "\\ud800"])
def test_what_can_be_is_left(text: str) -> None:
    assert spelled(text) is text
