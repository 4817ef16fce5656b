"""What no file may hold: a path of somebody's machine, an address of a registry; and no file that is too long."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import cmkmigrate
from tests.house import tree

LONGEST = 350

# Written in pieces, so that this file does not hold what it forbids.
MACHINE = re.compile(r"(?<![\w.:}~-])/(?:" + "|".join(["wor" + "k", "roo" + "t", "hom" + "e"]) + r")/\w")
TEMPORARY = re.compile(r"(?<![\w.:}~-])/(?:" + "tm" + r"p|opt/venv)/\w")
REGISTRY = re.compile(
    "|".join(["pypi" + r"\.org", "python" + r"hosted\.", "registry" + r"\.npm", "index" + r"-url\s*=?\s*http"])
)


def breaches(path: Path, data: bool = False) -> Iterator[str]:
    """The lines of a file that hold what no file may. In a made-up workspace the paths are those of its clusters."""
    for number, line in enumerate((tree.text(path) or "").splitlines(), 1):
        rules = {"a path of a machine": MACHINE, "an address of a registry": REGISTRY}
        if not data:
            rules["a temporary path"] = TEMPORARY
        for what, rule in rules.items():
            if rule.search(line):
                yield f"{path}:{number}: {what}"


def test_no_file_holds_a_place_of_its_author() -> None:
    found = [one for path in tree.files() for one in breaches(path, data=tree.DATA in path.parents)]
    assert found == []


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ("see /" + "work/main/x", True),
        ("cd /" + "home/someone", True),
        ('"/' + "tmp/x.json" + '"', True),
        ("--index" + "-url https://somewhere.test", True),
        ("from pypi" + ".org", True),
        ("/Workspace/Users/a@example.com", False),
        ("dbfs:/" + "tmp/x", False),
        ("../shared/estate/public", False),
        ("the work/life balance", False),
    ],
)
def test_the_rules_see_what_they_should(line: str, bad: bool, tmp_path: Path) -> None:
    path = tmp_path / "file.md"
    path.write_text(f"first\n{line}\n", encoding="utf-8")
    assert bool(list(breaches(path))) is bad


def test_no_file_is_too_long() -> None:
    code = [
        path
        for path in tree.files()
        if path.suffix == ".py" and tree.SRC in path.parents and tree.DATA not in path.parents
    ]
    assert code
    lengths = {str(path.relative_to(tree.ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in code}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_one_version() -> None:
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == cmkmigrate.__version__
    assert f"## [{cmkmigrate.__version__}]" in (tree.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
