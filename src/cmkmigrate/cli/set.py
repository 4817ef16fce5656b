"""`cmkmigrate set`: another parallelism, or another share of the source's limits, for a running apply."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cmkmigrate.cli import common
from cmkmigrate.errors import Mistake
from cmkmigrate.model import MOST

NAME = "set"
EXAMPLES = """\b
Examples:
  cmkmigrate set parallelism=4                         of the only run below ./cmkmigrate-runs
  cmkmigrate set source-share=0.1 --run runs/analytics      a tenth of what the source's services allow
"""
_LEAST: Final = 0.001  # far below it a single call would wait for longer than a process can


def command(
    settings: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="parallelism=N, source-share=0..1")],
    run: Annotated[
        Path | None, typer.Option("--run", metavar="DIR", help="Folder of the run; by default the only one.")
    ] = None,
) -> int:
    """Change how hard a running apply works. It takes effect within seconds and ends with that apply."""
    asks = {}
    for name, value in common.pairs(settings, "set").items():
        if name == "parallelism":
            if not value.isdecimal() or not 1 <= int(value) <= MOST:
                raise Mistake(f"{value!r} is no parallelism", why=f"1 to {MOST}", next="cmkmigrate set parallelism=4")
            asks["parallelism"] = value
        elif name == "source-share":
            asks["source-share"] = _share(value)
        else:
            raise Mistake(f"there is nothing called {name!r} to set", why="there are parallelism and source-share")
    ledger = common.at_work(run)
    ledger.ask(asks)
    said = ", ".join(f"{name} is {value}" for name, value in asks.items())
    print(f"{said} within seconds", file=sys.stderr)
    return 0


def _share(text: str) -> str:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not _LEAST <= share <= 1.0:
        raise Mistake(f"{text!r} is no share", why=f"{_LEAST} to 1", next="cmkmigrate set source-share=0.33")
    return text
