"""How long a refusal that may pass is waited for.

Azure has nothing to ask whether a grant is in effect for somebody else: the use itself tells, and each use is tried
again. Grants take minutes, so that a young one is waited for, and an old one is not."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from cmkmigrate.engine.observe import Task
from cmkmigrate.errors import CallError, Stopped, Ungranted
from cmkmigrate.model import State
from cmkmigrate.run.schema import item

GRANT_S: Final = 20 * 60.0  # where the site does not say (CMKMIGRATE_GRANT_S)


def patience(task: Task, error: CallError, *, first: bool) -> float:
    """For how many seconds from its first refusal something is tried again (0.0: not at all).

    first: this is the first refusal. Where it is for want of a right, a grant must have been given within that time:
    an older one is in effect, and what it does not give is not given by waiting."""
    limit = float(getattr(task.target, "grant_s", GRANT_S))
    if first and isinstance(error, Ungranted) and time.time() - _youngest(task) > limit:
        return 0.0
    return limit


def worn_out(row: Any, error: CallError, limit: float) -> Stopped:
    """The end of a run whose patience, of `limit` seconds, is at its end."""
    what, next = "the service keeps refusing", "cmkmigrate resume"
    if isinstance(error, Ungranted):
        what = "a right is missing, and no grant is young enough to be waited for"
        what = f"a right has not come into effect within {limit:.0f} s" if limit else what
        next = "see to the grant, then: cmkmigrate resume"
    return Stopped(what, subject=row.key, why=str(error), next=next)


def _youngest(task: Task) -> float:
    """When the youngest grant was given that this run made or found, in Unix seconds; 0.0 for none."""
    i = item.c
    kinds = [name for name, kind in task.board.migration.kinds.items() if kind.grants]
    where = (i.kind.in_(kinds), i.state.in_((State.MADE, State.DONE)))
    task.board.ledger.commit()
    rows = task.board.ledger.rows(select(i.at, i.ours, i.target_hint).where(*where))
    return max((_given(row) for row in rows), default=0.0)


def _given(row: Any) -> float:
    """A grant that was found has the service's time; one that this run has made, that of its making."""
    try:
        return datetime.fromisoformat(row.target_hint).timestamp()
    except ValueError:
        return float(row.at) if row.ours else 0.0
