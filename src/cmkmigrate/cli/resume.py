"""`cmkmigrate resume`: go on after any stop."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cmkmigrate.cli import common, running, windows
from cmkmigrate.cli.common import Format, OnConflict
from cmkmigrate.cli.lines import lines
from cmkmigrate.render.progress import Show

NAME = "resume"
EXAMPLES = """\b
Examples:
  cmkmigrate resume                                    the only unfinished run below ./cmkmigrate-runs
  cmkmigrate resume runs/analytics --retry-failed      after mending what failed
  cmkmigrate resume runs/analytics --confirm freeze=analytics
"""


def command(
    directory: common.Directory = None,
    confirm: common.Confirm = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed, was blocked or drifted.")
    ] = False,
    parallelism: common.Parallelism = 10,
    on_conflict: common.Conflict = OnConflict.REPORT,
    not_after: windows.NotAfter = "",
    max_duration: windows.MaxDuration = "",
    pause_file: windows.PauseFile = None,
    hold_before: windows.HoldBefore = None,
    release_file: windows.ReleaseFile = None,
    lock_timeout: windows.LockTimeout = "0s",
    lro_timeout: windows.LroTimeout = "",
    progress: windows.Progress = Show.AUTO,
    output: common.Output = Format.TABLE,
) -> int:
    """Go on with a run that was stopped or killed. What nobody knows the fate of is looked up, never sent again."""
    common.only(output, Format.TABLE, Format.JSON, Format.JSONL)
    ledger = common.open_run(directory, unfinished=directory is None and not retry_failed)
    migration = common.migration_of(ledger, environ=windows.waiting(lro_timeout))
    order = running.Order(
        confirm=running.words_of(confirm, migration),
        parallelism=parallelism,
        retry_failed=retry_failed,
        overwrite=on_conflict is OnConflict.OVERWRITE,
        title=NAME,
        window=windows.window(not_after, max_duration, pause_file, hold_before, release_file),
        lock_timeout_s=windows.seconds(lock_timeout, "--lock-timeout"),
        show=progress,
    )
    running.known_steps(hold_before or (), migration, "--hold-before")
    if not ledger.unfinished() and not retry_failed:
        print(
            "The run is finished: nothing is left to do. `apply` looks again at what has changed since.",
            file=sys.stderr,
        )
    with lines(output, migration.source_ref) as written:
        return running.carry(migration, ledger, order, written)
