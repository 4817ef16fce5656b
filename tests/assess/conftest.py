"""One sandbox with the estate of every case, and a launcher for the command."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.assess.estate import Assessed
from tests.cli.transcript import Terminal
from tests.harness import Commands, Launcher, Sandbox


@pytest.fixture(scope="session")
def estate() -> Assessed:
    return Assessed(time.time())


@pytest.fixture(scope="session")
def sandbox(estate: Assessed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("assess")
    made = Sandbox(folder / "sandbox", estate.write(folder / "estate"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    made = Launcher()
    yield made
    made.close()


@pytest.fixture
def terminal(launcher: Launcher, sandbox: Sandbox, estate: Assessed, tmp_path: Path) -> Terminal:
    """A place with the estate's scope file."""
    made = Terminal(Commands(launcher, tmp_path, sandbox.env))
    made.write("scope.yaml", yaml.safe_dump(estate.scope()))
    return made


@pytest.fixture(scope="session")
def everything(launcher: Launcher, sandbox: Sandbox, estate: Assessed, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Assesses everything as JSON, with these words more."""
    place = Terminal(Commands(launcher, tmp_path_factory.mktemp("whole"), sandbox.env))
    place.write("scope.yaml", yaml.safe_dump(estate.scope()))

    def run(more: str = "") -> Any:
        result = place(f"assess --scope scope.yaml -o json {more}")
        assert result.code == 3, result
        return result.json

    return run


@pytest.fixture(scope="session")
def whole(everything: Any, sandbox: Sandbox) -> Any:
    """One assessment that several tests look at, and the requests that it took."""
    sandbox.forget()
    return {"body": everything(), "requests": sandbox.requests()}


@pytest.fixture(scope="session")
def networked(everything: Any) -> Any:
    """One in which every workspace is to be moved."""
    return everything("--want new-network")
