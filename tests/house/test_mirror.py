"""A kind is one file; the sandbox has the service that mirrors it, and a test has its name."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cmkmigrate.kinds import discover
from tests.house import tree

KIND_TESTS = tree.ROOT / "tests" / "kinds"


def problems(kinds: Mapping[str, Any], sandbox: Path, tests: Path) -> Iterator[str]:
    """What is missing on either side, in words."""
    services = {path.stem: path for path in sandbox.rglob("*.py")}
    tested = {path.stem.removeprefix("test_"): path for path in tests.glob("*/test_*.py")}
    for name, kind in kinds.items():
        if not getattr(kind, "service", ""):
            yield f"kind {name} names no service"
        elif kind.service not in services:
            yield f"kind {name} is mirrored by {kind.service}.py, which is not in {sandbox.name}/"
        if name not in tested:
            yield f"kind {name} has no {tests.name}/*/test_{name}.py"
    for name in tested.keys() - kinds.keys():
        yield f"{tests.name}/{tested[name].parent.name}/test_{name}.py tests a kind that is not there"


def test_each_kind_has_its_service_and_its_test() -> None:
    kinds = discover()
    assert kinds
    assert list(problems(kinds, tree.SRC / "sandbox", KIND_TESTS)) == []


def test_each_kind_lives_in_the_file_of_its_name() -> None:
    for name, kind in discover().items():
        path = Path(inspect.getfile(type(kind)))
        assert path.stem == name, path


def test_what_is_missing_is_seen(tmp_path: Path) -> None:
    sandbox, tests = tmp_path / "sandbox", tmp_path / "kinds"
    (sandbox / "databricks").mkdir(parents=True)
    (tests / "databricks").mkdir(parents=True)
    (sandbox / "databricks" / "pools.py").touch()
    (tests / "databricks" / "test_pools.py").touch()
    pools = SimpleNamespace(service="pools")
    assert list(problems({"pools": pools}, sandbox, tests)) == []
    assert len(list(problems({}, sandbox, tests))) == 1
    assert len(list(problems({"pools": pools, "jobs": SimpleNamespace(service="jobs")}, sandbox, tests))) == 2
    assert len(list(problems({"pools": SimpleNamespace(service="")}, sandbox, tests))) == 1
