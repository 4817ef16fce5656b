"""Kinds side by side: each starts when what it refers to is made; the items of a kind go in rounds.

Parts (an ACL) do not wait for all of their parents: what is there already is followed up while the rest is being made.

A round takes every open item once. Items that wait for others of their kind come again in the next round; when nothing
moves any more it is a cycle, and one of it is made with a placeholder. By then whatever cannot be made, and whatever
cannot without it, is known and blocked; but for what the service refuses, nothing is half made. The same driver serves
preview, apply, verify.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select

from cmkmigrate.clients import room
from cmkmigrate.engine.brake import Turns
from cmkmigrate.engine.observe import Board, Task, key_of
from cmkmigrate.engine.unknown import settle_unknown
from cmkmigrate.kinds import needs
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import MOST, NOTHING, Event, State
from cmkmigrate.playbook import Step, step_kinds
from cmkmigrate.run.ledger import PAGE
from cmkmigrate.run.schema import entry, item

Work = Callable[[Task, Any], bool]  # does one item; whether anything came of it
OPEN = (State.PLANNED, State.MADE)
FOLLOW_S = 0.5  # how long parts wait for more of their parents, at least; four times as long as looking for them takes
LOOKS = 3  # how often what was made and is not listed is looked for again, a little longer after each
GONE = "gone from the source since the last pass; it stays in the target until you delete it there"
OVERLAP_NS = 1_000_000_000  # what is noted as seen at one moment is on disk a little later


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
    if crew.errors:
        raise crew.errors[0]
    return crew.tasks


class _Crew:
    """One thread for each kind of a step, and threads for its items, so that no kind stands behind another."""

    def __init__(self, board: Board, step: Step, work: Work, names: list[str]) -> None:
        self.board, self.step, self.work = board, step, work
        self.kinds = dict(board.migration.kinds)
        self.listed = {name: threading.Event() for name in names}  # its source
        self.looked = {name: threading.Event() for name in names}  # its target, as it was before
        self.made = {name: threading.Event() for name in names}  # all that will be: others can refer to it
        self.finished = {name: threading.Event() for name in names}
        self.tasks: dict[str, Task] = {}
        self.errors: list[BaseException] = []
        self.began = board.ledger.now_ns()

    def drive(self, name: str) -> None:
        """List the source as soon as may be, wait until what this one refers to is made, do its items."""
        kind = self.kinds[name]
        part = kind.create is None and bool(kind.parents) and not kind.unsupported
        try:
            self._wait(self.listed, set(kind.parents))
            if not self.board.stop.is_set():
                task = self.tasks[name] = self._task(kind)
                task.list_source()
            self.listed[name].set()
            self._wait(self.made, needs(kind, self.kinds) - set(kind.parents))
            if not part:
                self._wait(self.looked, set(kind.parents))
            if not self.board.stop.is_set():
                self._do(task, set(kind.parents) & self.finished.keys(), part)
        except BaseException as error:
            self.errors.append(error)
            self.board.stop.set()
        finally:
            for events in (self.listed, self.looked, self.made, self.finished):
                events[name].set()

    def _task(self, kind: Kind) -> Task:
        migration, outputs = self.board.migration, self.board.outputs
        settings = migration.settings(self.step, outputs)
        return Task(self.board, self.step, kind, settings, migration.source(), migration.site(self.step, kind, outputs))

    def _wait(self, events: dict[str, threading.Event], names: set[str]) -> None:
        for name in names & events.keys():
            events[name].wait()

    def _do(self, task: Task, parents: set[str], part: bool) -> None:
        board = task.board
        lost = task.quiesce()
        if parents and part:
            board.names.replace("target", task.kind.name, [])  # it comes with its parents
        else:
            task.list_target()
        self.looked[task.kind.name].set()
        task.make_items()
        for key in task.gone():
            board.tell("note", step=task.step.id, kind=task.kind.name, key=key, text=GONE)
        if lost:
            settle_unknown(task)
        board.tell("kind", step=task.step.id, kind=task.kind.name, total=_count(task))
        with ThreadPoolExecutor(MOST, thread_name_prefix=task.kind.name) as pool:
            if parents and part:
                self._follow(task, parents, pool)
            elif parents and not task.kind.unsupported:
                self._keep_up(task, parents, pool)
            self._rounds(task, pool)

    def _rounds(self, task: Task, pool: ThreadPoolExecutor) -> None:
        board, first, looks = task.board, True, 0
        while not board.stop.is_set():
            if not first and type(task.kind).load is Kind.load and _count(task, State.MADE):
                task.look_again()
            first = False
            moved, _ = self._round(task, pool)
            board.ledger.commit()
            if board.stop.is_set():
                return
            if _count(task, State.INTENT):
                task.quiesce()
                task.look_again()
                settle_unknown(task)
            elif not _count(task, *OPEN):
                return
            elif not moved and looks < LOOKS and (board.unseen.hidden(set(task.kind.parents)) or _hidden(task)):
                looks += 1  # made, and the listing did not show it: it may yet
                board.stop.wait(looks * FOLLOW_S)
                task.list_target()
            elif not (moved or _break_cycle(task)):
                return
            elif type(task.kind).settle is Kind.settle and not _count(task, State.PLANNED):
                self.made[task.kind.name].set()  # what is left is said to things that are there

    def _keep_up(self, task: Task, parents: set[str], pool: ThreadPoolExecutor) -> None:
        """Make what is in a thing that is there already, while other such things are still being made."""
        while not self.board.stop.is_set() and not self._all(self.made, parents):
            _, cost = self._round(task, pool, there="of")
            self.board.ledger.commit()
            self._rest(max(FOLLOW_S / 5, 4 * cost), self.made, parents)

    def _follow(self, task: Task, parents: set[str], pool: ThreadPoolExecutor) -> None:
        """Do the parts of what is there already, while their parents are still being made."""
        board, names = task.board, task.board.names
        since = {name: self.began if name in parents else 0 for name in task.kind.parents}
        while not board.stop.is_set():
            if self._all(self.finished, parents):
                return task.list_target()  # whole, whatever was seen on the way
            board.unseen.look(only=board.unseen.complete, kinds=parents)
            board.ledger.commit()
            began, now = time.monotonic(), board.ledger.now_ns() - OVERLAP_NS
            task.list_parts({name: names.since("target", name, at) for name, at in since.items()})
            since = dict.fromkeys(since, now)
            listing = time.monotonic() - began
            _, cost = self._round(task, pool, there="self", at_once=max(2, board.parallelism // 3))  # parents go first
            board.ledger.commit()
            self._rest(max(FOLLOW_S, 4 * (listing + cost)), self.finished, parents)

    def _rest(self, seconds: float, events: dict[str, threading.Event], names: set[str]) -> None:
        """Let `seconds` go by, or less when the parents come to their end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._all(events, names) and not self.board.stop.wait(FOLLOW_S / 5):
            pass

    def _all(self, events: dict[str, threading.Event], names: set[str]) -> bool:
        return all(events[name].is_set() for name in names)

    def _round(self, task: Task, pool: ThreadPoolExecutor, *, there: str = "", at_once: int = 0) -> tuple[bool, float]:
        """Take every open item once; whether anything came of any, and how long finding them took (seconds).

        at_once: 0 is as many as the pool takes.
        """
        under_way: deque[Future[bool]] = deque()
        turns = Turns(task.board)
        moved, looking = False, 0.0
        rows = open_rows(task, there=there)
        while True:
            began = time.monotonic()
            row = next(rows, None)
            looking += time.monotonic() - began
            if row is None:
                break
            if not turns.hand(at_once):
                break
            under_way.append(pool.submit(self._one, task, row, turns))
            while under_way and under_way[0].done():
                moved = under_way.popleft().result() or moved
        for one in under_way:
            moved = one.result() or moved
        return moved, looking

    def _one(self, task: Task, row: Any, turns: Turns) -> bool:
        with turns.turn() as mine, room.for_item():
            try:
                return mine and self.work(task, row)
            except BaseException as error:
                self.errors.append(error)
                self.board.stop.set()
                return False


