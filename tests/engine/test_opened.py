"""What is written is read before, and what is too large for that is begun before."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from cmkmigrate.engine import opened as module
from cmkmigrate.engine.opened import LOOK_S, opened
from cmkmigrate.errors import LockHeld, Unknown
from cmkmigrate.model import Asset

BLOCKS = (b"one", b"two", b"three")


class Source:
    """Hands out its blocks, one by one; `at` is the block before which the reading breaks."""

    def __init__(self, at: int = -1) -> None:
        self.read, self.opened, self.at = 0, 0, at

    def __call__(self) -> Iterator[bytes]:
        self.opened += 1
        for number, block in enumerate(BLOCKS):
            if number == self.at:
                raise Unknown("the answer broke off")
            self.read += 1
            yield block


def asset(source: Any, size: int = -1) -> Asset:
    return Asset("1", "/x", "/x", content=source, size=size)


def content(one: Asset | None) -> list[bytes]:
    assert one is not None and one.content is not None
    return list(one.content())


@pytest.fixture
def ledger() -> Any:
    return SimpleNamespace(commits=0, commit=lambda: None)


def test_nothing_to_read(ledger: Any) -> None:
    assert opened(None, ledger) is None
    bare = Asset("1", "/x", "/x")
    assert opened(bare, ledger) is bare


def test_a_small_one_is_read_once_whatever_is_sent_again(ledger: Any) -> None:
    source = Source()
    found = opened(asset(source), ledger)
    assert (source.opened, source.read) == (1, 3)
    assert content(found) == content(found) == list(BLOCKS) and source.opened == 1


@pytest.mark.parametrize(("size", "at"), [(-1, 2), (11, 0)])
def test_a_source_that_cannot_be_read_is_seen_before_anything_is_noted(ledger: Any, size: int, at: int) -> None:
    with pytest.raises(Unknown):
        opened(asset(Source(at), size), ledger)


def test_a_large_one_is_begun_and_no_more(ledger: Any) -> None:
    source = Source()
    found = opened(asset(source, 11), ledger)
    assert (source.opened, source.read) == (1, 1)
    assert content(found) == list(BLOCKS) and source.opened == 1
    assert content(found) == list(BLOCKS) and source.opened == 2, "sent again: read again"


def test_an_empty_one(ledger: Any) -> None:
    assert b"".join(content(opened(asset(lambda: iter(()), 0), ledger))) == b""


def test_who_lost_the_run_ends_amid_a_large_one(ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def lost() -> None:
        raise LockHeld("this run was taken over")

    one = opened(asset(Source(), 11), ledger)
    assert one is not None and one.content is not None
    blocks = one.content()
    assert next(blocks) == b"one"
    ledger.commit = lost
    assert next(blocks) == b"two", "seen a moment ago"
    clock[0] = LOOK_S + 0.1
    with pytest.raises(LockHeld):
        next(blocks)
