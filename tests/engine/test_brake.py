"""What is asked of a running apply, and what comes of it; the clock is the test's."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from cmkmigrate.engine import brake as brake_module
from cmkmigrate.engine.brake import RELEASE, Brake, End, Turns, Window, asked, hand
from cmkmigrate.engine.observe import Board
from cmkmigrate.errors import Fatal, NotAllowed
from cmkmigrate.run import locks, seal
from cmkmigrate.run.ledger import Ledger


class Sites:
    def __init__(self) -> None:
        self.shares: list[float] = []

    def source_share(self) -> float:
        return self.shares[-1] if self.shares else float("inf")

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
    brake = Brake(board, Window((End(100.0, "--not-after 05:30"),)), clock=lambda: now[0])
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
    with Brake(board, Window((End(100.0, "--not-after 05:30"),)), clock=lambda: now[0]):
        now[0] = 100.0
        assert board.stop.wait(120) and "--not-after 05:30" in board.why


@pytest.mark.parametrize("lost", [NotAllowed("the shared state lets this role not in"), Fatal("the run is gone")])
def test_a_window_closes_whatever_the_ledger_says(
    lost: Exception, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing() -> dict[str, str]:
        raise lost

    monkeypatch.setattr(brake_module, "POLL_S", 0.001)
    monkeypatch.setattr(board.ledger, "meta", refusing)
    now = [99.0]
    with Brake(board, Window((End(100.0, "--not-after 05:30"),)), clock=lambda: now[0]):
        time.sleep(0.05)
        now[0] = 100.0
        assert board.stop.wait(20)


def test_a_file_that_cannot_be_looked_for_pauses_and_the_window_closes_all_the_same(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake_module, "POLL_S", 0.001)
    now, file = [99.0], tmp_path / ("x" * 300)  # a name that no file can have: as of a share that is gone
    with Brake(board, Window((End(100.0, "--not-after 05:30"),), file), clock=lambda: now[0]):
        assert until(lambda: not board.go.is_set())
        assert "cannot be looked for (File name too long)" in said(board)[0]
        now[0] = 100.0
        assert board.stop.wait(20) and "--not-after 05:30" in board.why


def test_a_file_that_cannot_be_looked_for_releases_nothing(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake_module, "POLL_S", 0.001)
    with Brake(board, Window(hold_before=("cutover",), release_file=tmp_path / ("x" * 300))) as brake:
        thread = threading.Thread(target=brake.hold, args=("cutover",))
        thread.start()
        assert until(lambda: noted(board).held_before == "cutover")
        time.sleep(0.05)
        assert thread.is_alive()
        board.ledger.ask({RELEASE: "ann@host"})
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_a_duration_does_not_go_by_a_clock_that_people_set(board: Board, jump: float) -> None:
    wall, steady = [1e9], [50.0]
    window = Window((End(150.0, "--max-duration 100s", steady=True),))
    brake = Brake(board, window, clock=lambda: wall[0], steady=lambda: steady[0])
    wall[0] += jump
    steady[0] = 149.0
    brake.look({})
    assert not board.stop.is_set()
    steady[0] = 150.0
    brake.look({})
    assert board.stop.is_set() and "--max-duration 100s" in board.why


def noted(board: Board) -> Any:
    found = hand(board.ledger.meta())
    assert found is not None
    return found


def test_what_holds_is_noted(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    wall, steady = [1e9], [50.0]
    window = Window((End(1e9 + 900, "--not-after 05:30"), End(150.0, "--max-duration 100s", steady=True)))
    monkeypatch.setattr(board.ledger, "now", lambda: steady[0] + 1000)
    brake = Brake(board, window, clock=lambda: wall[0], steady=lambda: steady[0], before=7)
    brake.look({})
    first = noted(board)
    assert (first.began, first.parallelism, first.source_share, first.before) == (1050.0, 4, None, 7)
    assert (first.ends, first.ends_said) == (1150.0, "--max-duration 100s"), "the earlier end"
    wall[0], steady[0] = 1e9 + 10, 60.0
    brake.look({"pause": "ann@host", "parallelism": "2", "source-share": "0.1"})
    paused = noted(board)
    assert (paused.paused_by, paused.paused_since, paused.parallelism, paused.source_share) == (
        "ann@host", 1060.0, 2, 0.1,
    )  # fmt: skip
    wall[0], steady[0] = 0.0, 90.0  # the clock on the wall is set back
    brake.look({})
    assert (noted(board).paused_by, noted(board).paused_since, noted(board).paused_s) == ("", 0.0, 30.0)


def test_a_step_is_held_until_it_is_released(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake_module, "POLL_S", 0.001)
    passed: list[str] = []
    with Brake(board, Window(hold_before=("cutover", "last"))) as brake:

        def steps() -> None:
            for step in ("first", "cutover", "last"):
                brake.hold(step)
                passed.append(step)

        thread = threading.Thread(target=steps)
        thread.start()
        for step, before in (("cutover", ["first"]), ("last", ["first", "cutover"])):
            assert until(lambda step=step: noted(board).held_before == step)  # type: ignore[misc]
            assert noted(board).paused_by == f"the hold before step {step}" and passed == before
            threading.Event().wait(0.2)  # many looks later
            assert passed == before, "it was released once, for one step"
            board.ledger.ask({RELEASE: "ann@host"})
            assert until(lambda step=step: step in passed)  # type: ignore[misc]
        thread.join()
    told = said(board)
    assert sum("is released by ann@host" in line for line in told) == 2, told


def until(what: Callable[[], bool]) -> bool:
    """Whether it comes to be within a while."""
    for _ in range(20_000):
        if what():
            return True
        threading.Event().wait(0.001)
    return False


def test_a_file_releases_and_a_stop_ends_the_wait(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake_module, "POLL_S", 0.001)
    file = tmp_path / "go"
    with Brake(board, Window(hold_before=("cutover",), release_file=file)) as brake:
        thread = threading.Thread(target=brake.hold, args=("cutover",))
        thread.start()
        assert until(lambda: noted(board).held_before == "cutover")
        file.touch()
        thread.join(120)
        assert not thread.is_alive()
        file.unlink()
        board.stop.set()
        brake.hold("cutover")  # comes back


def test_how_hard_it_works_can_be_changed(board: Board) -> None:
    brake = Brake(board, Window())
    brake.look({"parallelism": "2", "source-share": "0.1"})
    assert board.parallelism == 2 and board.migration.sites.shares == [0.1]  # type: ignore[attr-defined]
    assert len(said(board)) == 2
    brake.look({"parallelism": "2", "source-share": "0.1"})
    assert said(board) == []


def test_what_an_earlier_process_was_asked_does_not_count(board: Board) -> None:
    board.ledger.ask({"abort": "ann@host", "pause": "ann@host"})
    locks.take(board.ledger.engine, "ann@host", force=True)
    assert asked(board.ledger)["abort"] == "ann@host", "who takes his own lock anew is the one that was asked"
    with sqlite3.connect(board.ledger.directory / "ledger.db") as other:
        seal.connect(other)
        other.execute("update lock set pid = 1")
    locks.take(board.ledger.engine, "somebody", force=True)
    assert set(asked(board.ledger).values()) == {""}


def test_what_is_asked_of_one_who_has_just_begun_counts(board: Board) -> None:
    """From the moment at which he has the lock; before he looks for the first time."""
    board.ledger.ask({"pause": "ann@host"})
    with Brake(board, Window()):
        assert until(lambda: not board.go.is_set())


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
