"""`cmkmigrate plan`: what would be done. Nothing is written to any cloud."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format, OnConflict
from cmkmigrate.cli.in_place import change_as_code
from cmkmigrate.errors import Blocked, CallError, Denied, Fatal, Mistake, NotAllowed, Stopped
from cmkmigrate.model import Do
from cmkmigrate.render import plan as render
from cmkmigrate.render.progress import Progress
from cmkmigrate.render.text import csv_lines, plural

if TYPE_CHECKING:
    from cmkmigrate.engine.migration import Migration
    from cmkmigrate.engine.preview import Preview
    from cmkmigrate.run.ledger import Ledger

NAME = "plan"
CHANGES = 2
EXAMPLES = """\b
Examples:
  cmkmigrate plan cmk-migration --params analytics.yaml
  cmkmigrate plan cmk-migration --params analytics.yaml --out analytics.cmkplan
  cmkmigrate plan cmk-migration --params analytics.yaml --asks network-asks.csv
  cmkmigrate plan my-own.yaml -p source=/subscriptions/... -o jsonl
"""


def command(
    playbook: Annotated[str, typer.Argument(metavar="PLAYBOOK", help="Name of a shipped playbook, or a path.")],
    param: common.Params = None,
    params: common.ParamsFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PLANFILE", help="Keep the plan; `apply PLANFILE` holds to it.")
    ] = None,
    asks: Annotated[
        Path | None,
        typer.Option(
            "--asks", metavar="FILE", help="Write what firewalls and lists elsewhere must be asked for, as CSV."
        ),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 2 where there is something to write.")
    ] = False,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="Folder of the run that is applied again, where it was named."),
    ] = None,
    on_conflict: common.Conflict = OnConflict.REPORT,
    output: common.Output = Format.TABLE,
) -> int:
    """Show what a playbook would do, and why. Writes nothing, neither there nor here (but for --out and --asks)."""
    read = common.load_playbook(playbook)
    given = common.read_params(params, param, read)
    migration = common.open_migration(read, given, str(params or "-p"), reading=True)
    with previewed(migration, existing(migration, run), on_conflict is OnConflict.OVERWRITE) as preview:
        if out is not None:
            from cmkmigrate.engine import planfile

            try:
                planfile.save(out, migration, preview)
            except OSError as error:
                raise common.unwritable(out, error) from None
        totals = show(migration, preview, output)
        _possible(migration, preview)
    if asks is not None:
        _write_asks(migration, asks)
    return CHANGES if detailed_exitcode and totals.changes else 0


def _possible(migration: Migration, preview: Preview) -> None:
    """Raises Blocked where `apply` would not begin: what is provisioned cannot go well."""
    for action in preview.actions():
        if action.do is Do.BLOCK and (migration.kinds[action.kind].at == "arm" or migration.kinds[action.kind].alone):
            raise Blocked(
                f"step {action.step!r} cannot go well, so apply would not begin",
                subject=f"{action.kind} {action.key}",
                why=action.reason,
                next="mend it, then plan again",
            )


def _write_asks(migration: Migration, file: Path) -> None:
    """Write network-asks.csv: what knows only the network of the old workspace. Raises Mistake, NotAllowed, Stopped."""
    from cmkmigrate.kinds.azure.network_asks import COLUMNS, network_asks

    name, source = str(migration.params.get("target_name") or ""), migration.source()
    if not name or not source.arm_id:
        why = f"{migration.playbook.name} makes none, or the old one is not named by its ARM id"
        raise Mistake("what is asked for is for a new workspace", subject="--asks", why=why)
    target = str(migration.params.get("existing_target") or f"{source.arm_id.rpartition('/')[0]}/{name}")
    site, open = migration.subscription(), migration.sites.subscription
    try:
        rows = [astuple(one) for one in network_asks(site, source.resource, migration.params, target, open)]
    except Denied as error:
        next = "get Reader on it"
        raise NotAllowed("the network may not be read", subject="--asks", why=str(error), next=next) from None
    except CallError as error:
        next = "the same command again"
        raise Stopped("the network cannot be read", subject="--asks", why=str(error), next=next) from None
    common.write_private(file, "\r\n".join([*csv_lines(COLUMNS, rows), ""]))
    print(f"{plural(len(rows), 'row')} in {file}", file=sys.stderr)


def existing(migration: Migration, directory: Path | None = None) -> Ledger | None:
    """The run of this migration that is already there, whose names the preview starts from."""
    from cmkmigrate.run.ledger import Ledger

    directory = directory or common.default_directory(migration)
    if not common.has_run(directory):
        return None
    ledger = Ledger.open(common.place(directory))
    if ledger.meta().get("identity") != migration.identity:
        raise Fatal("the run is of another migration", subject=str(directory), next="name another folder with --run")
    return ledger


@contextmanager
def previewed(migration: Migration, like: Ledger | None, overwrite: bool = False) -> Iterator[Preview]:
    """A plan on a ledger that is thrown away at the end. overwrite: what somebody else did in the target, too."""
    from cmkmigrate.engine.conduct import stream
    from cmkmigrate.engine.observe import Board
    from cmkmigrate.engine.preview import Preview
    from cmkmigrate.run.ledger import Ledger

    with Ledger.scratch(like=like) as scratch:
        board = Board(migration, scratch, {}, preview=True, overwrite=overwrite)
        preview = Preview(board)
        with Progress("planning", {}, brief=True) as progress:
            for event in stream(board, preview.run):
                progress.take(event)
        yield preview


def show(migration: Migration, preview: Preview, output: Format, stream: TextIO | None = None) -> render.Totals:
    """Write the plan to standard output, or to `stream`."""
    totals = render.Totals()
    head = render.Head(migration.playbook.name, migration.source_ref, target_name(migration))
    unverified = {name: kind.unverified for name, kind in migration.kinds.items()}
    code = change_as_code(migration, preview.board.outputs)
    rest = (preview.actions(), totals, preview.skipped, preview.forecasts, unverified, code)
    if output is Format.CSV:
        lines = render.csv(*rest[:2])
    else:
        forms = {Format.TABLE: render.table, Format.JSON: render.document, Format.JSONL: render.lines}
        lines = forms[output](head, *rest)
    for line in lines:
        print(line, file=stream)
    return totals


def target_name(migration: Migration) -> str:
    """What the operator calls the target."""
    if migration.playbook.document.target == migration.playbook.document.source:
        return "itself, in place"
    names = ("existing_target", "target", "target_name")
    return next((str(migration.params[name]) for name in names if migration.params.get(name)), "a workspace to be made")
