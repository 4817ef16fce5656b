"""`cmkmigrate report`: one page on what a run did."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmkmigrate import __version__
from cmkmigrate.cli import common
from cmkmigrate.errors import Mistake

if TYPE_CHECKING:
    from cmkmigrate.run.ledger import Ledger

NAME = "report"
EXAMPLES = """\b
Examples:
  cmkmigrate report runs/analytics --out analytics.html
  cmkmigrate report runs/analytics --definition before.json     how a workspace was before it was changed in place
"""


def command(
    directory: common.Directory = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.html", help="The page; only its owner can read it.")
    ] = None,
    definition: Annotated[
        Path | None,
        typer.Option("--definition", metavar="FILE.json", help="In place: the workspace as it was, as a PUT takes it."),
    ] = None,
) -> int:
    """Write one HTML page of what was done, what not, and the proof. Asks nothing of any cloud."""
    from cmkmigrate.engine.record import record
    from cmkmigrate.render.report import page

    if out is None and definition is None:
        raise Mistake("neither --out nor --definition was given", next="cmkmigrate report --help")
    ledger = common.open_run(directory)
    if out is not None:
        common.write_private(out, page(record(ledger), __version__, time.time()))
        print(f"Report: {out}", file=sys.stderr)
    if definition is not None:
        _definition(ledger, definition)
    return 0


def _definition(ledger: Ledger, file: Path) -> None:
    """Write the workspace as it was before the first change of a run in place. Raises Mistake."""
    from cmkmigrate.engine.audit import definition
    from cmkmigrate.kinds.azure.workspaces import sendable
    from cmkmigrate.render.code import API

    migration = common.migration_of(ledger, reading=True)
    before = definition(migration, ledger)
    if before is None:
        raise Mistake("this run keeps no definition", subject=str(ledger.directory), why="it changed no workspace")
    common.write_private(file, json.dumps(sendable(before), indent=2, sort_keys=True) + "\n")
    url = f"{before['id']}?api-version={API}"  # az puts the host of its cloud before it
    print(f"Definition: {file}", file=sys.stderr)
    print(f"To send it:  az rest --method put --url '{url}' --body @{file}", file=sys.stderr)
    print("A key on managed services or disks stays: put their blocks into it before you send it.", file=sys.stderr)
