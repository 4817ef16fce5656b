"""A small migration between two in-memory sites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cmkmigrate import playbook
from cmkmigrate.engine.apply import apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.model import Event
from cmkmigrate.run.ledger import Ledger
from tests.backends import server, where_ci
from tests.engine import cloud

__all__ = ["server", "where_ci"]

TEXT = """
playbook: contents
params:
  source: {type: workspace, default: source}
  target: {type: workspace, default: target}
source: "${params.source}"
target: "${params.target}"
steps:
  - id: contents
    kinds: all
"""


def filled_source() -> cloud.Site:
    """Two pools, seven jobs (twins, a cycle, a chain, one that refers to nothing), ACLs, notes."""
    site = cloud.Site("source", first=1000)
    things = site.things
    things["pools"] = {
        "p1": {"name": "small", "idle": 3, "state": "ACTIVE"},
        "p2": {"name": "large", "state": "ACTIVE"},
    }
    things["jobs"] = {
        "1": {"name": "twin", "pool": "p1", "schedule": {"cron": "x", "pause": "UNPAUSED"}},
        "2": {"name": "twin", "pool": "p2", "pinned": True},
        "3": {"name": "ring a", "after": [4]},
        "4": {"name": "ring b", "after": [3], "tags": {"team": "x"}},
        "5": {"name": "chain", "after": [1, 6]},
        "6": {"name": "link", "after": [2]},
        "7": {"name": "lost pool", "pool": "gone"},
        "8": {"name": "after the lost", "after": [7]},
        "9": {"name": "sql", "warehouse": "w1"},
    }
    things["acls"] = {"1": {"who": ["ann"]}, "3": {"who": ["bob", "cy"]}, "7": {"who": ["dee"]}}
    things["notes"] = {str(n): {"path": f"/n{n}", "at": 1, "text": f"text {n}"} for n in range(20)}
    return site


@pytest.fixture
def sites() -> cloud.Sites:
    return cloud.Sites(source=filled_source(), target=cloud.Site("target", first=1))


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test has locks of its own: tests that run side by side migrate between sites of the same names."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def migration(sites: cloud.Sites) -> Migration:
    book = playbook.parse(TEXT, "contents.yaml", cloud.KINDS)
    return Migration(book, playbook.fill_params(book, {}), cloud.KINDS, sites)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """In a folder; what concerns the ledger itself has one of its own, on both backends."""
    return Ledger.create(tmp_path / "run", {"run": "r1"})


@pytest.fixture
def run(migration: Migration, ledger: Ledger) -> Callable[..., list[Event]]:
    def go(**more: object) -> list[Event]:
        return list(apply(migration, ledger, confirm={}, parallelism=4, **more))  # type: ignore[arg-type]

    return go
