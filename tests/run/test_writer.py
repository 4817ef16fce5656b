"""The one writer: what is waiting is one commit, who lost the lock commits nothing, an error reaches everyone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from cmkmigrate.errors import LockHeld
from cmkmigrate.run import locks, writer
from cmkmigrate.run.ledger import Ledger, Where
from cmkmigrate.run.postgres import Shared
from cmkmigrate.run.schema import item, lock, meta
from cmkmigrate.run.writer import Writer
from tests.backends import seen, stranger


@pytest.fixture
def ledger(where: Where) -> Iterator[Ledger]:
    made = Ledger.create(where, {})
    yield made
    made.engine.dispose()


@pytest.fixture
def begin(ledger: Ledger) -> Iterator[Callable[[], Writer]]:
    made: list[Writer] = []

    def go() -> Writer:
        made.append(Writer(ledger.engine, locks.take(ledger.engine, "me")))
        return made[-1]

    yield go
    for one in made:
        one.close()


def keys(ledger: Ledger) -> set[str]:
    """What a stranger sees on disk."""
    return {key for (key,) in seen(ledger, "select k from meta where k != 'schema_version'")}


def row(key: str) -> tuple[Any, Any]:
    return meta.insert(), {"k": key, "v": ""}


LONGEST_S = 60.0  # for something that happens at once


def wait_for(what: Callable[[], bool]) -> None:
    """Come back when it is so; fails after LONGEST_S."""
    until = time.monotonic() + LONGEST_S
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def counted(one: Writer, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], list[int]]:
    """What is handed to a writer from now on, and the groups that it begins to write: an entry for each."""
    given, begun = list[int](), list[int]()
    put, write = one._queue.put, one._write

    def putting(job: Any) -> None:
        put(job)
        given.append(1)

    def writing(connection: Any, batch: Any) -> None:
        begun.append(len(batch))
        write(connection, batch)

    monkeypatch.setattr(one._queue, "put", putting)
    monkeypatch.setattr(one, "_write", writing)
    return given, begun


class Held:
    """Keeps the database busy, so that what is written has to wait."""

    def __init__(self, ledger: Ledger) -> None:
        self._connection = stranger(ledger)
        self._shared = isinstance(ledger.where, Shared)

    def __enter__(self) -> None:
        self._connection.execute("begin" if self._shared else "begin immediate")
        if self._shared:
            self._connection.execute("lock table lock in exclusive mode")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("rollback")
        self._connection.close()


def test_a_commit_is_on_disk_when_it_returns(ledger: Ledger, begin: Callable[[], Writer]) -> None:
    one = begin()
    for key in "abc":
        one.commit(*row(key))
        assert key in keys(ledger)


def test_rows_that_nobody_waits_for_are_gathered_until_somebody_does(
    ledger: Ledger, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LINGER_S", 3600.0)
    one = begin()
    one.send(*row("sent"))
    time.sleep(0.1)
    assert keys(ledger) == set()
    one.commit(*row("awaited"))
    assert keys(ledger) == {"sent", "awaited"}
    one.send(*row("last"))
    one.close()
    assert keys(ledger) == {"sent", "awaited", "last"}


def test_one_statement_with_other_names_each_time(ledger: Ledger, begin: Callable[[], Writer]) -> None:
    one, statement = begin(), item.insert()
    key = {"step": "s", "kind": "k", "side": "target", "pass": 1, "state": "planned"}
    for more in ({"reason": "r"}, {"name": "n", "reason": "r"}, {"name": "n"}):
        one.commit(statement, [{**key, "key": str(len(ledger.rows(select(item)))), **more}])
    rows = ledger.rows(select(item.c.name, item.c.reason, item.c.notes).order_by(item.c.key))
    assert [tuple(row) for row in rows] == [("", "r", "[]"), ("n", "r", "[]"), ("n", "", "[]")]


def test_statements_that_are_not_used_again_are_not_kept(
    ledger: Ledger, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PREPARED", 3)
    one = begin()
    for number in range(10):
        one.commit(*row(str(number)))
    assert len(keys(ledger)) == 10
    assert len(one._prepared) <= 3


def test_a_commit_waits_for_what_was_sent_before(ledger: Ledger, begin: Callable[[], Writer]) -> None:
    one = begin()
    for key in "abc":
        one.send(*row(key))
    one.commit()
    assert keys(ledger) == {"a", "b", "c"}


def test_what_is_waiting_is_one_commit(
    ledger: Ledger, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BEAT_S", 3600.0)  # a sign of life is a commit, too
    one = begin()
    commits: list[int] = []
    given, _ = counted(one, monkeypatch)
    event.listen(ledger.engine, "commit", lambda connection: commits.append(1))
    with ThreadPoolExecutor(40) as pool:
        with Held(ledger):
            waiting = [pool.submit(one.commit, *row(f"{n}")) for n in range(40)]
            wait_for(lambda: len(given) == 40)
            assert not any(each.done() for each in waiting)
        for each in waiting:
            each.result(timeout=LONGEST_S)
    assert len(keys(ledger)) == 40
    assert len(commits) <= 3  # the one that was held up, and what had come meanwhile


def test_no_group_is_larger_than_its_bound(
    ledger: Ledger, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "GROUP", 10)
    commits: list[int] = []
    one = begin()
    event.listen(ledger.engine, "commit", lambda connection: commits.append(1))
    with Held(ledger):
        for n in range(40):
            one.send(*row(f"{n}"))
    one.commit()
    assert len(keys(ledger)) == 40
    assert len(commits) >= 4


def test_who_lost_the_lock_commits_nothing(ledger: Ledger, begin: Callable[[], Writer]) -> None:
    first = begin()
    first.commit(*row("before"))
    second = begin()
    with pytest.raises(LockHeld, match="taken over"):
        first.commit(*row("after"))
    for again in (first.commit, first.send):
        with pytest.raises(LockHeld, match="taken over"):
            again(*row("later"))
    second.commit(*row("second"))
    assert keys(ledger) == {"before", "second"}


def test_who_was_unlocked_behind_its_back_commits_nothing(ledger: Ledger, begin: Callable[[], Writer]) -> None:
    one = begin()
    with ledger.engine.begin() as connection:
        connection.execute(lock.delete())
    with pytest.raises(LockHeld):
        one.commit(*row("after"))
    assert keys(ledger) == set()


def test_an_error_reaches_everyone_who_waits(
    ledger: Ledger, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BEAT_S", 3600.0)  # a sign of life is a commit, too
    one = begin()
    one.commit(*row("a"))
    given, begun = counted(one, monkeypatch)
    with ThreadPoolExecutor(20) as pool:
        with Held(ledger):
            first = pool.submit(one.commit, *row("first"))
            wait_for(lambda: begun == [1])  # what comes now is of the next group
            waiting = [pool.submit(one.commit, *row("a" if n == 5 else f"{n}")) for n in range(15)]
            wait_for(lambda: len(given) == 16)
        assert first.exception(timeout=LONGEST_S) is None
        errors = [each.exception(timeout=LONGEST_S) for each in waiting]
    assert {type(error) for error in errors} == {IntegrityError}
    assert keys(ledger) == {"a", "first"}
    with pytest.raises(IntegrityError):
        one.send(*row("later"))


def test_who_comes_after_the_end_is_not_left_waiting(ledger: Ledger, begin: Callable[[], Writer]) -> None:
    one = begin()
    one.close()
    with pytest.raises(LockHeld, match="has ended"):
        one.commit(*row("late"))
    one.close()


def test_closing_writes_what_is_waiting(ledger: Ledger, begin: Callable[[], Writer]) -> None:
    one = begin()
    with Held(ledger):
        for n in range(100):
            one.send(*row(f"{n}"))
        closing = threading.Thread(target=one.close)
        closing.start()
    closing.join(LONGEST_S)
    assert not closing.is_alive()
    assert len(keys(ledger)) == 100


def test_an_idle_writer_says_that_it_is_alive(
    ledger: Ledger, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BEAT_S", 0.02)
    begin()
    first = ledger.first(select(lock.c.beat))[0]
    wait_for(lambda: bool(ledger.first(select(lock.c.beat))[0] != first))


def test_an_idle_writer_learns_that_it_was_taken_over(
    ledger: Ledger, begin: Callable[[], Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BEAT_S", 0.02)
    one = begin()
    locks.take(ledger.engine, "other")
    one._thread.join(LONGEST_S)
    with pytest.raises(LockHeld, match="taken over"):
        one.send(*row("later"))
