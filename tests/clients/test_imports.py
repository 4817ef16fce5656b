"""One thread at a time imports; a module is whole when it is given."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from cmkmigrate.clients.imports import LOCK, load

# Two modules that import each other, and wait in between so that two threads meet.
ONE = "import threading\nthreading.Event().wait(0.05)\nfrom circle.two import b\na = 1\n"
TWO = "import threading\nthreading.Event().wait(0.05)\nimport circle.one\nb = 2\n"


def test_a_circle_of_imports_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "circle"
    package.mkdir()
    for name, text in (("__init__", ""), ("one", ONE), ("two", TWO)):
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    wrong: list[BaseException] = []

    def work(name: str) -> None:
        try:
            module = load(name)
            assert module.a == 1 if name.endswith("one") else module.b == 2
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("circle.one", "circle.two") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in [name for name in sys.modules if name.startswith("circle")]:
        del sys.modules[name]
    assert wrong == []


def test_whoever_imports_may_import_more() -> None:
    with LOCK:
        assert load("json") is sys.modules["json"]
