"""`cmkmigrate runs list`: every run below a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format
from cmkmigrate.errors import Mistake, OperatorError, told
from cmkmigrate.render import runs as render
from cmkmigrate.render.text import json_document, json_line

if TYPE_CHECKING:
    from cmkmigrate.run.ledger import Where

NAME = "list"
EXAMPLES = """\b
Examples:
  cmkmigrate runs list                                 below ./cmkmigrate-runs
  cmkmigrate runs list /srv/migrations -o json
"""

app = typer.Typer(help="Runs on this machine.", no_args_is_help=True, rich_markup_mode=None)


@app.command(name=NAME, epilog=EXAMPLES)
def command(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Where their folders are; without it, where runs are by default."),
    ] = None,
    output: common.Output = Format.TABLE,
) -> int:
    """List all runs: the newest first, and at the end those that cannot be read, with the reason. Takes no lock."""
    if folder is not None and not folder.is_dir():
        raise Mistake("there is no such folder", subject=str(folder), next="cmkmigrate runs list FOLDER")
    from cmkmigrate.run.ledger import has_run

    found = common.all_runs() if folder is None else [one for one in sorted(folder.glob("*")) if has_run(one)]
    rows = [_row(one) for one in found]
    rows.sort(key=lambda row: -row["created"])
    if output is Format.JSON:
        print(json_document({"type": "runs", "runs": rows}))
    elif output is Format.JSONL:
        for row in rows:
            print(json_line({"type": "run", **row}))
    else:
        for line in render.csv(rows) if output is Format.CSV else render.table(rows):
            print(line)
    return 0


def _row(directory: Where) -> dict[str, Any]:
    from cmkmigrate.engine.standing import standing
    from cmkmigrate.run.ledger import Ledger

    row: dict[str, Any] = {
        "directory": str(directory), "state": "", "run": "", "source": "", "pass": 0, "created": 0.0, "finished": 0.0,
        "done": 0, "total": 0, "why": "",
    }  # fmt: skip
    try:
        ledger = Ledger.open(directory)
        found, created = standing(ledger), float(ledger.meta().get("created") or 0.0)
    except OperatorError as error:
        return {**row, "state": "unreadable", "why": told(error)}
    state = "finished" if found.finished else "stopped"
    if found.holder and found.holder.alive:
        state = "paused" if found.hand and found.hand.paused_by else "at work"
    known = {"run": found.run, "source": found.source, "pass": found.number, "created": created}
    return {**row, **known, "state": state, "finished": found.finished, "done": found.done, "total": found.total}
