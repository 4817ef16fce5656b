"""What a finished step gives to later ones: `${steps.id.name}`, and the steps that are left out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from cmkmigrate import portable
from cmkmigrate.engine.names import as_entry
from cmkmigrate.engine.observe import Board, Task, not_there
from cmkmigrate.errors import CallError, Stopped
from cmkmigrate.model import KNOWN_AFTER_APPLY, NOTHING, Do
from cmkmigrate.playbook import Step
from cmkmigrate.run.schema import item


def skip(board: Board, step: Step) -> str:
    """Why a step is left out ("": it is not); its outputs are then empty."""
    why = board.migration.skipped(step, board.outputs)
    if why:
        kind = board.migration.kinds.get(step.kind or "")
        board.outputs[step.id] = dict.fromkeys(kind.outputs, "") if kind else {}
        board.tell("note", step=step.id, text=f"left out: {why}")
    return why


def outputs_of(board: Board, step: Step, tasks: dict[str, Task]) -> dict[str, Any]:
    """The outputs of a step, read from the target as it is now; KNOWN_AFTER_APPLY where it is not there yet."""
    task = tasks.get(step.kind or "")
    if task is None or not task.kind.outputs:
        return {}
    i = item.c
    where = (i.step == step.id, i.kind == task.kind.name, i["pass"] == board.ledger.number)
    first = board.ledger.first(select(i.key, i.do).where(*where).order_by(i.key))
    if first is None:  # nothing is wanted of it (a feature that is left out), unless what it needs is not known yet
        later = KNOWN_AFTER_APPLY in str(task.settings)
        return dict.fromkeys(task.kind.outputs, KNOWN_AFTER_APPLY if later else "")
    row = board.names.find("target", task.kind.name, first.key)
    if not_there(row) or row is None:
        return dict.fromkeys(task.kind.outputs, KNOWN_AFTER_APPLY)
    try:
        body = _fresh(task, row).body or {}
    except CallError as error:
        raise Stopped(
            "what was made cannot be read", subject=f"{row.kind} {row.key}", why=str(error), next="cmkmigrate resume"
        ) from error
    found = {name: portable.value_at(body, path) for name, path in task.kind.outputs.items()}
    # What is to be changed may get by that what it has not yet, such as an identity of its disks.
    absent = (NOTHING, "") if board.preview and first.do == Do.UPDATE else (NOTHING,)
    return {name: KNOWN_AFTER_APPLY if value in absent else value for name, value in found.items()}


def _fresh(task: Task, row: Any) -> Any:
    entry = as_entry(row)
    if type(task.kind).load.__qualname__ == "Kind.load":
        task.look_again()
        return task.assets["target", row.key]
    return task.kind.load(task.target, entry)
