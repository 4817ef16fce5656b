"""What the code imports is what pyproject.toml asks for, no less and no more; and the lock file covers it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.house import tree

UNSEEN = {"httptools"}  # uvicorn takes it where it is installed; nobody imports it by name


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> tuple[set[str], set[str]]:
    """The distributions of the project, and those of its extra `test`."""
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements: Iterable[str]) -> set[str]:
        return {canonical(re.split(r"[<>=!~\[; ]", one, maxsplit=1)[0]) for one in requirements}

    return names(project["dependencies"]), names(project["optional-dependencies"]["test"])


def imported(path: Path) -> set[str]:
    """The dotted modules that a file imports, also by `load` (clients/imports.py). Those of the standard
    library and of the project are left out."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load":
            found |= {one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {name for name in found if name.split(".")[0] not in {*sys.stdlib_module_names, "cmkmigrate", "__future__"}}


def distribution(module: str, of: dict[str, list[str]]) -> str:
    """The distribution that a module comes from; where several share a namespace, the longest name that fits."""
    parts = module.split(".")
    candidates = {canonical(name) for name in of.get(parts[0], [])}
    for length in range(len(parts), 0, -1):
        if (name := canonical("-".join(parts[:length]))) in candidates:
            return name
    return min(candidates, default=parts[0])


def used() -> dict[str, set[str]]:
    """Distribution -> the files of the package that import it."""
    of = {name: list(names) for name, names in packages_distributions().items()}
    result: dict[str, set[str]] = {}
    for path in tree.files():
        if path.suffix == ".py" and tree.SRC in path.parents and tree.DATA not in path.parents:
            for module in imported(path):
                result.setdefault(distribution(module, of), set()).add(str(path.relative_to(tree.SRC)))
    return result


def test_what_is_imported_is_asked_for() -> None:
    others = {name: files for name, files in used().items() if name not in declared()[0]}
    assert others == {"psycopg": {"run/postgres.py"}}, "the extra `postgres`, and one file that can do without"


def test_what_is_asked_for_is_imported() -> None:
    assert declared()[0] - UNSEEN - used().keys() == set()


def test_an_import_is_traced_to_its_distribution() -> None:
    of = {name: list(names) for name, names in packages_distributions().items()}
    wanted = {
        "azure.mgmt.databricks.models": "azure-mgmt-databricks",
        "azure.core.exceptions": "azure-core",
        "databricks.sdk.core": "databricks-sdk",
        "yaml": "pyyaml",
        "no_such_thing.x": "no_such_thing",
    }
    assert {module: distribution(module, of) for module in wanted} == wanted


def test_the_lock_file_has_a_hash_for_everything() -> None:
    lock = (tree.ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^[\w.-]+==[^\n]*(?:\n +--hash=sha256:[0-9a-f]{64}[^\n]*)*", lock, re.MULTILINE)
    assert len(pins) > 20
    assert [pin.splitlines()[0] for pin in pins if "--hash=" not in pin] == []
    assert [line for line in lock.splitlines() if line.startswith("-")] == []


def test_the_lock_file_has_every_dependency() -> None:
    lock = (tree.ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {canonical(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert set.union(*declared()) - locked == set()
