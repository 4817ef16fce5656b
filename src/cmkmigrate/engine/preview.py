"""The dry run: the same decisions on a ledger that is thrown away, and not one write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, update

from cmkmigrate.engine.conduct import conduct
from cmkmigrate.engine.names import as_row
from cmkmigrate.engine.observe import Board, Task, key_of
from cmkmigrate.engine.outputs import outputs_of, skip
from cmkmigrate.engine.plan import decide
from cmkmigrate.errors import CallError, OperatorError, Unwritable
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import KNOWN_AFTER_APPLY, Action, Body, Do, Entry, State
from cmkmigrate.playbook import step_kinds
from cmkmigrate.run.schema import entry, item


class Preview:
    """Plans a whole migration. `run` fills the board's ledger; `actions` reads the result."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.forecasts: list[str] = []
        self.skipped: dict[str, str] = {}  # step -> why it is left out
        self._bodies: dict[str, list[Body]] = {}

    def run(self, *, provisioning: bool = False) -> None:
        """Plan every step, or only what is provisioned. Raises OperatorError where a side cannot be read, or where it
        shows at once that it cannot go well."""
        board = self.board
        self._begin()
        for step in board.migration.playbook.steps:
            board.tell("step", step=step.id)
            why = skip(board, step)
            if why:
                self.skipped[step.id] = why
                continue
            kinds = board.migration.kinds
            contents = [name for name in step_kinds(step, kinds) if kinds[name].at == "workspace"]
            if provisioning and contents:
                board.migration.site(step, kinds[contents[0]], board.outputs)  # that it can be opened, and is another
                continue
            tasks = conduct(board, step, self._decide)
            board.outputs[step.id] = outputs_of(board, step, tasks)
        kinds = board.migration.kinds
        for name, bodies in self._bodies.items():
            line = kinds[name].forecast(board.migration.source(), bodies)
            if line:
                self.forecasts.append(line)

    def rehearse(self) -> dict[str, OperatorError | CallError]:
        """Plan every step that provisions, also those after one that cannot be planned, and check the settings of the
        others; gives step -> why it cannot be."""
        board, problems = self.board, dict[str, OperatorError | CallError]()
        self._begin()
        for step in board.migration.playbook.steps:
            kind = board.migration.kinds.get(step.kind or "")
            try:
                why = skip(board, step)
                if why:
                    self.skipped[step.id] = why
                elif kind is not None and kind.at == "arm":
                    board.outputs[step.id] = outputs_of(board, step, conduct(board, step, self._decide))
                elif kind is not None:
                    kind.check(board.migration.settings(step, board.outputs))
            except Unwritable:
                raise  # of the steps before it, too, not all is known
            except (OperatorError, CallError) as error:
                board.stop.clear()  # which the error has set: the next step is planned all the same
                problems[step.id] = error
                board.outputs[step.id] = dict.fromkeys(kind.outputs, KNOWN_AFTER_APPLY) if kind else {}
        return problems

    def _begin(self) -> None:
        """Another pass than those of the run that the ledger may know."""
        ledger, i = self.board.ledger, item.c
        ledger.number += 1
        ledger.commit(update(item).where(i.state.in_((State.INTENT, State.MADE))).values(state=State.PLANNED))

    def actions(self) -> Iterator[Action]:
        """What would be done, in the order of the steps, kinds and keys."""
        board = self.board
        order = {name: at for at, name in enumerate(board.migration.kinds)}
        for step in board.migration.playbook.steps:
            i, e = item.c, entry.c
            where = (i.step == step.id, i["pass"] == board.ledger.number)
            kinds = {row.kind for row in board.ledger.rows(select(i.kind).where(*where).distinct())}
            for kind in sorted(kinds, key=lambda name: order.get(name, len(order))):
                hint = (e.side == "source") & (e.kind == i.kind) & (e.key == i.key)
                rows = select(item, e.hint.label("hint")).join(entry, hint, isouter=True).where(*where, i.kind == kind)
                for row in board.ledger.pages(rows, (i.key,)):
                    notes = tuple(json.loads(row.notes))
                    changes = tuple(json.loads(row.operation_url or "[]"))
                    yield Action(
                        row.step, kind, row.key, Do(row.do), row.name, row.reason, changes, notes, row.hint or ""
                    )

    def _decide(self, task: Task, row: Any) -> bool:
        try:
            decision = decide(task, row)
        except CallError as error:
            return self._note(task, row, Do.BLOCK, f"could not be read: {error}")
        if decision.wait:
            return False
        if decision.do is Do.CREATE:
            source = task.board.names.find("source", row.kind, row.key)
            of = (source.of_kind, source.of_key) if source.of_kind else None
            made = as_row("target", row.kind, Entry(KNOWN_AFTER_APPLY, row.key, row.name, of=of), row.key, 0, planned=1)
            task.board.names.add(made)
            if type(task.kind).forecast is not Kind.forecast and decision.want and decision.want.body:
                self._bodies.setdefault(row.kind, []).append(decision.want.body)
        return self._note(task, row, decision.do, decision.reason, decision.notes, decision.changes)

    def _note(
        self, task: Task, row: Any, do: Do, reason: str, notes: list[str] | None = None, changes: tuple[str, ...] = ()
    ) -> bool:
        state = {Do.BLOCK: State.BLOCKED, Do.EXCLUDED: State.EXCLUDED, Do.UNSUPPORTED: State.UNSUPPORTED}.get(
            do, State.DONE
        )
        change = {"state": state, "do": do, "reason": reason, "notes": json.dumps(notes or [])}
        task.board.ledger.set_item({**key_of(row), **change, "operation_url": json.dumps(changes)})
        task.board.tell("item", step=row.step, kind=row.kind, key=row.key, state=str(state), text=reason)
        return True
