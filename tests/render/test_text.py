"""Text of others: harmless to a terminal and to a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest

from cmkmigrate.render.text import csv_lines, json_document, json_line, neutral, plain, plural, table


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[2J",
        "a\rb",
        "\x07",
        "\x9b31m",
        "\u202egnp.exe",
        "a\nb",
        "\x00",
        "a\tb",
        "\u200b",
        "\ufeffa",
        "\u2028",
        "\U000e0041",
        "\ud800",
    ],
)
def test_nothing_steers_a_terminal(text: str) -> None:
    assert plain(text).isprintable()


def test_ordinary_names_stay() -> None:
    assert plain("/Users/kapitän@ferry.example/時刻表 🚢") == "/Users/kapitän@ferry.example/時刻表 🚢"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    lines = list(csv_lines(["head"], [[cell]]))
    assert next(csv.reader(io.StringIO(lines[1], newline="")))[0] == f"'{cell}"


@pytest.mark.parametrize("text", ["\x9b31m", "a\x7f\u202eb", "\U000e0041", "\ud800", 'a"\x1b\n'])
def test_json_and_csv_on_a_terminal(text: str) -> None:
    for made in (json_line([text]), json_document([text])):
        assert json.loads(made) == [text] and all(one.isprintable() for one in made.splitlines())
    assert all(one.isprintable() for one in neutral(text).split("\n"))


def test_numbers_and_other_text_stay() -> None:
    assert [neutral(value) for value in (-1, 3.5, "a=b", "")] == [-1, 3.5, "a=b", ""]


def test_csv_is_quoted() -> None:
    row = ['a,"b"', "c\nd"]
    text = "\n".join(csv_lines(["x", "y"], [row]))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["x", "y"], row]


def test_columns() -> None:
    lines = list(table(("name", "number"), [("a", 1), ("longer", 100)]))
    assert lines == ["name    number", "a            1", "longer     100"]
    assert list(table(("name", "number"), [])) == ["name  number"]


def test_plural() -> None:
    assert [plural(1, "job"), plural(0, "job"), plural(1234, "entry", "entries")] == [
        "1 job",
        "0 jobs",
        "1,234 entries",
    ]
