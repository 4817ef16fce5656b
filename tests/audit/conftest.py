"""One sandbox with the estate of every case, and a launcher for the command."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.audit.estate import Estate
from tests.cli.transcript import Terminal
from tests.harness import Commands, Launcher, Sandbox


@pytest.fixture(scope="session")
def estate() -> Estate:
    return Estate(time.time())


@pytest.fixture(scope="session")
def sandbox(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("audit")
    made = Sandbox(folder / "sandbox", estate.write(folder / "estate"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    made = Launcher()
    yield made
    made.close()


@pytest.fixture
def terminal(launcher: Launcher, sandbox: Sandbox, estate: Estate, tmp_path: Path) -> Terminal:
    """A place with the estate's scope file."""
    made = Terminal(Commands(launcher, tmp_path, sandbox.env))
    made.write("scope.yaml", yaml.safe_dump(estate.scope()))
    return made
