"""A sandbox and a launcher for the tests of the command line, and a place to type commands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.transcript import Terminal
from tests.e2e.conftest import launcher
from tests.harness import Commands, Launcher, Sandbox
from tests.pools import POOLS

__all__ = ["launcher", "offline", "sandbox", "terminal", "writes"]

GATE = f'{POOLS}    confirm: "${{source.name}}"\n'


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Two workspaces: a generated one to move from, with some pools more, another to move into."""
    made = Sandbox(tmp_path_factory.mktemp("sandbox"), "generate:30", "generate:5")
    for number in range(5):
        pool = {"instance_pool_name": f"more {number}", "node_type_id": "Standard_DS3_v2", "min_idle_instances": 0}
        made.call(made.source_host, "POST", "/api/2.0/instance-pools/create", pool)
    yield made
    made.close()


@pytest.fixture
def offline(launcher: Launcher, tmp_path: Path) -> Terminal:
    """A place where no cloud is reached: the proxy that the environment names does not listen."""
    nobody = "http://127.0.0.1:9"
    env = {"HTTPS_PROXY": nobody, "https_proxy": nobody, "NO_PROXY": "", "no_proxy": ""}
    env |= {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}
    env |= {"CMKMIGRATE_INSTANCE_DISCOVERY": "false"}
    return Terminal(Commands(launcher, tmp_path, env))


@pytest.fixture
def terminal(launcher: Launcher, sandbox: Sandbox, tmp_path: Path) -> Terminal:
    """A place with two playbooks, and parameters for them that lead to the sandbox."""
    made = Terminal(Commands(launcher, tmp_path, sandbox.env))
    made.write("pools.yaml", POOLS)
    made.write("gate.yaml", GATE)
    both = {name: sandbox.params[name] for name in ("source", "target")}
    made.write("params.yaml", yaml.safe_dump(both))
    return made


@pytest.fixture
def writes(sandbox: Sandbox) -> Callable[[], int]:
    """How many writes have reached the sandbox since the test began."""
    sandbox.forget()
    return lambda: len(sandbox.writes())


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take away what a test moved, and its faults."""
    yield
    if "sandbox" in request.fixturenames:
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        sandbox.faults()
        host = sandbox.host_of(sandbox.params["target"])
        for pool in sandbox.call(host, "GET", "/api/2.0/instance-pools/list").get("instance_pools", ()):
            sandbox.call(host, "POST", "/api/2.0/instance-pools/delete", {"instance_pool_id": pool["instance_pool_id"]})
