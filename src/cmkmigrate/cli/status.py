"""`cmkmigrate status`: where a run stands."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format
from cmkmigrate.render import status as render
from cmkmigrate.render.text import json_document, json_line

if TYPE_CHECKING:
    from cmkmigrate.run.ledger import Ledger

NAME = "status"
EVERY_S = 2.0
EXAMPLES = """\b
Examples:
  cmkmigrate status                                    the only run below ./cmkmigrate-runs
  cmkmigrate status runs/analytics --watch             until it ends
"""


def command(
    directory: common.Directory = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every two seconds until nobody is at work.")
    ] = False,
    output: common.Output = Format.TABLE,
) -> int:
    """Say where a run stands. Reads the ledger alone, takes no lock: safe while another process is at work."""
    ledger = common.open_run(directory)
    while True:
        body = standing_of(ledger)
        if output is Format.JSON:
            text = json_document({"type": "status", **body})
        elif output is Format.JSONL:
            text = json_line({"type": "status", **body})
        else:
            text = "\n".join(render.csv(body) if output is Format.CSV else render.table(body))
        if watch and output is Format.TABLE and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
            print("\x1b[2J\x1b[H", end="")
        print(text, flush=True)
        if not watch or not body["holder"] or not body["holder"]["alive"]:
            return 0
        time.sleep(EVERY_S)


def standing_of(ledger: Ledger) -> dict[str, Any]:
    """Where a run stands, as plain data, with the pace of the apply that is at work and the time left at that pace."""
    from cmkmigrate.engine.standing import standing

    body = asdict(standing(ledger))
    return {**body, "per_minute": round(render.per_minute(body), 1), "time_left_s": render.left_s(body)}
