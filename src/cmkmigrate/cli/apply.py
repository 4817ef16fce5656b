"""`cmkmigrate apply`: do it, with a checkpoint for every thing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmkmigrate.cli import common, doctor, running, windows
from cmkmigrate.cli import plan as planning
from cmkmigrate.cli.common import Format, OnConflict
from cmkmigrate.cli.lines import Lines, lines
from cmkmigrate.errors import LockHeld, Mistake, OperatorError, Stopped
from cmkmigrate.render.progress import Show

if TYPE_CHECKING:
    from cmkmigrate.engine.migration import Migration
    from cmkmigrate.engine.planfile import PlanFile
    from cmkmigrate.run.ledger import Ledger

NAME = "apply"
EXAMPLES = """\b
Examples:
  cmkmigrate apply cmk-migration --params analytics.yaml                  plans, and asks
  cmkmigrate apply analytics.cmkplan --run runs/analytics                 what was reviewed, without asking
  cmkmigrate apply cmk-migration --params analytics.yaml --auto-approve   for pipelines
"""


def command(
    what: Annotated[
        str,
        typer.Argument(
            metavar="PLAYBOOK|PLANFILE", help="A playbook (name or path), or a plan that `plan --out` kept."
        ),
    ],
    param: common.Params = None,
    params: common.ParamsFile = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="DIR", help="Folder of the run, or its name in the shared state."),
    ] = None,
    auto_approve: common.Approve = False,
    confirm: common.Confirm = None,
    accept: doctor.Accept = None,
    reason: doctor.Reason = "",
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
    """Carry a playbook or a kept plan out. Can be killed at any moment: `resume` goes on.

    Begins with the checks of `doctor`, and ends with 6 where one of them stops it.
    Without a kept plan and without --auto-approve it shows the plan and asks.
    Ends with 3 where something could not be moved.
    """
    common.only(output, Format.TABLE, Format.JSON, Format.JSONL)
    plan = _plan_file(what)
    if plan is not None and (params is not None or param):
        raise Mistake("a kept plan has its parameters", subject=what, next="leave -p and --params out, or plan anew")
    if plan is None and not auto_approve and not common.asking():
        raise Mistake(
            "there is nobody to ask", why="this is not a terminal", next="add --auto-approve, or apply a kept plan"
        )
    if plan is None:
        read = common.load_playbook(what)
        given = common.read_params(params, param, read)
        reader = common.open_migration(read, given, str(params or "-p"), reading=True)
    else:
        reader = _of_plan(plan)
    order = running.Order(
        confirm=running.words_of(confirm, reader),
        parallelism=parallelism,
        window=windows.window(not_after, max_duration, pause_file, hold_before, release_file),
        lock_timeout_s=windows.seconds(lock_timeout, "--lock-timeout"),
        overwrite=on_conflict is OnConflict.OVERWRITE,
        environ=windows.waiting(lro_timeout),
        show=progress,
    )
    running.known_steps(hold_before or (), reader, "--hold-before")
    accepted = doctor.words(accept, reason)
    with lines(output, reader.source_ref) as written:
        return _apply(reader, run or common.default_directory(reader), plan, auto_approve, accepted, order, written)


def _apply(
    reader: Migration,
    directory: Path,
    plan: PlanFile | None,
    auto_approve: bool,
    accepted: Mapping[str, str],
    order: running.Order,
    output: Lines,
) -> int:
    """Look, agree, carry out. Raises OperatorError."""
    from cmkmigrate.run import locks

    ledger = planning.existing(reader, directory)
    if ledger is not None and ledger.unfinished():
        held = locks.holder(ledger.engine)
        if held:
            next = "wait for it, or see `cmkmigrate status`"
            raise LockHeld("somebody else is at work on this run", subject=str(directory), why=held, next=next)
        raise Mistake("the run is not finished", subject=str(directory), next=f"cmkmigrate resume {directory}")
    checks = doctor.clear(reader, ledger, directory, accepted)
    if plan is not None or not auto_approve:
        _agree(reader, ledger, plan, order.overwrite)
    migration = common.again(reader, reading=False, environ=order.environ)
    if ledger is not None:
        _next_pass(ledger, migration, checks)
        return running.carry(migration, ledger, order, output)
    ledger = common.new_run(directory, migration, preflight=json.dumps(checks))
    try:
        return running.carry(migration, ledger, order, output)
    except Stopped:
        raise  # a gate before the first step: `resume` goes on
    except OperatorError:
        ledger.forget_unused()  # refused before the first write: the corrected command may use the same directory
        raise


def _plan_file(what: str) -> PlanFile | None:
    """The kept plan, where `what` is one. Raises Fatal for one that was edited or has expired."""
    path = Path(what)
    if path.suffix in (".yaml", ".yml"):
        return None
    if path.suffix == ".cmkplan" and not path.is_file():
        raise Mistake(
            "there is no such plan", subject=what, next="cmkmigrate plan PLAYBOOK --params FILE --out PLANFILE"
        )
    if not path.is_file() or (path.suffix != ".cmkplan" and "/" not in what and _is_playbook(what)):
        return None
    from cmkmigrate.engine import planfile

    return planfile.load(path)


def _is_playbook(name: str) -> bool:
    from cmkmigrate.playbook import shipped

    return name in shipped()


def _of_plan(plan: PlanFile) -> Migration:
    from cmkmigrate import playbook
    from cmkmigrate.kinds import discover

    read = playbook.parse(plan.playbook_text, plan.playbook_path, discover())
    return common.open_migration(read, plan.params, plan.path, reading=True)


def _agree(reader: Migration, ledger: Ledger | None, plan: PlanFile | None, overwrite: bool) -> None:
    """See that a kept plan still holds, or show one and ask. Raises Fatal, Stopped."""
    with planning.previewed(reader, ledger, overwrite) as preview:
        if plan is not None:
            from cmkmigrate.engine import planfile

            return planfile.check(plan, preview)
        totals: Any = planning.show(reader, preview, Format.TABLE, sys.stderr)
    if not totals.changes:
        print("Nothing to write.", file=sys.stderr)
    if not common.ask("\nGo on? Only `yes` does:", "yes"):
        raise Stopped("not agreed, nothing was written", next="the same command again, or with --auto-approve")


def _next_pass(ledger: Ledger, migration: Migration, checks: list[dict[str, Any]]) -> None:
    """A finished run of the same migration looks at everything again; what is given now counts."""
    from cmkmigrate.engine.apply import another_pass
    from cmkmigrate.run.ledger import EARLIER

    meta = ledger.meta()
    was = {name: meta[name] for name in ("playbook", "params")}  # an audit asks what every pass was to make
    earlier = json.loads(meta.get(EARLIER, "[]"))
    new = {"playbook": migration.playbook.text, "playbook_path": migration.playbook.path}
    new |= {"params": json.dumps(migration.params, sort_keys=True), "preflight": json.dumps(checks)}
    another_pass(ledger, {EARLIER: json.dumps([*earlier, *([] if was in earlier else [was])]), **new})
