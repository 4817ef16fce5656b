"""Where a run stands, from its ledger alone: another process may be at work on it, and no lock is taken."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from cmkmigrate.engine.apply import UNDONE, progress
from cmkmigrate.engine.brake import Hand, hand
from cmkmigrate.model import State
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.locks import STALE_S, here
from cmkmigrate.run.postgres import Shared
from cmkmigrate.run.schema import event, item, lock
from cmkmigrate.run.schema import step as steps

LISTED = 100  # unknown intents that are named; all are counted
EVENTS = 5


@dataclass(slots=True)
class Holder:
    """Who holds the run. silent_s: seconds since its last sign of life. alive: whether it may still be at work."""

    name: str
    pid: int
    host: str
    silent_s: float
    alive: bool


@dataclass(slots=True)
class Standing:
    """Where a run stands. steps: id -> (state, reason). numbers: step -> kind -> state -> items of this pass.

    unknown: writes without a result, the first of them by name. landing_s: how long one of them may still arrive.
    done, total: items of this pass, of what is listed so far. hand: what holds for the apply that is at work, None for
    none; worked_s: how long that one has worked, without pauses.
    """

    run: str
    directory: str
    source: str
    number: int
    finished: float
    holder: Holder | None
    steps: dict[str, tuple[str, str]] = field(default_factory=dict)
    numbers: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    hand: Hand | None = None
    worked_s: float = 0.0
    unknown: list[dict[str, Any]] = field(default_factory=list)
    unknown_count: int = 0
    landing_s: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)


def standing(ledger: Ledger) -> Standing:
    """Read it; safe while somebody writes."""
    meta = ledger.meta()
    number = int(meta.get("pass", "1"))
    ledger.number = number  # another process may have begun the next pass
    finished = float(meta.get("finished") or 0.0)
    found = Standing(
        meta.get("run", ""), str(ledger.directory), meta.get("source", ""), number, finished, holder_of(ledger)
    )
    for row in ledger.rows(select(steps).where(steps.c["pass"] == number)):
        found.steps[row.id] = (row.state, row.reason)
    for row in progress(ledger):
        found.numbers.setdefault(row.step, {}).setdefault(row.kind, {})[row.state] = row.number
        found.total += row.number
        found.done += row.number if row.state not in UNDONE else 0
    if found.holder and found.holder.alive and (now := hand(meta)) is not None:
        at = ledger.now()
        paused = now.paused_s + (at - now.paused_since if now.paused_by else 0.0)
        found.hand, found.worked_s = now, max(0.0, at - now.began - paused)
    _unknown(ledger, found)
    e = event.c
    for row in reversed(ledger.rows(select(event).order_by(e.id.desc()).limit(EVENTS))):
        found.events.append(
            {name: getattr(row, name) for name in ("at", "what", "step", "kind", "key", "state", "text")}
        )
    return found


def _unknown(ledger: Ledger, found: Standing) -> None:
    i = item.c
    now = ledger.now()
    for row in ledger.rows(select(item).where(i.state == State.INTENT).order_by(i.step, i.kind, i.key).limit(LISTED)):
        found.unknown.append({name: getattr(row, name) for name in ("step", "kind", "key", "name", "do", "reason")})
        found.landing_s = max(found.landing_s, row.lands_by - now)
    found.unknown_count = sum(
        states.get(State.INTENT, 0) for kinds in found.numbers.values() for states in kinds.values()
    )


def holder_of(ledger: Ledger) -> Holder | None:
    """Who holds the run; None when nobody does."""
    row = ledger.first(select(lock))
    if row is None or not row.pid:
        return None
    silent = max(0.0, ledger.now() - row.beat)
    shared = isinstance(ledger.where, Shared)
    alive = silent < STALE_S
    if row.host == here(shared):
        alive = False
        with suppress(ProcessLookupError):
            with suppress(PermissionError):
                os.kill(row.pid, 0)
            alive = True
    return Holder(row.holder, row.pid, row.host, silent, alive)
