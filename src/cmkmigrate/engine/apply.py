"""Carries a migration out, step by step. `resume` is this same function on a run that exists."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select, update

from cmkmigrate.engine.again import Again
from cmkmigrate.engine.brake import Brake, Window
from cmkmigrate.engine.carry import Carrier
from cmkmigrate.engine.conduct import conduct, stream
from cmkmigrate.engine.drift import WRITES
from cmkmigrate.engine.lasting import Lasting
from cmkmigrate.engine.marker import Marker
from cmkmigrate.engine.migration import Migration, Outputs
from cmkmigrate.engine.observe import Board
from cmkmigrate.engine.outputs import outputs_of, skip
from cmkmigrate.engine.plan import LEFT_OUT
from cmkmigrate.engine.preflight import preflight
from cmkmigrate.errors import CallError, Fatal, Incomplete, LockHeld, OperatorError, Stopped, told
from cmkmigrate.model import Event, State
from cmkmigrate.playbook import Step
from cmkmigrate.run import locks
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from cmkmigrate.run.schema import step as steps

FAILED = (State.FAILED, State.BLOCKED, State.DRIFTED)
UNDONE = (State.PLANNED, State.INTENT, State.MADE)  # not the last word on an item
KEPT = ("begin", "phase", "step", "done", "error", "note", "pause", "go", "end")  # events that the ledger keeps
LOOK_S = 1.0  # between two looks whether a lock that is waited for is free


class AtGate(Stopped):
    """A step waits for a person's word (exit 5)."""


def holder() -> str:
    """Who works here, for people: user@host."""
    return f"{os.environ.get('USER') or os.geteuid()}@{socket.gethostname()}"


