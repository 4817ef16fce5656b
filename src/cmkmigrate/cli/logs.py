"""`cmkmigrate logs`: what happened in a run, or in one step of it, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format
from cmkmigrate.errors import Mistake
from cmkmigrate.render import logs as render
from cmkmigrate.render.text import json_document, json_line

if TYPE_CHECKING:
    from cmkmigrate.run.ledger import Ledger

NAME = "logs"
EXAMPLES = """\b
Examples:
  cmkmigrate logs runs/analytics --step contents       one step: its events, and the last word on each thing
  cmkmigrate logs runs/analytics -o jsonl
"""


def command(
    directory: common.Directory = None,
    step: Annotated[str, typer.Option("--step", metavar="STEP", help="Of this step alone.")] = "",
    output: common.Output = Format.TABLE,
) -> int:
    """Say what happened in a run: who began, steps, notes, pauses, failures; with --step each thing of it as well.

    Reads the ledger alone, takes no lock. Of a thing there is the last word of the present pass.
    """
    ledger = common.open_run(directory)
    rows = _rows(ledger, step)
    if output is Format.JSON:
        print(json_document({"type": "logs", "run": ledger.meta().get("run", ""), "rows": list(rows)}))
        return 0
    if output is Format.JSONL:
        lines: Iterable[str] = map(json_line, rows)
    else:
        lines = render.csv(rows) if output is Format.CSV else render.table(rows)
    for line in lines:
        print(line)
    return 0


def _rows(ledger: Ledger, step: str) -> Iterator[dict[str, Any]]:
    """Events and items by time. Raises Mistake for a step that the run does not know."""
    from sqlalchemy import select

    from cmkmigrate.run.schema import event, item
    from cmkmigrate.run.schema import step as steps

    e, i = event.c, item.c
    events = select(event).order_by(e.at, e.id)
    if not step:
        return (_row(one, one.what) for one in ledger.rows(events))
    known = {row.id for row in ledger.rows(select(steps.c.id))}
    of_step = ledger.rows(events.where(e.step == step, e.what != "item"))
    if step not in known and not of_step:
        why = f"it has {', '.join(sorted(known))}" if known else "no step of it has begun"
        raise Mistake(f"the run knows no step {step!r}", subject=str(ledger.directory), why=why)
    items = select(item).where(i.step == step, i["pass"] == ledger.number).order_by(i.at, i.kind, i.key)
    told: Iterable[dict[str, Any]] = (_row(one, one.what) for one in of_step)
    things = (
        {**_row(one, "item", one.reason), "name": one.name, "do": one.do, "tries": one.tries}
        for one in ledger.rows(items)
    )
    return heapq.merge(told, things, key=lambda row: float(row["at"]))


def _row(one: Any, what: str, text: str | None = None) -> dict[str, Any]:
    names = {name: getattr(one, name) for name in ("at", "step", "kind", "key", "state")}
    return {"what": what, **names, "text": one.text if text is None else text}
