"""One sandbox with the estate of every case, and a launcher for the command."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from tests.assess.estate import Assessed
from tests.audit.conftest import launcher, sandbox, terminal
from tests.cli.transcript import Terminal
from tests.harness import Commands, Launcher, Sandbox

__all__ = ["launcher", "sandbox", "terminal"]


@pytest.fixture(scope="session")
def estate() -> Assessed:
    return Assessed(time.time())


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
