"""docs/cli.md says of each requirement of the command line that it stands, with a test, or what is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.house import tree
from tests.house.test_docs import generator

PAGE = tree.ROOT / "docs" / "cli.md"
# The requirements are kept beside the project by those who build it, and are no part of it.
REQUIREMENTS = tree.ROOT.parent / "shared" / "requirements" / "cli.md"
ROW = re.compile(r"^\| (U\d+[a-z]?) \| (.*) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def tables(text: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The rows of the two tables: (id, the rest)."""
    stands, _, later = text.partition("\n## What comes later\n")
    return ROW.findall(stands), ROW.findall(later)


def problems(text: str, wanted: set[str], root: Path) -> Iterator[str]:
    """What is wrong with a page, in words. wanted: the ids that it must have; none: they are not known."""
    stands, later = tables(text)
    ids = [name for name, _ in (*stands, *later)]
    yield from (f"{name} is there {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1)
    if wanted:
        yield from (f"{name} is in neither table" for name in sorted(wanted - set(ids)))
        yield from (f"{name} is no requirement" for name in sorted(set(ids) - wanted))
    for name, rest in stands:
        found = TEST.findall(rest)
        if not found:
            yield f"{name} names no test"
        for file, function in found:
            path = root / file
            known = ast.walk(ast.parse(path.read_text("utf-8"))) if path.is_file() else ()
            if not any(isinstance(one, ast.FunctionDef) and one.name == function for one in known):
                yield f"{name} names {file}::{function}, which is not there"
    yield from (f"{name} has no reason" for name, rest in later if len(rest) < 8)


def test_every_row_stands_or_comes_later() -> None:
    wanted: set[str] = set()
    if REQUIREMENTS.is_file():
        text = REQUIREMENTS.read_text("utf-8")
        wanted = set(re.findall(r"^\| (U\d+[a-z]?) \|", text, re.MULTILINE)) | set(
            re.findall(r"^## .*\((U\d+)\)", text, re.MULTILINE)
        )
        assert len(wanted) > 50, "the ids are found"
    stands, later = tables(PAGE.read_text("utf-8"))
    assert stands and later
    assert list(problems(PAGE.read_text("utf-8"), wanted, tree.ROOT)) == []


def test_what_is_wrong_is_seen(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("def test_one(): ...\n")
    page = (
        "| U1 | x | `tests/test_a.py::test_one` |\n| U2 | x | `tests/test_a.py::test_two` |\n| U3 | x | y |\n"
        "| U4 | x | `tests/test_b.py::test_one` |\n\n## What comes later\n\n| U1 | again, later |\n| U9 | no |\n"
    )
    assert list(problems(page, {"U1", "U2", "U3", "U4", "U5"}, tmp_path)) == [
        "U1 is there 2 times",
        "U5 is in neither table",
        "U9 is no requirement",
        "U2 names tests/test_a.py::test_two, which is not there",
        "U3 names no test",
        "U4 names tests/test_b.py::test_one, which is not there",
        "U9 has no reason",
    ]


def options(command: Any) -> Iterator[str]:
    """Every option of a command and of those below it."""
    for one in command.params:
        yield from (*one.opts, *one.secondary_opts)
    for below in getattr(command, "commands", {}).values():
        yield from options(below)


@pytest.mark.parametrize("word", ["token", "secret", "password"])
def test_no_option_takes_a_secret(word: str) -> None:
    found = set(options(generator().root_command()))
    assert "--confirm" in found
    assert [name for name in found if name.startswith("-") and word in name] == []


def test_the_readme_says_that_nothing_is_told_to_anybody() -> None:
    text = (tree.ROOT / "README.md").read_text("utf-8")
    assert "No telemetry" in text and "does not look for updates" in text
