"""The layers of docs/design.md hold, and the contracts that say so are sharp."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from tests.house import tree


def lint(root: Path) -> str:
    """What import-linter finds wrong below `root`, without its counts of files; "" when nothing is."""
    result = tree.run(["lint-imports", "--no-cache"], root)
    lines = [line for line in result.stdout.splitlines() if not line.startswith("Analyzed ")]
    return "" if result.returncode == 0 else "\n".join(lines)


def test_imports_keep_to_the_layers() -> None:
    assert lint(tree.ROOT) == ""


BREACHES = [
    ("model.py", "from cmkmigrate import portable"),
    ("kinds/base.py", "from cmkmigrate import engine"),
    ("engine/__init__.py", "from cmkmigrate import render"),
    ("engine/__init__.py", "import cmkmigrate.kinds.azure"),
    ("render/__init__.py", "from cmkmigrate import clients"),
    ("render/__init__.py", "from cmkmigrate.sandbox import server"),
    ("kinds/base.py", "import databricks.sdk"),
    ("sandbox/server.py", "from cmkmigrate import model"),
    ("sandbox/server.py", "from azure.core import exceptions"),
    ("portable.py", "import sqlalchemy"),
    ("novelty.py", "import json"),  # a module that no layer names: the list is exhaustive
]


@pytest.mark.parametrize(("where", "line"), BREACHES)
def test_a_breach_is_seen(where: str, line: str, tmp_path: Path) -> None:
    shutil.copytree(tree.SRC, tmp_path / "src/cmkmigrate", ignore=shutil.ignore_patterns("__pycache__", "estates"))
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)
    before = lint(tmp_path)
    path = tmp_path / "src/cmkmigrate" / where
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}  # noqa\n")
    assert lint(tmp_path) != before


def test_the_comparer_imports_nothing_of_the_product() -> None:
    """It judges whether two workspaces are equal; code shared with what made them equal would judge itself."""
    here = [path for path in tree.files() if (tree.ROOT / "tests" / "comparer") in path.parents]
    comparer = [path for path in here if path.suffix == ".py" and not path.name.startswith(("test_", "conftest"))]
    single = tree.ROOT / "tests" / "comparer.py"
    comparer += [single] if single.is_file() else []
    assert comparer, "tests/comparer is where it is expected"
    for path in comparer:
        assert "cmkmigrate" not in {name.split(".")[0] for name in imported(path)}, path


def imported(path: Path) -> set[str]:
    """The modules that a file imports, by name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
