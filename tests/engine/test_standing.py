"""Where a run stands, read while somebody writes or after it died."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from cmkmigrate.engine.brake import HAND, Hand
from cmkmigrate.engine.record import record
from cmkmigrate.engine.standing import holder_of, standing
from cmkmigrate.model import Event, State
from cmkmigrate.run.ledger import Ledger, Where
from cmkmigrate.run.locks import here
from cmkmigrate.run.postgres import Shared
from cmkmigrate.run.schema import item, lock
from tests.engine import cloud

Run = Callable[..., list[Event]]


@pytest.fixture
def ledger(where_ci: Where) -> Ledger:
    """On both backends."""
    return Ledger.create(where_ci, {"run": "r1"})


def test_a_run_that_has_not_begun(ledger: Ledger) -> None:
    found = standing(ledger)
    assert (found.run, found.holder, found.steps, found.unknown_count) == ("r1", None, {}, 0)


def test_a_finished_run(run: Run, ledger: Ledger) -> None:
    run()
    found = standing(ledger)
    assert found.finished > 0
    assert found.steps["contents"][0] == "done"
    assert sum(found.numbers["contents"]["notes"].values()) == 20
    assert found.unknown_count == 0


def test_a_write_without_a_result_is_unknown(run: Run, ledger: Ledger) -> None:
    run()
    with ledger.locked("me"):
        ledger.commit(item.update().where(item.c.kind == "notes").values(state=State.INTENT, lands_by=time.time() + 30))
    found = standing(ledger)
    assert found.unknown_count == len(found.unknown) == 20
    assert 0 < found.landing_s <= 30


def test_what_holds_for_whoever_is_at_work(run: Run, ledger: Ledger) -> None:
    run()
    ended = standing(ledger)
    assert ended.hand is None and (ended.done, ended.total) == (ended.total, sum_of(ended.numbers))
    with ledger.locked("me"):
        now = Hand(began=time.time() - 100, parallelism=3, source_share=0.5, paused_s=40.0, before=5)
        ledger.set_meta(HAND, json.dumps(asdict(now)))
        found = standing(ledger)
        assert found.hand == now and 60 <= found.worked_s < 90, "pauses are no work"
        now.paused_by, now.paused_since = "ann@host", time.time() - 50
        ledger.set_meta(HAND, json.dumps(asdict(now)))
        assert 10 <= standing(ledger).worked_s < 40, "nor is the one that lasts"


def sum_of(numbers: dict[str, dict[str, dict[str, int]]]) -> int:
    return sum(number for kinds in numbers.values() for states in kinds.values() for number in states.values())


def hold(ledger: Ledger, **values: Any) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(lock.delete())
        row = {"one": 1, "token": 1, "holder": "ann@there", "host": "there", "pid": 7, "beat": time.time()}
        connection.execute(lock.insert(), {**row, **values})


def test_who_holds_it(ledger: Ledger) -> None:
    with ledger.locked("me"):
        mine = holder_of(ledger)
        assert mine is not None
        assert (mine.pid, mine.alive) == (os.getpid(), True)
    assert holder_of(ledger) is None
    hold(ledger)
    assert holder_of(ledger).alive  # type: ignore[union-attr]
    hold(ledger, beat=time.time() - 3600)
    assert not holder_of(ledger).alive  # type: ignore[union-attr]
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    hold(ledger, host=here(isinstance(ledger.where, Shared)), pid=child)
    assert not holder_of(ledger).alive  # type: ignore[union-attr]


def test_the_record_adds_up(run: Run, ledger: Ledger, sites: cloud.Sites) -> None:
    run()
    found = record(ledger)
    assert found["adds_up"]
    for count in found["counts"]:
        outcomes = [count[name] for name in ("migrated", "excluded", "unsupported", "failed")]
        assert sum(outcomes) == count["source"]
        assert count["open"] == 0
    lost = [one for one in found["problems"] if one["kind"] == "jobs"]
    assert lost
    assert all(one["reason"] for one in lost)
