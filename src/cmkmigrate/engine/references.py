"""What a reference points at, in this run: there, not yet made, or nothing, and why."""

from __future__ import annotations

import posixpath
from typing import Any

from sqlalchemy import bindparam, select

from cmkmigrate.engine.names import REMEMBERED
from cmkmigrate.engine.observe import Task
from cmkmigrate.model import State
from cmkmigrate.portable import Link
from cmkmigrate.run.schema import item

LAST = (State.DONE, State.EXCLUDED, State.UNSUPPORTED, State.FAILED, State.BLOCKED, State.DRIFTED)
_PASS = list(item.c.keys()).index("pass")
_FATE = (  # built once, asked for every reference
    select(item)
    .where(item.c.kind == bindparam("kind"), item.c.key == bindparam("key"))
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


def fate_of(task: Task, kind: str, key: str) -> Any | None:
    """The item row of another thing of this run, the newest if several steps have it."""
    fates = task.board.fates
    found = fates.get((kind, key)) or task.board.ledger.first(_FATE, {"kind": kind, "key": key})
    if found is not None and found.state in LAST and found[_PASS] == task.board.ledger.number:
        if len(fates) >= REMEMBERED:
            fates.clear()
        fates[kind, key] = found
    return found
