"""YAML as people write it: what is text, and where everything stands."""

from __future__ import annotations

import pytest

from cmkmigrate import strict_yaml
from cmkmigrate.errors import Mistake


def test_plain_words_are_text() -> None:
    text = "on: [on, no, 007, 2024-13-45, 1:30, 1_000, .inf, <<, 0x1f]\nthey: [true, False, null, ~, 0, -12]"
    found, lines = strict_yaml.read_yaml(text, "x")
    assert found == {
        "on": ["on", "no", "007", "2024-13-45", "1:30", "1_000", ".inf", "<<", "0x1f"],
        "they": [True, False, None, None, 0, -12],
    }
    assert lines["they", 3] == 2


def test_a_value_has_the_line_of_its_key() -> None:
    _, lines = strict_yaml.read_yaml("a:\n  b: 1\n  c: [x,\n y]\n", "x")
    assert [strict_yaml.line_of(lines, where) for where in [("a",), ("a", "c"), ("a", "c", 1), ("a", "z")]] == [
        1,
        3,
        4,
        1,
    ]


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("a: 1\na: 2", "stands twice", 2),
        ("a: &x 1\nb: *x", "aliases are not part", 1),
        ("a: [", "not YAML", 1),
        ("? [a]\n: 1", "a key is one word", 1),
    ],
)
def test_what_is_not_taken(text: str, what: str, line: int) -> None:
    with pytest.raises(Mistake, match=what) as caught:
        strict_yaml.read_yaml(text, "x.yaml")
    assert caught.value.subject == f"x.yaml:{line}"
    assert caught.value.next
