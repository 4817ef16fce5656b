"""`cmkmigrate state repair`: a ledger that is damaged, lost or old, rebuilt from what the target has."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmkmigrate.cli import common
from cmkmigrate.errors import Fatal, LockHeld, Mistake, Stopped

if TYPE_CHECKING:
    from cmkmigrate.engine.migration import Migration
    from cmkmigrate.engine.repair import Rebuilt
    from cmkmigrate.run.salvage import Salvage

app = typer.Typer(
    help="The ledger of a run.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
EXAMPLES = """\b
Examples:
  cmkmigrate state repair runs/analytics                                     it says what is damaged, and asks
  cmkmigrate state repair runs/analytics --old-copy                          a backup of the folder was put back
  cmkmigrate state repair runs/analytics --playbook cmk-migration --params analytics.yaml    all of it is lost
"""


@app.callback()
def group() -> None:
    pass


@app.command(epilog=EXAMPLES)
def repair(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run.")],
    playbook: Annotated[
        str, typer.Option("--playbook", metavar="PLAYBOOK", help="What the run is of, where its ledger cannot say it.")
    ] = "",
    param: common.Params = None,
    params: common.ParamsFile = None,
    old_copy: Annotated[
        bool, typer.Option("--old-copy", help="The ledger is whole, and older than what was written with it.")
    ] = False,
    auto_approve: common.Approve = False,
) -> int:
    """Rebuild the ledger of a run from what can still be believed of it, and from reading both workspaces.

    Writes to no cloud. The old files are kept beside the new ledger, in a folder that only you can read. Says what
    could not be recovered; `resume` goes on then, and looks at everything that was unknown.
    """
    from cmkmigrate.run import salvage, schema

    if common.place(directory) != directory:
        why = "the run is in the shared state"
        raise Mistake(
            "only a run in a folder is repaired", subject=str(directory), why=why, next="restore the database"
        )
    old = salvage.salvage(directory)
    old.behind = old.behind or old_copy
    if old.version > schema.SCHEMA_VERSION:
        why = f"its schema is {old.version}, this one knows {schema.SCHEMA_VERSION}"
        next = "repair it with that version"
        raise Fatal("a newer cmkmigrate wrote this run", subject=str(directory), why=why, next=next)
    if old.whole:
        why = "every sum fits, and no commit is missing"
        next = f"cmkmigrate resume {directory}; --old-copy where you know that it is an older copy"
        raise Fatal("the ledger is whole: there is nothing to repair", subject=str(directory), why=why, next=next)
    migration = _migration(old, directory, playbook, params, param)
    _free(old)
    for why in dict.fromkeys(old.wrong.values()):
        names = ", ".join(name for name, said in old.wrong.items() if said == why)
        print(f"Damaged: {names}: {why}", file=sys.stderr)
    if old.behind:
        print("Older than what was written with it.", file=sys.stderr)
    if not auto_approve:
        if not common.asking():
            raise Mistake("there is nobody to ask", why="this is not a terminal", next="add --auto-approve")
        question = f"Read both workspaces and rebuild the ledger of {directory}? Only `yes` does:"
        if not common.ask(question, "yes"):
            raise Stopped("not agreed, nothing was changed")
    rebuilt = _rebuilt(migration, old, directory)
    _put_in(rebuilt, directory)
    _tell(rebuilt, directory)
    return 0


def _migration(old: Salvage, directory: Path, playbook: str, params: Path | None, param: list[str] | None) -> Migration:
    """What the run is of: as its ledger says, or as given. Raises Fatal where neither can say it."""
    from cmkmigrate.engine.repair import possible

    given = None
    if playbook:
        read = common.load_playbook(playbook)
        given = common.open_migration(read, common.read_params(params, param, read), str(params or "-p"), reading=True)
    if old.meta:
        found = common.migration_from(old.meta, directory, reading=True)
        if given is not None and given.identity != found.identity:
            raise Fatal("the run is of another migration", subject=str(directory), next="leave --playbook out")
    elif given is not None:
        found = given
    else:
        raise Fatal(
            "nobody knows what this run is of",
            subject=str(directory),
            why=old.wrong.get("meta", ""),
            next=f"cmkmigrate state repair {directory} --playbook PLAYBOOK --params FILE",
        )
    possible(found, old, directory)
    return found


def _free(old: Salvage) -> None:
    """Raises LockHeld where somebody may be at work on the run."""
    from cmkmigrate.run import locks

    for row in old.tables.get("lock", []):
        if locks.alive(row["host"], row["pid"], time.time() - row["beat"], False):
            raise LockHeld(
                "somebody else is at work on this run",
                subject=f"{row['holder']} (process {row['pid']} on {row['host']})",
                next="wait for it, or end it",
            )


def _rebuilt(migration: Migration, old: Salvage, directory: Path) -> Rebuilt:
    from cmkmigrate.engine.apply import holder, state_home
    from cmkmigrate.engine.conduct import stream
    from cmkmigrate.engine.repair import Repair
    from cmkmigrate.render.progress import Progress
    from cmkmigrate.run import locks
    from cmkmigrate.run.ledger import Ledger

    pair = locks.pair(state_home() / "locks", migration.source_ref.lower(), migration.identity, holder())
    with pair, Ledger.scratch() as scratch, Progress("reading", {}, brief=True) as progress:
        repair = Repair(migration, old, scratch)
        for event in stream(repair.board, repair.run):
            progress.take(event)
        return repair.done


def _put_in(rebuilt: Rebuilt, directory: Path) -> None:
    from cmkmigrate.engine import repair
    from cmkmigrate.run import salvage
    from cmkmigrate.run.ledger import FILE

    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any((directory / name).exists() for name in (FILE, f"{FILE}-wal")):
            aside = salvage.keep_aside(directory)
            print(f"Kept aside: {aside}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix=".repair-", dir=directory) as name:
            repair.write(rebuilt, Path(name))
            salvage.put_in(Path(name), directory)
    except OSError as error:
        where = error.filename or directory
        why = error.strerror or os.strerror(error.errno or 0)
        raise Stopped("the repaired ledger cannot be written", subject=str(where), why=why, next="make room, then: "
                      "the same command again") from None  # fmt: skip


def _tell(rebuilt: Rebuilt, directory: Path) -> None:
    if rebuilt.read:
        number = sum(rebuilt.found.values())
        whose = (
            "made by this run" if rebuilt.fresh else "in a workspace that was there before the run, or may have been"
        )
        print(f"Read back: {number} things of the source are in the target, {whose}", file=sys.stderr)
        for kind, found in sorted(rebuilt.found.items()):
            if found:
                print(f"  {kind} {found}", file=sys.stderr)
    for line in rebuilt.lost:
        print(f"Not recovered: {line}", file=sys.stderr)
    print(f"Repaired. To go on: cmkmigrate resume {directory}", file=sys.stderr)
