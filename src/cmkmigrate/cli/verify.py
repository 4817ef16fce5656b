"""`cmkmigrate verify`: compare the two workspaces of a run."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from cmkmigrate.cli import common, running
from cmkmigrate.cli.common import Depth, Format
from cmkmigrate.render import verification as render
from cmkmigrate.render.text import json_line

NAME = "verify"
DIFFERS = 3
EXAMPLES = """\b
Examples:
  cmkmigrate verify                                    the only run below ./cmkmigrate-runs, everything byte for byte
  cmkmigrate verify runs/analytics --depth names       is it all there?
"""


def command(
    directory: common.Directory = None,
    depth: Annotated[
        Depth, typer.Option("--depth", metavar="DEPTH", help="names, metadata, or content (byte for byte).")
    ] = Depth.CONTENT,
    parallelism: common.Parallelism = 10,
    output: common.Output = Format.TABLE,
) -> int:
    """Compare both workspaces anew, and keep the result as evidence. Writes to neither of them.

    Symbols: - missing, + extra, * differs, ! failed. Ends with 3 where something failed or differs,
    and where the run is not finished.
    """
    from cmkmigrate.engine.verify import Verification

    ledger = common.open_run(directory)
    migration = common.migration_of(ledger, reading=True)
    verification = Verification(migration, ledger, str(depth), parallelism)
    kept = []
    found: Counter[str] = Counter()
    if output is Format.CSV:
        print(render.csv_head())
    for finding in verification.run():
        found[finding.what] += 1
        if output is Format.JSON:
            kept.append(finding)
        elif output is Format.JSONL:
            print(render.json_finding(finding), flush=True)
        elif output is Format.CSV:
            print(render.csv_finding(finding))
        elif text := render.line(finding):
            print(text, flush=True)
    running.keep_posture(migration, ledger)
    result = (verification.counts, str(depth), verification.complete, verification.clean)
    if output is Format.JSON:
        print(render.document(render.body(*result), kept))
    elif output is Format.JSONL:
        print(json_line(render.body(*result)))
    elif output is Format.TABLE:
        for line in render.summary(*result, found):
            print(line)
    return 0 if verification.clean and verification.complete else DIFFERS
