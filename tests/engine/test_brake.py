"""What is asked of a running apply, and what comes of it; the clock is the test's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from cmkmigrate.engine import brake as brake_module
from cmkmigrate.engine.brake import Brake, Turns, Window, asked
from cmkmigrate.engine.observe import Board
from cmkmigrate.run.ledger import Ledger


class Sites:
    def __init__(self) -> None:
        self.shares: list[float] = []

    def share_source(self, factor: float) -> bool:
        self.shares.append(factor)
        return self.shares.count(factor) == 1


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    ledger = Ledger.create(tmp_path / "run", {"run": "r"})
    migration: Any = SimpleNamespace(sites=Sites())
    with ledger.locked("somebody"):
        yield Board(migration, ledger, {}, parallelism=4)


def said(board: Board) -> list[str]:
    found = []
    while not board.events.empty():
        event = board.events.get()
        found.append(event.text if event else "")
    return found


def test_a_pause_is_taken_and_given_back(board: Board) -> None:
    brake = Brake(board, Window())
    brake.look({"pause": "ann@host"})
    brake.look({"pause": "ann@host"})
    assert not board.go.is_set() and not board.stop.is_set()
    (line,) = said(board)
    assert "paused by ann@host" in line
    brake.look({"pause": ""})
    assert board.go.is_set() and said(board) == ["going on"]


def test_a_file_pauses_too(board: Board, tmp_path: Path) -> None:
    file = tmp_path / "hold"
    brake = Brake(board, Window(pause_file=file))
    file.touch()
    brake.look({})
    assert not board.go.is_set() and "hold" in said(board)[0]
    file.unlink()
    brake.look({})
    assert board.go.is_set()


def test_an_abort_and_the_end_of_a_window_stop_the_run(board: Board) -> None:
    Brake(board, Window()).look({"abort": "ann@host"})
    assert board.stop.is_set() and board.why == "aborted by ann@host"


def test_a_window_closes_at_its_moment(board: Board) -> None:
    now = [99.0]
    brake = Brake(board, Window(until=100.0, said="--not-after 05:30"), clock=lambda: now[0])
    brake.look({})
    assert not board.stop.is_set()
    now[0] = 100.0
    brake.look({})
    assert board.stop.is_set() and "--not-after 05:30" in board.why


def test_a_window_closes_where_the_ledger_cannot_be_read_for_a_moment(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> dict[str, str]:
        raise OperationalError("select", {}, Exception("the connection was lost"))

    monkeypatch.setattr(brake_module, "POLL_S", 0.001)
    monkeypatch.setattr(board.ledger, "meta", lost)
    now = [99.0]
    with Brake(board, Window(until=100.0, said="--not-after 05:30"), clock=lambda: now[0]):
        now[0] = 100.0
        assert board.stop.wait(20) and "--not-after 05:30" in board.why


def test_how_hard_it_works_can_be_changed(board: Board) -> None:
    brake = Brake(board, Window())
    brake.look({"parallelism": "2", "source-share": "0.1"})
    assert board.parallelism == 2 and board.migration.sites.shares == [0.1]  # type: ignore[attr-defined]
    assert len(said(board)) == 2
    brake.look({"parallelism": "2", "source-share": "0.1"})
    assert said(board) == []


def test_what_an_earlier_process_was_asked_does_not_count(board: Board) -> None:
    board.ledger.ask({"abort": "ann@host", "pause": "ann@host"})
    assert asked(board.ledger) == {"abort": "ann@host", "pause": "ann@host"}
    with Brake(board, Window()):
        assert asked(board.ledger)["abort"] == "" and board.go.is_set() and not board.stop.is_set()


def test_no_more_work_at_once_than_is_allowed_now(board: Board) -> None:
    turns, most, lock, at_work = Turns(board), [0], threading.Lock(), [0]
    board.parallelism = 2

    def work() -> None:
        with turns.turn() as mine:
            assert mine
            with lock:
                at_work[0] += 1
                most[0] = max(most[0], at_work[0])
            threading.Event().wait(0.001)
            with lock:
                at_work[0] -= 1

    threads = []
    for _ in range(20):
        assert turns.hand(0)
        threads.append(threading.Thread(target=work))
        threads[-1].start()
    for one in threads:
        one.join()
    assert 1 <= most[0] <= 2


def test_a_stop_frees_whoever_waits(board: Board) -> None:
    turns, seen = Turns(board), []
    board.go.clear()

    def work() -> None:
        with turns.turn() as mine:
            seen.append(mine)

    thread = threading.Thread(target=work)
    thread.start()
    board.stop.set()
    thread.join()
    assert seen == [False] and not turns.hand(0)
