"""A new workspace that is no clone of the old one: said before anything is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness import Commands, Sandbox, params_of


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose account gives new workspaces no legacy features."""
    made = Sandbox(tmp_path_factory.mktemp("box"), "small")
    made.control("PUT", "settings", {"legacy_features": "disabled"})
    yield made
    made.close()


def test_a_difference_stops_before_contents(box: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> None:
    place = commands(box, "likeness")
    params, run = params_of(box, place.folder / "params.yaml"), place.folder / "run"
    planned = place("plan", "cmk-migration", "--params", str(params), "-o", "table")
    assert planned.code == 0 and "looked at once the target is there" in planned.out, planned
    done = place("apply", "cmk-migration", "--params", str(params), "--run", str(run), "--auto-approve")
    assert done.code == 3 and "dbfs_root" in done.err and "hive_metastore" in done.err and "accept" in done.err, done
    target = box.host_of(box.params["target_name"])
    assert box.writes(target) == []
    again = place("resume", str(run), "--retry-failed")
    assert again.code == 3 and box.writes(target) == [], again


def test_what_is_accepted_does_not_stop(
    box: Sandbox, commands: Callable[[Sandbox, str], Commands], tmp_path: Path
) -> None:
    place = commands(box, "accepted")
    params = params_of(box, place.folder / "params.yaml", target_name="accepted", vault_name="kv-accepted")
    words = ("--params", str(params), "--run", str(place.folder / "run"), "--auto-approve")
    accept = "-p", "accept_differences=dbfs_root,hive_metastore"
    done = place("apply", "cmk-migration", *words, *accept)
    assert done.code == 3, done  # what needs DBFS fails by itself, and says so
    assert box.writes(box.host_of("accepted")), "nothing was copied"


def test_a_difference_that_does_not_exist_is_refused_first(
    box: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    place = commands(box, "mistyped")
    params = params_of(box, place.folder / "params.yaml", target_name="mistyped", vault_name="kv-mistyped")
    box.forget()
    words = ("--params", str(params), "-p", "accept_differences=runtime")
    done = place("apply", "cmk-migration", *words, "--run", str(place.folder / "run"), "--auto-approve")
    assert done.code == 64 and "'runtime'" in done.err and "runtimes" in done.err, done
    assert box.writes() == []
    looked = place("doctor", "cmk-migration", *words)
    assert looked.code == 64 and "'runtime'" in looked.err, looked
