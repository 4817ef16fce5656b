"""`cmkmigrate doctor`: what is missing before a playbook can be carried out, and the command that mends it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format
from cmkmigrate.errors import Blocked, LockHeld, Mistake
from cmkmigrate.render import preflight as render

if TYPE_CHECKING:
    from cmkmigrate.engine.migration import Migration
    from cmkmigrate.preflight.ground import Ground
    from cmkmigrate.run.ledger import Ledger

NAME = "doctor"
EXAMPLES = """\b
Examples:
  cmkmigrate doctor cmk-migration --params analytics.yaml
  cmkmigrate doctor enable-in-place -p workspace=/subscriptions/... -p vault_name=kv-analytics
  cmkmigrate doctor cmk-migration --params analytics.yaml --accept PF06 --reason 'read with the platform team'
"""

Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="PFnn", help="Go on though this check is unknown. Repeatable; wants --reason."),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept with the run.")]


def command(
    playbook: Annotated[str, typer.Argument(metavar="PLAYBOOK", help="Name of a shipped playbook, or a path.")],
    param: common.Params = None,
    params: common.ParamsFile = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="Folder of the run; by default one below ./cmkmigrate-runs."),
    ] = None,
    accept: Accept = None,
    reason: Reason = "",
    output: common.Output = Format.TABLE,
) -> int:
    """Check what must hold before a playbook is carried out. Reads only, and needs no right to write.

    Ends with 6 where a check fails or is unknown; every line says what was read, and the command that mends it.
    """
    from cmkmigrate.cli.plan import existing

    accepted = words(accept, reason)
    read = common.load_playbook(playbook)
    given = common.read_params(params, param, read)
    migration = common.open_migration(read, given, str(params or "-p"), reading=True)
    directory = run or common.default_directory(migration)
    _, found = looked(migration, existing(migration, directory), directory, accepted)
    for line in _lines(output, read.name, found):
        print(line)
    return Blocked.exit_code if any(one["blocks"] for one in found) else 0


def _lines(output: Format, playbook: str, found: list[dict[str, Any]]) -> Iterable[str]:
    if output is Format.JSON:
        return [render.document(playbook, found)]
    return {Format.TABLE: render.table, Format.JSONL: render.lines, Format.CSV: render.csv}[output](found)


def words(accept: list[str] | None, reason: str) -> dict[str, str]:
    """`--accept` with its reason. Raises Mistake where one is given without the other."""
    if bool(accept) != bool(reason.strip()):
        raise Mistake("--accept and --reason go together", next="--accept PF06 --reason 'why it is no matter'")
    return {one.upper(): reason.strip() for one in accept or ()}


def looked(
    migration: Migration, like: Ledger | None, directory: Path, accepted: Mapping[str, str]
) -> tuple[Ground, list[dict[str, Any]]]:
    """Every check of a migration, as plain data. Raises OperatorError where nothing can be looked at."""
    from cmkmigrate.preflight.ground import survey
    from cmkmigrate.preflight.run import preflight

    ground = survey(migration, like, common.place(directory))
    return ground, render.rows(preflight(ground, accepted))


def clear(
    migration: Migration, like: Ledger | None, directory: Path, accepted: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The same for an `apply` that is about to begin: what did not pass is told on standard error. Raises what planning
    met, or Blocked, where nothing may be written."""
    ground, found = looked(migration, like, directory, accepted)
    if any(one["status"] != "pass" for one in found):
        for line in render.short(found):
            print(line, file=sys.stderr)
    stops = [one for one in found if one["blocks"]]
    if ground.problems:
        raise next(iter(ground.problems.values()))
    if ground.refused:
        from cmkmigrate.engine.preflight import refusal

        raise refusal(ground.refused[0], migration.playbook.name)
    if held := [seen for one in stops for seen in one["seen"] if seen["held"]]:
        raise LockHeld("somebody else is at work", why=held[0]["evidence"], next=held[0]["fix"])
    if stops:
        worst = next(seen for seen in stops[0]["seen"] if seen["status"] == stops[0]["status"])
        raise Blocked(
            "the preflight stops it, and nothing was written",
            subject=", ".join(one["check"] for one in stops),
            why=worst["evidence"],
            next=worst["fix"]
            or worst["advice"]
            or f"mend it, then look again: cmkmigrate doctor {migration.playbook.name}",
        )
    return found
