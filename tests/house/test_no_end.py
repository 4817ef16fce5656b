"""Nothing in Azure is deleted: not the old workspace, whose root storage may hold what was not moved, and no key.

Only `selftest --live` deletes, and of what it made itself (tests/cli/live). What is deleted in a workspace is there to
be made anew, and is deleted by its kind.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from cmkmigrate.kinds import discover
from tests.harness import ROOT

SOURCE = ROOT / "src" / "cmkmigrate"
# The engine deletes what a kind says, and rows; `run` rows alone. Neither reaches a service but through the others.
ELSEWHERE = ("sandbox", "cli/live", "engine", "run")
ENDS = ("delete", "purge")


def _ends(tree: ast.AST) -> Iterator[str]:
    """What a module says that ends something over the wire: the verb, and calls of clients' methods for it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value == "DELETE":
            yield f"line {node.lineno}: the verb DELETE"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr.removeprefix("begin_")
            if name.startswith(ENDS) and not name.startswith("deleted"):
                yield f"line {node.lineno}: .{node.func.attr}()"


def modules() -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        if not path.relative_to(SOURCE).as_posix().startswith(ELSEWHERE):
            yield path


def test_nothing_is_deleted_in_azure() -> None:
    found = {path.relative_to(SOURCE).as_posix(): list(_ends(ast.parse(path.read_text("utf-8")))) for path in modules()}
    left = {name: said for name, said in found.items() if said}
    assert left.keys() == set(), left


def test_no_kind_of_azure_deletes() -> None:
    kinds = discover()
    assert {kind.at for kind in kinds.values()} == {"arm", "workspace"}
    assert [name for name, kind in kinds.items() if kind.at == "arm" and kind.delete is not None] == []


def test_the_rule_would_see_it() -> None:
    for text in (
        "arm.request('DELETE', url)",
        "sdk.workspaces.begin_delete(group, name)",
        "client.purge_deleted_key(k)",
    ):
        assert list(_ends(ast.parse(text))), text
    assert not list(_ends(ast.parse("vaults.deleted_vaults(); vaults.list_deleted()")))
