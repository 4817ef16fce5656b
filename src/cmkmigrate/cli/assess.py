"""`cmkmigrate assess`: which remedy each workspace needs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cmkmigrate import __version__
from cmkmigrate.cli import common
from cmkmigrate.errors import CallError, Denied, Mistake, NotAllowed, Stopped

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
    subscription: Annotated[
        list[str] | None, typer.Option("--subscription", metavar="ID", help="Only this one. Repeatable.")
    ] = None,
    output: Annotated[
        Format, typer.Option("-o", "--output", metavar="FORMAT", help="table, json, jsonl, csv or html.")
    ] = Format.TABLE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there; only its owner can read it.")
    ] = None,
    scope: Annotated[
        Path | None,
        typer.Option("--scope", metavar="FILE", help="Exceptions, attested days, and reasons for moving (wanted)."),
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option("--runs", metavar="DIR", help="Runs of this tool, which know since when a key is on. Repeatable."),
    ] = None,
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
    databricks: Annotated[
        str,
        typer.Option(
            "--databricks-object-id",
            metavar="ID",
            help="Object id of AzureDatabricks, where the directory may not be read.",
        ),
    ] = "",
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

    if databricks and not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", databricks):
        raise Mistake(f"{databricks!r} is not an object id", subject="--databricks-object-id")
    for folder in runs or ():
        if not folder.is_dir():
            raise Mistake("there is no such folder", subject=str(folder), next="--runs DIR of a run, or of several")
    decided = load(scope) if scope else None
    wants = load_wants([Want(one) for one in want or ()], scope)
    cloud: Any = Cloud.from_env(os.environ)
    try:
        found = assess(
            cloud,
            subscription or (),
            wants=wants,
            scope=decided,
            runs=runs or (),
            databricks=databricks,
            count=contents,
            tell=lambda name: print(f"Counting {name}", file=sys.stderr),
        )
    except Denied as error:
        raise NotAllowed("the subscriptions may not be listed", why=str(error), next="az login") from None
    except CallError as error:
        raise Stopped("Azure does not answer", why=str(error), next="the same command again") from None
    body = record(found, __version__)
    lines = _lines(output, body)
    if out:
        common.write_private(out, "".join(f"{line}\n" for line in lines))
        print(f"Assessment: {out}", file=sys.stderr)
    else:
        for line in lines:
            print(line)
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
