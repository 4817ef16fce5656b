"""What a reference points at, in this run: there, not yet made, or nothing, and why."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from cmkmigrate.engine.names import REMEMBERED
from cmkmigrate.engine.observe import Task
from cmkmigrate.model import State
from cmkmigrate.portable import Link
from cmkmigrate.run.schema import item

LAST = (State.DONE, State.EXCLUDED, State.UNSUPPORTED, State.FAILED, State.BLOCKED, State.DRIFTED)
_PASS = list(item.c.keys()).index("pass")
# All steps of the run: they come first in the table's key, and without them all of it is read.
_STEPS: Any = bindparam("steps", expanding=True)
_FATE = (  # built once, asked for every reference
    select(item)
    .where(item.c.step.in_(_STEPS), item.c.kind == bindparam("kind"), item.c.key == bindparam("key"))
    .order_by(item.c.at.desc())
    .limit(1)
)


def problem(task: Task, link: Link) -> tuple[str, str]:
    """(what is wrong with a reference, what it waits for)."""
    kinds, ref = task.board.migration.kinds, link.ref
    known = [target for target in ref.targets if target in kinds]
    if not known:
        return f"refers to {' or '.join(ref.targets)} {link.value!r}, which this version does not move", ""
    if ref.form == "prefix":
        return _path_problem(task, link, known), ""
    if ref.form == "id" and not link.kind:
        return f"refers to {' or '.join(ref.targets)} {link.value!r}, which the source does not have", ""
    candidates = [link.kind] if ref.form == "id" else known
    for name in candidates:
        key = link.key if ref.form == "id" else kinds[name].as_key(str(link.value))
        row = task.board.names.find("target", name, key)
        if row is not None and (row.id or row.planned or ref.form == "key"):
            return "", ""
    for name in candidates:
        key = link.key if ref.form == "id" else kinds[name].as_key(str(link.value))
        said, wait = _absent(task, name, key)
        if said or wait:
            return said, wait
    return f"refers to {' or '.join(known)} {link.value!r}, which is not in the target, and not among what is moved", ""


def _absent(task: Task, kind: str, key: str) -> tuple[str, str]:
    """Why something of the source is not in the target (yet)."""
    kinds = task.board.migration.kinds
    if kinds[kind].unsupported:
        return f"refers to {kind} {key!r}: {kinds[kind].unsupported}", ""
    fate = fate_of(task, kind, key)
    if fate is None:
        there = task.board.names.find("source", kind, key) is not None
        return (f"refers to {kind} {key!r}, which is not in the target", "") if there else ("", "")
    if fate.state in (State.PLANNED, State.INTENT, State.MADE, State.DONE):  # done: since the look above
        return "", f"{kind} {key!r} is not made yet"
    return f"refers to {kind} {key!r}, which is {fate.state}: {fate.reason}", ""


def _path_problem(task: Task, link: Link, known: list[str]) -> str:
    kinds = task.board.migration.kinds
    path = str(link.value)
    for side in ("target", "source"):
        for name in known:
            one = kinds[name].as_key(path)
            while one not in ("", "/", "."):
                if task.board.names.find(side, name, one):
                    return ""
                one = posixpath.dirname(one)
    return f"{path!r} is a path to nothing, in the source too"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a thing of this run. ours: this run made it."""

    state: State
    reason: str
    ours: int


def fate_of(task: Task, kind: str, key: str) -> Fate | None:
    """What became of another thing of this run, in the newest step if several have it; None: it is in none."""
    known: Fate | None = task.board.fates.get((kind, key))
    if known is not None:
        return known
    steps = [step.id for step in task.board.migration.playbook.steps]
    row = task.board.ledger.first(_FATE, {"steps": steps, "kind": kind, "key": key})
    if row is None:
        return None
    fate = Fate(State(row.state), row.reason, row.ours)
    if fate.state in LAST and row[_PASS] == task.board.ledger.number:
        remember_fate(task, kind, key, fate)
    return fate


def remember_fate(task: Task, kind: str, key: str, fate: Fate) -> None:
    """Keep what will not change in this pass."""
    if len(task.board.fates) >= REMEMBERED:
        task.board.fates.clear()
    task.board.fates[kind, key] = fate
