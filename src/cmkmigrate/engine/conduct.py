"""Kinds side by side: each starts when the kinds it refers to are done; the items of a kind go in rounds.

A round takes every open item once. Items that wait for others of their kind come again in the next round; when nothing
moves any more it is a cycle, and one of them is made with a placeholder. The same driver serves preview, apply, verify.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from sqlalchemy import func, select

from cmkmigrate.engine.observe import Board, Task, key_of
from cmkmigrate.kinds import needs
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import NOTHING, Event, State
from cmkmigrate.playbook import Step, step_kinds
from cmkmigrate.run.schema import item

Work = Callable[[Task, Any], bool]  # does one item; whether anything came of it
OPEN = (State.PLANNED, State.MADE)


def conduct(board: Board, step: Step, work: Work) -> dict[str, Task]:
    """Drive every kind of a step. Raises the first OperatorError of any of them, after all have stopped."""
    kinds = board.migration.kinds
    names = step_kinds(step, kinds)
    for name in names[:1]:
        for site in (board.migration.source(), board.migration.site(step, kinds[name], board.outputs)):
            getattr(site, "cache", {}).clear()
    finished = {name: threading.Event() for name in names}
    tasks: dict[str, Task] = {}
    errors: list[BaseException] = []
    pool = ThreadPoolExecutor(board.parallelism, thread_name_prefix="item")

    def drive(name: str) -> None:
        try:
            for other in needs(kinds[name], dict(kinds)) & set(names):
                finished[other].wait()
            if not board.stop.is_set():
                task = tasks[name] = _task(board, step, kinds[name])
                _rounds(task, work, pool)
        except BaseException as error:
            errors.append(error)
            board.stop.set()
        finally:
            finished[name].set()

    threads = [threading.Thread(target=drive, args=(name,), name=f"kind-{name}") for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.shutdown()
    if errors:
        raise errors[0]
    return tasks


def _task(board: Board, step: Step, kind: Kind) -> Task:
    migration = board.migration
    settings = migration.settings(step, board.outputs)
    return Task(board, step, kind, settings, migration.source(), migration.site(step, kind, board.outputs))


def _rounds(task: Task, work: Work, pool: ThreadPoolExecutor) -> None:
    board, ledger = task.board, task.board.ledger
    lost = task.quiesce()
    task.observe()
    if lost:
        task.settle_unknown()
    total = _count(task)
    board.tell("kind", step=task.step.id, kind=task.kind.name, total=total)
    first = True
    while not board.stop.is_set():
        if not first and type(task.kind).load is Kind.load and _count(task, State.MADE):
            task.look_again()
        first = False
        moved = _round(task, work, pool)
        ledger.commit()
        if board.stop.is_set():
            return
        if _count(task, State.INTENT):
            task.quiesce()
            task.look_again()
            task.settle_unknown()
        elif not _count(task, *OPEN):
            return
        elif not moved and not _break_cycle(task):
            return


def _round(task: Task, work: Work, pool: ThreadPoolExecutor) -> bool:
    moved = False
    window: set[Future[bool]] = set()
    for row in open_rows(task):
        if task.board.stop.is_set():
            break
        while len(window) >= 2 * task.board.parallelism:
            done, window = wait(window, return_when=FIRST_COMPLETED)
            moved = any([one.result() for one in done]) or moved
        window.add(pool.submit(work, task, row))
    return any([one.result() for one in window]) or moved


def open_rows(task: Task) -> Iterator[Any]:
    """The items of a task that are still to be done, in the order of their keys."""
    i = item.c
    where = (i.step == task.step.id, i.kind == task.kind.name, i["pass"] == task.board.ledger.number)
    return task.board.ledger.pages(select(item).where(*where, i.state.in_(OPEN)), (i.key,))


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
