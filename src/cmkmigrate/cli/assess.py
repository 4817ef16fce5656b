"""`cmkmigrate assess`: which remedy each workspace needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cmkmigrate import __version__
from cmkmigrate.cli import estate

NAME = "assess"
NEEDING = 3
EXAMPLES = """\b
Examples:
  cmkmigrate assess                                    every subscription that you can see
  cmkmigrate assess --want no-old-data -o html --out assess.html
  cmkmigrate assess --subscription ID --contents       counts what the workspaces hold, too
"""


class Format(StrEnum):
    """How an assessment is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    HTML = "html"


class Reason(StrEnum):
    """A named reason for moving a workspace; those of assess/model.py, which is not imported before it is needed."""

    DOUBLE_ENCRYPTION = "double-encryption"
    NO_OLD_DATA = "no-old-data"
    NEW_NETWORK = "new-network"


def command(
    subscription: estate.Subscriptions = None,
    output: Annotated[
        Format, typer.Option("-o", "--output", metavar="FORMAT", help="table, json, jsonl, csv or html.")
    ] = Format.TABLE,
    out: estate.Out = None,
    scope: Annotated[
        Path | None,
        typer.Option("--scope", metavar="FILE", help="Exceptions, attested days, and reasons for moving (wanted)."),
    ] = None,
    runs: estate.Runs = None,
    want: Annotated[
        list[Reason] | None,
        typer.Option(
            "--want",
            metavar="REASON",
            help="double-encryption, no-old-data or new-network: a reason to move every workspace that lacks it.",
        ),
    ] = None,
    contents: Annotated[
        bool, typer.Option("--contents", help="Sign in to each workspace and count what it holds, by listing alone.")
    ] = False,
    databricks: estate.Databricks = "",
) -> int:
    """Say which remedy every workspace needs, and what is in the way. Reads only.

    With the reason for it, the rights that you lack, and the commands to type.

    Ends with 3 where some workspace needs something, or nobody can tell.
    """
    from cmkmigrate.assess.model import Want
    from cmkmigrate.assess.record import record
    from cmkmigrate.assess.survey import assess
    from cmkmigrate.assess.wants import load as load_wants
    from cmkmigrate.audit.scope import load
    from cmkmigrate.clients.cloud import Cloud

    known = estate.check(databricks, runs, subscription)
    decided = load(scope) if scope else None
    wants = load_wants([Want(one) for one in want or ()], scope)
    cloud: Any = Cloud.from_env(os.environ)
    with estate.asking():
        found = assess(
            cloud,
            subscription or (),
            wants=wants,
            scope=decided,
            runs=known,
            databricks=databricks,
            count=contents,
            tell=lambda name: print(f"Counting {name}", file=sys.stderr),
        )
    body = record(found, __version__)
    estate.write("Assessment", _lines(output, body), out)
    if output is Format.CSV:  # its lines are workspaces, so the rest is said beside it
        _tell(body)
    return NEEDING if found.needing else 0


def _lines(output: Format, body: Mapping[str, Any]) -> Iterable[str]:
    from cmkmigrate.render import assess as render

    if output is Format.HTML:
        from cmkmigrate.render.assess_page import page

        return [page(body)]
    made = {Format.TABLE: render.table, Format.JSONL: render.lines, Format.CSV: render.csv}
    return [render.document(body)] if output is Format.JSON else made[output](body)


def _tell(body: Mapping[str, Any]) -> None:
    from cmkmigrate.render.assess import around

    for line in around(body):
        print(line, file=sys.stderr)
