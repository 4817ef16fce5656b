"""Killed in the middle of a migration between two instances of minilake, and resumed: nothing is lost, nothing twice.

The kill comes when a certain request has gone out and before its answer is read, so that its effect is there and the
run does not know. How to run: `test_minilake.py`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign.expected import assert_moved
from tests.foreign.product import Product, two_workspaces
from tests.foreign.reader import read

pytestmark = pytest.mark.foreign


class Killer:
    """Kills `pid` with the `number`th block that begins with `words`."""

    def __init__(self, words: str, number: int) -> None:
        self.words, self.left, self.pid = words.encode(), number, 0
        self.lock = threading.Lock()

    def __call__(self, block: bytes) -> None:
        if block.startswith(self.words) and self.pid:
            with self.lock:
                self.left -= 1
                if self.left == 0:
                    os.kill(self.pid, signal.SIGKILL)


@pytest.fixture
def own(folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    made = folder / str(abs(hash(request.node.name)))
    made.mkdir()
    yield made


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("POST /api/2.1/clusters/create", 2),
        ("POST /api/2.2/jobs/create", 3),
        ("POST /api/2.0/preview/scim/v2/Groups", 2),
        ("PUT /api/2.0/permissions/", 2),
    ],
)
def test_resumed_it_ends_the_same(own: Path, words: str, number: int) -> None:
    killer = Killer(words, number)
    with two_workspaces(own) as (source, target):
        before = read(source.client)
        product = Product(own, source, target, killer)
        product.env["CMKMIGRATE_TIMEOUT_S"] = "2"  # how long what was sent last may still land
        try:
            started = product.start(*product.apply_words())
            killer.pid = started.pid
            product.finish(started, -signal.SIGKILL)
            killer.pid = 0
            product.resume()
        finally:
            product.close()
        assert_moved(before, read(target.client))
        assert len(list(target.client.clusters.list())) == len(before["clusters"])
        assert len(list(target.client.jobs.list())) == len(before["jobs"])