def open_rows(task: Task, *, there: str = "") -> Iterator[Any]:
    """The items of a task that are still to be done, in the order of their keys.

    there: only those that the target has already ("self"), or whose folder, scope and so on it has ("of").
    """
    i, e = item.c, entry.c
    where = [i.step == task.step.id, i.kind == task.kind.name, i["pass"] == task.board.ledger.number, i.state.in_(OPEN)]
    if there == "self":
        where.append(select(e.id).where(e.side == "target", e.kind == i.kind, e.key == i.key, e.planned == 0).exists())
    elif there == "of":
        of = entry.alias("of").c
        same = (e.side == "source", e.kind == i.kind, e.key == i.key)
        where.append(select(e.id).where(*same, of.side == "target", of.kind == e.of_kind, of.key == e.of_key).exists())
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


def _hidden(task: Task) -> bool:
    """Whether something was made that the listing of its own kind does not show."""
    return task.kind.at == "workspace" and task.kind.create is not None and _count(task, State.MADE) > 0


def _break_cycle(task: Task) -> bool:
    """Give up what cannot be; else let one item of each cycle be made with a placeholder; block what is left where that
    cannot be."""
    if doomed := task.doomed - task.given_up:
        task.given_up |= doomed
        return True
    breakable = any(ref.placeholder is not NOTHING for ref in task.kind.refs)
    first = [min(left) for cycle in cycles(task.waits) if (left := set(cycle) - task.placeholders)]
    if breakable and first:
        task.placeholders.update(first)
        return True
    for row in open_rows(task):
        hidden = row.state == State.MADE or task.board.unseen.hidden(set(task.kind.parents))
        reason = "waits for something that was " + (
            "made, and the service does not list it" if hidden else "never made"
        )
        task.board.ledger.set_item({**key_of(row), "state": State.BLOCKED, "do": "block", "reason": reason})
        task.board.tell("item", step=row.step, kind=row.kind, key=row.key, state=str(State.BLOCKED), text=reason)
    task.board.ledger.commit()
    return False


def cycles(waits: Mapping[str, str]) -> Iterator[list[str]]:
    """The cycles among things of which each waits for one other; what waits for a cycle is in none."""
    seen: set[str] = set()
    for start in sorted(waits):
        path: list[str] = []
        at = start
        while at in waits and at not in seen:
            seen.add(at)
            path.append(at)
            at = waits[at]
        if at in path:
            yield path[path.index(at) :]


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
