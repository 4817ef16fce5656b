"""Kinds side by side: each starts when the kinds it refers to are done; the items of a kind go in rounds.

Parts (an ACL) do not wait for all of their parents: what is there already is followed up while the rest is being made.

A round takes every open item once. Items that wait for others of their kind come again in the next round; when nothing
moves any more it is a cycle, and one of them is made with a placeholder. The same driver serves preview, apply, verify.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from sqlalchemy import func, select

from cmkmigrate.engine.observe import Board, Task, key_of
from cmkmigrate.engine.unknown import settle_unknown
from cmkmigrate.kinds import needs
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import NOTHING, Event, State
from cmkmigrate.playbook import Step, step_kinds
from cmkmigrate.run.ledger import PAGE
from cmkmigrate.run.schema import entry, item

Work = Callable[[Task, Any], bool]  # does one item; whether anything came of it
OPEN = (State.PLANNED, State.MADE)
FOLLOW_S = (
    0.5  # how long parts wait for more of their parents, at least; a listing that takes long is repeated less often
)


def conduct(board: Board, step: Step, work: Work) -> dict[str, Task]:
    """Drive every kind of a step. Raises the first OperatorError of any of them, after all have stopped."""
    kinds = board.migration.kinds
    names = step_kinds(step, kinds)
    for name in names[:1]:
        for site in (board.migration.source(), board.migration.site(step, kinds[name], board.outputs)):
            getattr(site, "cache", {}).clear()
    crew = _Crew(board, step, work, names)
    threads = [threading.Thread(target=crew.drive, args=(name,), name=f"kind-{name}") for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    crew.pool.shutdown()
    if crew.errors:
        raise crew.errors[0]
    return crew.tasks


class _Crew:
    """One thread for each kind of a step, and one pool for the items of all."""

    def __init__(self, board: Board, step: Step, work: Work, names: list[str]) -> None:
        self.board, self.step, self.work = board, step, work
        self.kinds = dict(board.migration.kinds)
        self.listed = {name: threading.Event() for name in names}  # its source
        self.finished = {name: threading.Event() for name in names}
        self.tasks: dict[str, Task] = {}
        self.errors: list[BaseException] = []
        self.pool = ThreadPoolExecutor(board.parallelism, thread_name_prefix="item")

    def drive(self, name: str) -> None:
        """List the source as soon as may be, wait for the kinds that this one refers to, do its items."""
        kind = self.kinds[name]
        part = kind.create is None and bool(kind.parents)
        try:
            self._wait(self.listed, set(kind.parents))
            if not self.board.stop.is_set():
                task = self.tasks[name] = self._task(kind)
                task.list_source()
            self.listed[name].set()
            self._wait(self.finished, needs(kind, self.kinds) - (set(kind.parents) if part else set()))
            if not self.board.stop.is_set():
                self._do(task, set(kind.parents) if part else set())
        except BaseException as error:
            self.errors.append(error)
            self.board.stop.set()
        finally:
            self.listed[name].set()
            self.finished[name].set()

    def _task(self, kind: Kind) -> Task:
        migration, outputs = self.board.migration, self.board.outputs
        settings = migration.settings(self.step, outputs)
        return Task(self.board, self.step, kind, settings, migration.source(), migration.site(self.step, kind, outputs))

    def _wait(self, events: dict[str, threading.Event], names: set[str]) -> None:
        for name in names & events.keys():
            events[name].wait()

    def _do(self, task: Task, parents: set[str]) -> None:
        board = task.board
        lost = task.quiesce()
        task.list_target()
        task.make_items()
        if lost:
            settle_unknown(task)
        board.tell("kind", step=task.step.id, kind=task.kind.name, total=_count(task))
        if parents & self.finished.keys():
            self._follow(task, parents)
        first = True
        while not board.stop.is_set():
            if not first and type(task.kind).load is Kind.load and _count(task, State.MADE):
                task.look_again()
            first = False
            moved = self._round(task)
            board.ledger.commit()
            if board.stop.is_set():
                return
            if _count(task, State.INTENT):
                task.quiesce()
                task.look_again()
                settle_unknown(task)
            elif not _count(task, *OPEN) or not (moved or _break_cycle(task)):
                return

    def _follow(self, task: Task, parents: set[str]) -> None:
        """Do the parts of what is there already, while their parents are still being made."""
        board = task.board
        while not board.stop.is_set():
            ending = self._all_finished(parents)
            began = time.monotonic()
            task.list_target()  # through the parents, which are listed again where new ones have no ids yet
            if ending:
                return
            cost = time.monotonic() - began
            self._round(task, there=True)
            board.ledger.commit()
            again = time.monotonic() + max(FOLLOW_S, 4 * cost)
            while time.monotonic() < again and not self._all_finished(parents) and not board.stop.wait(FOLLOW_S / 2):
                pass

    def _all_finished(self, names: set[str]) -> bool:
        return all(self.finished[name].is_set() for name in names & self.finished.keys())

    def _round(self, task: Task, *, there: bool = False) -> bool:
        moved = False
        window: set[Future[bool]] = set()
        for row in open_rows(task, there=there):
            if task.board.stop.is_set():
                break
            while len(window) >= 2 * task.board.parallelism:
                done, window = wait(window, return_when=FIRST_COMPLETED)
                moved = _any(done) or moved
            window.add(self.pool.submit(self.work, task, row))
        return _any(window) or moved


def _any(futures: set[Future[bool]]) -> bool:
    """Whether anything came of any; every result is fetched, so that no error is lost."""
    results = [one.result() for one in futures]
    return True in results


def open_rows(task: Task, *, there: bool = False) -> Iterator[Any]:
    """The items of a task that are still to be done, in the order of their keys. there: the target has them already."""
    i, e = item.c, entry.c
    where = [i.step == task.step.id, i.kind == task.kind.name, i["pass"] == task.board.ledger.number, i.state.in_(OPEN)]
    if there:
        where.append(select(e.id).where(e.side == "target", e.kind == i.kind, e.key == i.key, e.planned == 0).exists())
    rows = task.board.ledger.pages(select(item).where(*where), (i.key,))
    while page := list(itertools.islice(rows, PAGE)):
        task.board.names.preload(task.kind.name, [row.key for row in page])
        yield from page


def _count(task: Task, *states: State) -> int:
    i = item.c
    where = [i.step == task.step.id, i.kind == task.kind.name, i["pass"] == task.board.ledger.number]
    if states:
        where.append(i.state.in_(states))
    return int(task.board.ledger.first(select(func.count()).select_from(item).where(*where))[0])


def _break_cycle(task: Task) -> bool:
    """Let one more item be made with a placeholder; block what is left where that cannot be."""
    breakable = any(ref.placeholder is not NOTHING for ref in task.kind.refs)
    for row in open_rows(task):
        if breakable and row.key not in task.placeholders:
            task.placeholders.add(row.key)
            return True
    for row in open_rows(task):
        reason = "waits for something that was never made"
        task.board.ledger.set_item({**key_of(row), "state": State.BLOCKED, "do": "block", "reason": reason})
    task.board.ledger.commit()
    return False


def stream(board: Board, run: Callable[[], None]) -> Iterator[Event]:
    """Run in the background and yield what it tells; raises what it raises. Closing the iterator stops the run."""
    error: list[BaseException] = []

    def background() -> None:
        try:
            run()
        except BaseException as caught:
            error.append(caught)
        finally:
            board.events.put(None)

    thread = threading.Thread(target=background, name="run")
    thread.start()
    try:
        while (one := board.events.get()) is not None:
            yield one
    finally:
        if thread.is_alive():
            board.stop.set()
        thread.join()
    if error:
        raise error[0]
