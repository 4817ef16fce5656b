"""One sandbox of the small estate, one launcher, and one undisturbed migration, for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import Commands, Launcher, Result, Sandbox, params_of


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """The parent of all commands."""
    made = Launcher()
    yield made
    made.close()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The built-in small estate; source of every run, never written."""
    made = Sandbox(tmp_path_factory.mktemp("small"), "small")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "small" in request.fixturenames:
        request.getfixturevalue("small").faults()


@pytest.fixture(scope="session")
def commands(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sandbox, str], Commands]:
    """Makes a place to run commands in."""

    def make(sandbox: Sandbox, name: str) -> Commands:
        return Commands(launcher, tmp_path_factory.mktemp(name), sandbox.env)

    return make


@dataclass(frozen=True)
class Migration:
    """A migration that nobody disturbed, with how each command ended."""

    run: Path
    params: Path
    commands: Commands
    plan: Result
    apply: Result
    verify: Result
    plan_requests: list[dict[str, object]]
    apply_requests: list[dict[str, object]]
    target: str  # host


def migrate(sandbox: Sandbox, place: Commands, **changes: str) -> Migration:
    """plan, apply, verify --depth content."""
    params = params_of(sandbox, place.folder / "params.yaml", **changes)
    run = place.folder / "run"
    sandbox.forget()
    plan = place("plan", "cmk-migration", "--params", str(params), "-o", "json", seconds=600)
    plan_requests = sandbox.requests()
    sandbox.forget()
    words = ("apply", "cmk-migration", "--params", str(params), "--run", str(run), "--auto-approve", "-o", "json")
    apply = place(*words, seconds=900)
    apply_requests = sandbox.requests()
    verify = place("verify", str(run), "--depth", "content", "-o", "json", seconds=600)
    name = str(changes.get("target_name", sandbox.params["target_name"]))
    target = sandbox.host_of(name) if apply.code in (0, 3) else ""
    return Migration(run, params, place, plan, apply, verify, plan_requests, apply_requests, target)


@pytest.fixture(scope="session")
def undisturbed(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> Migration:
    """The small estate, migrated."""
    return migrate(small, commands(small, "undisturbed"), target_name="undisturbed", vault_name="kv-undisturbed")
