"""Items without a result: nobody knows whether the write took effect. They are settled by looking, never by sending.

Called after the quiesce and a fresh listing. A thing that carries the source's id is found by it. One that has no room
for it (a job with as many tags as there may be) is found by its name and its body; where more than one fits, a person
has to say which it is.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from cmkmigrate.engine.observe import Task, key_of
from cmkmigrate.engine.twins import ambiguous, unmarked
from cmkmigrate.model import Do, State
from cmkmigrate.run.schema import item

CREATES = (Do.CREATE, Do.REPLACE)


def settle_unknown(task: Task) -> None:
    """Say of each item without a result what became of it: made, or still to do, or ambiguous. Raises Stopped."""
    ledger, names = task.board.ledger, task.board.names
    i = item.c
    where = (i.step == task.step.id, i.kind == task.kind.name, i.state == State.INTENT)
    for row in ledger.pages(select(item).where(*where), (i.key,)):
        there = names.find("target", task.kind.name, row.key)
        change: dict[str, Any] = {"state": State.MADE if row.do == Do.AGAIN else State.PLANNED}  # again: see again.py
        if there is not None and task.kind.create is not None:
            ours = 1 if row.do in CREATES else row.ours
            change = {"state": State.MADE, "ours": ours, "id": there.id}
        elif row.do in CREATES:
            # It was sent: should a listing that is newer than this one show it, then it is ours.
            ours = 1 if task.kind.at == "workspace" else row.ours
            change = _by_body(task, row) or {**change, "ours": ours}
        ledger.set_item({**key_of(row), **change})
    ledger.commit()


def _by_body(task: Task, row: Any) -> dict[str, Any] | None:
    """What became of a create whose thing carries no marker; None: it is not there."""
    found = unmarked(task, row.key)
    if not found:
        return None
    if len(found) == 1:
        return {"state": State.MADE, "ours": 1, "id": task.board.names.adopt(found[0], row.key).id}
    reason = f"its answer was lost, and {ambiguous(found)}: delete the wrong ones there"
    return {"state": State.BLOCKED, "do": Do.BLOCK, "reason": reason, "lands_by": 0.0}
