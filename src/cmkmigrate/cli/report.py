"""`cmkmigrate report`: one page on what a run did."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from cmkmigrate import __version__
from cmkmigrate.cli import common

NAME = "report"
EXAMPLES = """\b
Examples:
  cmkmigrate report runs/analytics --out analytics.html
"""


def command(
    directory: common.Directory = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="The page; only its owner can read it.")],
) -> int:
    """Write one HTML page: what was moved, what not and why, the evidence, whose key. Asks nothing of any cloud."""
    from cmkmigrate.engine.record import record
    from cmkmigrate.render.report import page

    ledger = common.open_run(directory)
    common.write_private(out, page(record(ledger), __version__, time.time()))
    print(f"Report: {out}", file=sys.stderr)
    return 0
