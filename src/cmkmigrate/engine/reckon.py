"""The reckoning: every source object ends as migrated, excluded, unsupported or failed, and the counts add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from cmkmigrate.model import Count, Outcome, State
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item

OUTCOME = {
    State.DONE: Outcome.MIGRATED,
    State.EXCLUDED: Outcome.EXCLUDED,
    State.UNSUPPORTED: Outcome.UNSUPPORTED,
    State.FAILED: Outcome.FAILED,
    State.BLOCKED: Outcome.FAILED,
    State.DRIFTED: Outcome.FAILED,
}  # an object that is still planned, under way or unknown has no outcome yet: the counts then do not add up


def reckon(ledger: Ledger) -> list[Count]:
    """One Count per (step, kind) of this pass, in the order in which they stand in the ledger."""
    i = item.c
    groups = (i.kind, i.state)
    rows = ledger.rows(
        select(*groups, func.count().label("number")).where(i["pass"] == ledger.number).group_by(*groups)
    )
    counts: dict[str, Count] = {}
    for row in rows:
        count = counts.setdefault(row.kind, Count(row.kind))
        count.source += row.number
        outcome = OUTCOME.get(State(row.state))
        if outcome:
            count.outcomes[outcome] = count.outcomes.get(outcome, 0) + row.number
    return list(counts.values())


def adds_up(counts: list[Count]) -> bool:
    """Whether every source object has an outcome."""
    return all(sum(count.outcomes.values()) == count.source for count in counts)


def problems(ledger: Ledger) -> Iterator[Any]:
    """The item rows of this pass that did not end as migrated."""
    i = item.c
    where = (i["pass"] == ledger.number, i.state != State.DONE)
    yield from ledger.pages(select(item).where(*where), (i.step, i.kind, i.key, i.side))
