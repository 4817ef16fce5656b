"""One sandbox of the small estate, one launcher, and one undisturbed migration, for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.comparer.compare import Difference, compare
from tests.e2e import oddities
from tests.harness import PUBLIC, Commands, Launcher, Result, Sandbox, params_of


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
def no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test made go wrong in a sandbox that others use as well ends with the test."""
    shared = [request.getfixturevalue(name) for name in ("small", "box") if name in request.fixturenames]
    yield
    for sandbox in shared:
        sandbox.faults()


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
    verify_requests: list[dict[str, object]]
    sandbox: Sandbox
    source: str  # hosts
    target: str

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """(kind, key) of what the run says it did not move."""
        return [(one["kind"], one["key"]) for one in self.apply.json["problems"]]

    def differences(self) -> list[Difference]:
        """What the comparer finds between the two workspaces, as they are now."""
        box = self.sandbox
        return compare(
            box.state(self.source),
            box.state(self.target),
            left_out=self.left_out,
            operator=box.operator,
            exports=box.exports(self.source, self.target),
        )


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
    sandbox.forget()
    verify = place("verify", str(run), "--depth", "content", "-o", "json", seconds=600)
    verify_requests = sandbox.requests()
    name = str(changes.get("target_name", sandbox.params["target_name"]))
    if apply.code not in (0, 3) or not apply.out:
        raise AssertionError(str(apply))
    target = sandbox.host_of(name)
    requests = (plan_requests, apply_requests, verify_requests)
    return Migration(run, params, place, plan, apply, verify, *requests, sandbox, sandbox.source_host, target)


@pytest.fixture(scope="session")
def undisturbed(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> Migration:
    """The small estate, migrated."""
    return migrate(small, commands(small, "undisturbed"), target_name="undisturbed", vault_name="kv-undisturbed")


@pytest.fixture(scope="session")
def odd(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migration]:
    """The estate of oddities, migrated."""
    box = Sandbox(tmp_path_factory.mktemp("odd"), oddities.build(tmp_path_factory.mktemp("odd-estate")))
    yield migrate(box, Commands(launcher, tmp_path_factory.mktemp("odd-run"), box.env))
    box.close()


@pytest.fixture(scope="session")
def public(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migration]:
    """The estate made of real notebooks, files and definitions, migrated."""
    if not (PUBLIC / "estate.json").is_file():
        pytest.skip(f"the public estate is not here: {PUBLIC}")
    box = Sandbox(tmp_path_factory.mktemp("public"), PUBLIC)
    yield migrate(box, Commands(launcher, tmp_path_factory.mktemp("public-run"), box.env))
    box.close()
