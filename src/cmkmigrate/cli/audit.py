"""`cmkmigrate audit`: which workspaces are under a customer-managed key."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format
from cmkmigrate.errors import CallError, Denied, NotAllowed, Stopped
from cmkmigrate.render import audit as render

NAME = "audit"
FINDINGS = 3
EXAMPLES = """\b
Examples:
  cmkmigrate audit                                     every subscription that you can see
  cmkmigrate audit --subscription ID -o csv > audit.csv
"""


def command(
    subscription: Annotated[
        list[str] | None, typer.Option("--subscription", metavar="ID", help="Only this one. Repeatable.")
    ] = None,
    output: common.Output = Format.TABLE,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 even where there are findings.")] = False,
) -> int:
    """Say for every workspace and each of the three features whose key its data is under. Reads only.

    Ends with 3 where something is not under your key, or nobody can tell.
    """
    from cmkmigrate.clients.cloud import Cloud
    from cmkmigrate.engine.audit import audit

    cloud: Any = Cloud.from_env(os.environ)
    try:
        found = audit(cloud, subscription or ())
    except Denied as error:
        raise NotAllowed("the subscriptions may not be listed", why=str(error), next="az login") from None
    except CallError as error:
        raise Stopped("Azure does not answer", why=str(error), next="the same command again") from None
    population = [asdict(one) for one in found.population]
    rows = [asdict(one) for one in found.rows]
    if output is Format.TABLE:
        lines = list(render.table(population, rows, found.findings))
    elif output is Format.JSON:
        lines = [render.document(population, rows, found.findings)]
    elif output is Format.JSONL:
        lines = list(render.lines(population, rows, found.findings))
    else:
        lines = list(render.csv(rows))
        for one in found.population:
            if one.problem:
                print(f"subscription {one.subscription} could not be read: {one.problem}", file=sys.stderr)
    for line in lines:
        print(line)
    return FINDINGS if found.findings and not exit_zero else 0