def state_home() -> Path:
    """Where this host keeps its locks: $XDG_STATE_HOME/cmkmigrate, by default under ~/.local/state."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "cmkmigrate"


def apply(
    migration: Migration,
    ledger: Ledger,
    *,
    confirm: Mapping[str, str],
    parallelism: int = 10,
    retry_failed: bool = False,
    overwrite: bool = False,
    board_out: list[Board] | None = None,
    window: Window | None = None,
    lock_timeout_s: float = 0.0,
) -> Generator[Event, None, None]:
    """Do what is left of the run, and yield what happens; the first event is "begin", when nothing is done yet. Closing
    it stops the run.

    confirm: step -> the word typed for its gate. board_out receives the board, whose `stop` ends the run in good order.
    window: when no new work is taken any more. lock_timeout_s: how long to wait for somebody else's locks of this side.
    overwrite: also what somebody else did in the target (drift.py).
    Raises LockHeld, Stopped (resumable), Incomplete (the two sides are not alike), NotAllowed, Blocked, Mistake.
    """
    with ExitStack() as held:
        until = time.monotonic() + lock_timeout_s
        state, source = state_home() / "locks", migration.source_ref.lower()
        _take(held, lambda: locks.pair(state, source, migration.identity, holder()), until)
        _take(held, lambda: ledger.locked(holder()), until)
        if int(ledger.meta().get("pass", "1")) != ledger.number:
            raise _overtaken(ledger)
        board = Board(migration, ledger, saved_outputs(ledger), parallelism=parallelism, overwrite=overwrite)
        if board_out is not None:
            board_out.append(board)
        if retry_failed:
            _retry(ledger)
        if (paces := getattr(migration.sites, "paces", None)) is not None:
            paces.told = lambda text: board.tell("note", text=text)
        before = sum(row.number for row in progress(ledger) if row.state not in UNDONE)
        brake = held.enter_context(Brake(board, window or Window(), before=before))
        begin = Event(time.time(), "begin", text=f"{holder()} is at work on this run")
        ledger.put_event(begin)
        yield begin
        for event in stream(board, lambda: _run(board, brake, confirm, held)):
            if event.what in KEPT or (event.what == "item" and event.state in FAILED):
                ledger.put_event(event)
            yield event


def _take(held: ExitStack, lock: Callable[[], AbstractContextManager[None]], until: float) -> None:
    """Take a lock; wait for it until then (of time.monotonic()) where somebody else has it. Raises LockHeld."""
    while True:
        try:
            held.enter_context(lock())
            return
        except LockHeld:
            if time.monotonic() >= until:
                raise
        time.sleep(LOOK_S)


def _run(board: Board, brake: Brake, confirm: Mapping[str, str], held: ExitStack) -> None:
    ledger, migration = board.ledger, board.migration
    done = {row.id: row for row in ledger.rows(select(steps).where(steps.c["pass"] == ledger.number))}
    marker: Marker | None = None
    lasting = Lasting(board)
    if not done:
        board.tell("phase", text="preflight")
        preflight(migration, ledger)
    for step in migration.playbook.steps:
        if step.id in done and done[step.id].state in ("done", "skipped"):
            continue
        why = skip(board, step)
        if why:
            _save(board, step, "skipped", why)
            board.tell("done", step=step.id, state="skipped", text=why)
            continue
        brake.hold(step.id)
        _go_on(board)
        _gate(board, step, confirm)
        board.tell("step", step=step.id)
        _save(board, step, "running")
        if marker is None and any(migration.kinds[name].at == "workspace" for name in _names(board, step)):
            target = migration.target(board.outputs)
            marker = _marker(ledger, target)
            held.callback(marker.release)
        guard = _guard(lasting, marker, ledger)
        with _told(board, step):
            tasks = conduct(board, step, Again(guard) if step.again else Carrier(guard))
        _go_on(board)
        with _told(board, step):
            board.unseen.finish()
            _judge(board, step)
            board.outputs[step.id] = outputs_of(board, step, tasks)
        _save(board, step, "done")
        board.tell("done", step=step.id, state="done")
    stays = ""
    if marker is None and done and _moves(board):  # killed between its last step and its end
        marker = _marker(ledger, migration.target(board.outputs))
        stays = marker.clear()
    elif marker is not None:
        stays = marker.clear() if done else marker.release()
    if marker is not None and stays:
        said = f"the run's marker may still be there and keep other runs out: delete {marker.where} ({stays})"
        board.tell("note", text=said)
    ledger.set_meta("finished", str(time.time()))
    board.tell("end")


def _go_on(board: Board) -> None:
    """Raises Stopped where somebody, or a window, has stopped the run."""
    if board.stop.is_set():
        raise Stopped(
            "stopped in good order",
            subject=str(board.ledger.directory),
            why=board.why,
            next=f"cmkmigrate resume {board.ledger.directory}",
        )


@contextmanager
def _told(board: Board, step: Step) -> Iterator[None]:
    """Tell what a step ended with early."""
    try:
        yield
    except (OperatorError, CallError) as error:
        board.tell("error", step=step.id, text=told(error))
        raise


def _guard(lasting: Lasting, marker: Marker | None, ledger: Ledger) -> Callable[[], None]:
    """What is asked before each write: what it stands on, and of a workspace whose it is."""

    def guard() -> None:
        lasting.guard()
        if marker is None:
            return
        try:
            marker.guard()
        except Fatal:
            ledger.commit()  # LockHeld where the run was taken over: no copy is old then, a later process is at work
            raise

    return guard


def _marker(ledger: Ledger, target: Any) -> Marker:
    meta = ledger.meta()
    about = {name: meta.get(name, "") for name in ("identity", "created")}
    return Marker(target, meta["run"], holder(), locks.serial(ledger.engine), about)


def _moves(board: Board) -> bool:
    kinds = board.migration.kinds
    return any(kinds[name].at == "workspace" for step in board.migration.playbook.steps for name in _names(board, step))


def _names(board: Board, step: Step) -> list[str]:
    from cmkmigrate.playbook import step_kinds

    return step_kinds(step, board.migration.kinds)


def _gate(board: Board, step: Step, confirm: Mapping[str, str]) -> None:
    word = board.migration.gate(step, board.outputs)
    if word and confirm.get(step.id) != word:
        given = f"{confirm[step.id]!r} is not {word!r}" if step.id in confirm else "a person has to agree to it"
        raise AtGate(
            f"step {step.id!r} waits for a word",
            why=given,
            next=f"cmkmigrate resume {board.ledger.directory} --confirm {step.id}={word}",
        )


def _judge(board: Board, step: Step) -> None:
    """A step that provisions, or is of one kind alone, must succeed as a whole: later steps stand on it."""
    kinds = [board.migration.kinds[name] for name in _names(board, step)]
    if all(kind.at == "workspace" and not kind.alone for kind in kinds):
        return
    i = item.c
    where = (i.step == step.id, i["pass"] == board.ledger.number, i.state.in_(FAILED))
    row = board.ledger.first(select(item).where(*where).order_by(i.key))
    if row:
        again = f"mend it, then: cmkmigrate resume {board.ledger.directory} --retry-failed"
        # What differs is a finding; what was not made leaves the rest undone.
        ends = Stopped if any(kind.at != "workspace" for kind in kinds) else Incomplete
        raise ends(f"step {step.id!r} failed", subject=f"{row.kind} {row.key}", why=row.reason, next=again)


def _save(board: Board, step: Step, state: str, reason: str = "") -> None:
    outputs = json.dumps(board.outputs.get(step.id, {}))
    values = {"id": step.id, "pass": board.ledger.number, "state": state, "reason": reason, "outputs": outputs}
    statement = board.ledger.upsert(steps).values(values)
    board.ledger.commit(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def saved_outputs(ledger: Ledger) -> Outputs:
    """What finished steps gave, as the ledger has it."""
    rows = ledger.rows(select(steps.c.id, steps.c.outputs, steps.c.state))
    return {row.id: json.loads(row.outputs) for row in rows if row.state != "running"}


def _retry(ledger: Ledger) -> None:
    """Plan what failed anew, and what was made without it, and open the steps that these belong to."""
    i = item.c
    lacking = (i.state == State.DONE) & i.notes.contains(LEFT_OUT)
    where = (i["pass"] == ledger.number, i.state.in_(FAILED) | lacking)
    again = select(i.step).where(*where).distinct()
    ledger.set_meta("finished", "")  # first: killed after the others it would count as finished, with things to do
    ledger.send(update(steps).where(steps.c.id.in_(again)).values(state="running"))
    ledger.commit(update(item).where(*where).values(state=State.PLANNED, tries=0))


def another_pass(ledger: Ledger, meta: Mapping[str, str] = MappingProxyType({})) -> None:
    """Begin the next pass of a finished run: everything is looked at again, and only what differs is written.

    meta: facts of the run that change with it. Raises LockHeld, also where somebody else has begun it already.
    """
    with ledger.locked(holder()):
        if ledger.unfinished() or int(ledger.meta().get("pass", "1")) != ledger.number:
            raise _overtaken(ledger)
        ledger.set_metas({**meta, "pass": str(ledger.number + 1), "finished": ""})
    ledger.number += 1


def _overtaken(ledger: Ledger) -> LockHeld:
    next = f"cmkmigrate status {ledger.directory}"
    return LockHeld("somebody else has begun another pass of this run", subject=str(ledger.directory), next=next)


def written(ledger: Ledger) -> int:
    """How many things were written in this pass."""
    where = (item.c["pass"] == ledger.number, item.c.do.in_(WRITES))
    return int(ledger.first(select(func.count()).select_from(item).where(*where))[0])


def progress(ledger: Ledger) -> list[Any]:
    """(step, kind, state, number) of this pass."""
    i = item.c
    groups = (i.step, i.kind, i.state)
    return ledger.rows(
        select(*groups, func.count().label("number")).where(i["pass"] == ledger.number).group_by(*groups)
    )
