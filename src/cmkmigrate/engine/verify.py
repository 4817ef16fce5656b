"""Verify is planning again and finding nothing. It reads both sides anew, believes no hint, and writes only evidence.

Depths: names (is it there), metadata (and are the bodies equal), content (and the contents, byte for byte or in the
kind's documented form). Besides: what is in the target and not from here, and duplicates.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import select, update

from cmkmigrate.engine.again import written_anew
from cmkmigrate.engine.apply import holder, saved_outputs
from cmkmigrate.engine.conduct import conduct, stream
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.observe import Board, Task, key_of
from cmkmigrate.engine.plan import decide, foreign
from cmkmigrate.engine.reckon import OUTCOME
from cmkmigrate.engine.twins import unmarked
from cmkmigrate.errors import CallError, LockHeld
from cmkmigrate.model import Count, Do, Finding, Outcome, State
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import entry, evidence, item
from cmkmigrate.run.schema import step as steps

GOOD = ("same", "excluded", "unsupported", "extra")


class Verification:
    """Verifies the steps of a run that are done. Use once: `run`, then `counts` and `complete`."""

    def __init__(self, migration: Migration, ledger: Ledger, depth: str = "content", parallelism: int = 10) -> None:
        self._migration, self._ledger, self._depth, self._parallelism = migration, ledger, depth, parallelism
        self._tally: dict[str, Count] = {}
        self._findings: list[Finding] = []
        self._kinds_of: Counter[str] = Counter()
        self.complete = False

    @property
    def counts(self) -> list[Count]:
        """Outcomes per kind: migrated is what was found again."""
        return list(self._tally.values())

    def run(self) -> Iterator[Finding]:
        """Every finding that is not "same", as it is made; then the evidence is written. Raises OperatorError."""
        done = {row.id for row in self._ledger.rows(select(steps)) if row.state == "done"}
        with Ledger.scratch(like=self._ledger) as scratch:
            scratch.number = self._ledger.number + 1
            i = item.c
            open_states = (State.INTENT, State.MADE)
            scratch.commit(update(item).where(i.state.in_(open_states)).values(state=State.PLANNED))
            outputs = saved_outputs(self._ledger)
            board = Board(
                self._migration, scratch, outputs, depth=self._depth, hints=False, parallelism=self._parallelism
            )

            def look() -> None:
                for step in self._migration.playbook.steps:
                    if step.id in done:
                        tasks = conduct(board, step, self._look)
                        for task in tasks.values():
                            self._extras(task)

            for _ in stream(board, look):
                yield from self._drain()
            yield from self._drain()
        self.complete = len(done) == len(
            [s for s in self._migration.playbook.steps if s.id in done or not self._skipped(s.id)]
        )
        self._keep()

    def _skipped(self, step: str) -> bool:
        row = self._ledger.first(select(steps.c.state).where(steps.c.id == step))
        return row is not None and row.state == "skipped"

    def _drain(self) -> Iterator[Finding]:
        while self._findings:
            yield self._findings.pop(0)

    def _look(self, task: Task, row: Any) -> bool:
        i = item.c
        where = (i.step == row.step, i.kind == row.kind, i.key == row.key, i.side == row.side)
        before = self._ledger.first(select(item).where(*where, i["pass"] == self._ledger.number))
        try:
            decision = written_anew(task, row, before) if task.step.again else decide(task, row)
        except CallError as error:
            return self._found(task, row, State.FAILED, "unreadable", str(error))
        if decision.wait:
            return False
        failed = before is not None and OUTCOME.get(State(before.state)) is Outcome.FAILED
        if decision.do is Do.EXCLUDED:
            return self._found(task, row, State.EXCLUDED, "excluded", decision.reason)
        if decision.do is Do.UNSUPPORTED:
            return self._found(task, row, State.UNSUPPORTED, "unsupported", decision.reason)
        if before is None and not task.step.again:
            return self._found(task, row, State.FAILED, "new", "in the source since the run listed it")
        if failed and before is not None and decision.do is not Do.KEEP:
            there = decision.changes if decision.do is Do.UPDATE else ()  # made, and not whole
            return self._found(task, row, State.FAILED, "failed", before.reason, there)
        if decision.do is Do.KEEP:
            return self._found(task, row, State.DONE, "same", "")
        absent = not task.step.again and task.board.names.find("target", row.kind, row.key) is None
        what = (
            "missing"
            if decision.do is Do.CREATE or (decision.drifted and not decision.changes) or absent
            else "differs"
        )
        return self._found(task, row, State.FAILED, what, decision.reason, decision.changes)

    def _found(self, task: Task, row: Any, state: State, what: str, reason: str, changes: tuple[str, ...] = ()) -> bool:
        task.board.ledger.set_item({**key_of(row), "state": state, "reason": reason})
        with task.board.adopting:
            count = self._tally.setdefault(row.kind, Count(row.kind))
            count.source += 1
            outcome = OUTCOME[state]
            count.outcomes[outcome] = count.outcomes.get(outcome, 0) + 1
            self._kinds_of[what] += 1
            if what != "same":
                self._findings.append(Finding(row.step, row.kind, row.key, what, reason, changes))
        task.board.tell("item", step=row.step, kind=row.kind, key=row.key, state=str(state))
        return True

    def _extras(self, task: Task) -> None:
        """What the target has and the source has not, and what it has twice."""
        e = entry.c
        names = task.board.names
        for row in task.board.ledger.pages(select(entry).where(e.side == "target", e.kind == task.kind.name), (e.key,)):
            if row.twin:
                what, reason = "duplicate", f"a second one of {row.twin!r} (id {row.id})"
            elif foreign(row.key) and self._twin_of(task, row):
                what, reason = "duplicate", f"a second one of {row.name!r}, without a marker (id {row.id})"
            elif (
                not row.seeded
                and not self._of_seeded(task, row)
                and (foreign(row.key) or names.find("source", task.kind.name, row.key) is None)
            ):
                what, reason = "extra", f"in the target only (id {row.id}, {row.name!r})"
            else:
                continue
            self._kinds_of[what] += 1
            self._findings.append(Finding(task.step.id, task.kind.name, row.key, what, reason))

    def _twin_of(self, task: Task, row: Any) -> bool:
        """Whether something without a marker is, by name and body, what the source has and the target has already."""
        if not task.kind.marker_path:
            return False
        e = entry.c
        named = select(e.key).where(e.side == "source", e.kind == row.kind, e.name == row.name)
        return any(row.id in [one.id for one in unmarked(task, key)] for (key,) in task.board.ledger.rows(named))

    def _of_seeded(self, task: Task, row: Any) -> bool:
        """Whether it is a part of something that the service made by itself."""
        parent = task.board.names.find("target", row.of_kind, row.of_key) if row.of_kind else None
        return task.kind.create is None and parent is not None and bool(parent.seeded)

    @property
    def clean(self) -> bool:
        """Whether nothing failed, differs, is missing, new or doubled."""
        return not any(number for what, number in self._kinds_of.items() if what not in GOOD)

    def _keep(self) -> None:
        """Write the evidence; a run that somebody is working on gets none."""
        body = {"findings": dict(self._kinds_of), "clean": self.clean}
        body["counts"] = {count.kind: {"source": count.source, **count.outcomes} for count in self.counts}
        row = {"at": time.time(), "depth": self._depth, "complete": int(self.complete), "body": json.dumps(body)}
        with suppress(LockHeld), self._ledger.locked(holder()):
            self._ledger.commit(evidence.insert(), [row])
