"""`cmkmigrate audit`: which workspaces are under a customer-managed key."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cmkmigrate import __version__
from cmkmigrate.cli import common, estate

NAME = "audit"
FINDINGS = 3
EXAMPLES = """\b
Examples:
  cmkmigrate audit                                     every subscription that you can see
  cmkmigrate audit --subscription ID -o csv > audit.csv
  cmkmigrate audit --scope scope.yaml -o html --out audit.html
  cmkmigrate audit -o json --out today.json            and later: cmkmigrate audit --since today.json
"""


class Format(StrEnum):
    """How an audit is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    OCSF = "ocsf"
    HTML = "html"


def command(
    subscription: estate.Subscriptions = None,
    output: Annotated[
        Format, typer.Option("-o", "--output", metavar="FORMAT", help="table, json, jsonl, csv, ocsf or html.")
    ] = Format.TABLE,
    out: estate.Out = None,
    scope: Annotated[
        Path | None,
        typer.Option("--scope", metavar="FILE", help="Exceptions with owner, reason and end; attested days."),
    ] = None,
    runs: estate.Runs = None,
    horizon: Annotated[
        int, typer.Option("--horizon", metavar="DAYS", min=0, help="A key that expires within so many is degraded.")
    ] = 90,
    databricks: estate.Databricks = "",
    catalogs: Annotated[
        bool,
        typer.Option("--catalogs", help="Sign in to each workspace and read which storage Unity Catalog uses."),
    ] = False,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="FILE", help="An earlier audit as JSON: say what has changed."),
    ] = None,
    emit_policy: Annotated[
        Path | None,
        typer.Option("--emit-policy", metavar="FILE", help="Write a definition of Azure Policy for this, and end."),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 even where there are findings.")] = False,
) -> int:
    """Say whose key the data of every workspace is under. Reads only.

    Each of the three features has a verdict of its own.

    Ends with 3 where something is not under a healthy key of yours, or nobody can tell.
    """
    from cmkmigrate.audit import delta
    from cmkmigrate.audit.record import SCHEMA, record
    from cmkmigrate.audit.scope import load
    from cmkmigrate.audit.survey import audit
    from cmkmigrate.clients.cloud import Cloud

    known = estate.check(databricks, runs, subscription)
    if emit_policy:
        from cmkmigrate.audit.policy import document

        common.write_private(emit_policy, document())
        print(f"Policy: {emit_policy}", file=sys.stderr)
        return 0
    decided = load(scope) if scope else None
    earlier = delta.load(since, SCHEMA) if since else None
    cloud: Any = Cloud.from_env(os.environ)
    with estate.asking():
        found = audit(
            cloud,
            subscription or (),
            scope=decided,
            runs=known,
            horizon_days=float(horizon),
            databricks=databricks,
            sign_in=catalogs,
        )
    body = record(found, __version__)
    if earlier is not None:
        body["delta"] = {"file": str(since), "ended": earlier["ended"], "changes": delta.changes(earlier, body)}
    estate.write("Audit", _lines(output, body), out)
    if output is Format.CSV:  # its lines are features, so the rest is said beside it
        _tell(body)
    return FINDINGS if found.findings and not exit_zero else 0


def _lines(output: Format, body: Mapping[str, Any]) -> Iterable[str]:
    from cmkmigrate.render import audit as render

    if output is Format.OCSF:
        from cmkmigrate.render.audit_ocsf import document

        return [document(body)]
    if output is Format.HTML:
        from cmkmigrate.render.audit_page import page

        return [page(body)]
    made = {Format.TABLE: render.table, Format.JSONL: render.lines, Format.CSV: render.csv}
    return [render.document(body)] if output is Format.JSON else made[output](body)


def _tell(body: Mapping[str, Any]) -> None:
    from cmkmigrate.render.audit import around, since

    for line in (*since(body), *around(body)):
        print(line, file=sys.stderr)
