"""Carrying a run out before the operator: progress, Ctrl-C, gates, and what came of it. For `apply` and `resume`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cmkmigrate.cli import common
from cmkmigrate.cli.common import Format
from cmkmigrate.cli.in_place import change_as_code
from cmkmigrate.cli.lines import Lines
from cmkmigrate.cli.status import standing_of
from cmkmigrate.errors import CallError, Incomplete, LockHeld, Mistake, OperatorError, Stopped
from cmkmigrate.render import result
from cmkmigrate.render.progress import Progress, Show
from cmkmigrate.render.status import table
from cmkmigrate.render.text import json_document

if TYPE_CHECKING:
    from cmkmigrate.engine.brake import Window
    from cmkmigrate.engine.migration import Migration
    from cmkmigrate.engine.observe import Board
    from cmkmigrate.run.ledger import Ledger

FINISH_S: Final = 30.0  # for what is in flight, after the first Ctrl-C
INCOMPLETE = 3
INTERRUPTED = 130


class Interrupted(Exception):
    """The operator stopped the run, and it ended in good order."""


@dataclass(frozen=True)
class Order:
    """How a run is to be carried out. confirm: step -> the word for its gate; overwrite: also what others did in the
    target; title: what the progress is called; window: when it takes new work; lock_timeout_s: how long it waits for
    somebody else's run to end; environ: for the clients."""

    confirm: Mapping[str, str]
    parallelism: int = 10
    retry_failed: bool = False
    overwrite: bool = False
    title: str = "apply"
    window: Window | None = None
    lock_timeout_s: float = 0.0
    environ: Mapping[str, str] | None = None
    show: Show = Show.AUTO


def carry(migration: Migration, ledger: Ledger, order: Order, lines: Lines) -> int:
    """Do what is left of a run; gives the exit code. Raises OperatorError."""
    from cmkmigrate.engine.apply import AtGate

    lines.run = ledger.meta().get("run", "")
    try:
        while True:
            try:
                _carry(migration, ledger, order, lines)
                break
            except AtGate as error:  # and not what stopped before one
                step, word = gate(migration, ledger, order.confirm)
                if not step or not common.asking():
                    raise
                print(f"{error.what}.", file=sys.stderr)
                if not common.ask(f"Step {step!r} changes what exists. Type {word} to go on:", word):
                    raise
                order = replace(order, confirm={**order.confirm, step: word}, retry_failed=False)
    except (Interrupted, KeyboardInterrupt):
        print(f"Stopped. To go on: cmkmigrate resume {ledger.directory}", file=sys.stderr)
        with suppress(OperatorError):
            lines.summary(_counts(ledger))
        lines.end(INTERRUPTED)
        return INTERRUPTED
    except OperatorError as error:
        if str(ledger.directory) not in error.next:
            error.next = error.next.replace("cmkmigrate resume", f"cmkmigrate resume {ledger.directory}")
            error.next = error.next.replace("repair RUN", f"repair {ledger.directory}")
        if isinstance(error, Stopped | Incomplete):
            with suppress(OperatorError):  # the ledger itself may be what is gone: why it stopped counts
                lines.summary(_counts(ledger))
        raise
    keep_posture(migration, ledger)
    return _show(ledger, lines, keep_code(migration, ledger))


def _carry(migration: Migration, ledger: Ledger, order: Order, lines: Lines) -> None:
    from cmkmigrate.engine.apply import UNDONE, apply
    from cmkmigrate.engine.apply import progress as numbers

    boards: list[Board] = []
    before: dict[tuple[str, str], int] = {}
    with _signals(boards, ledger.directory) as interrupted, Progress(order.title, before, show=order.show) as progress:
        try:
            run = apply(
                migration,
                ledger,
                confirm=order.confirm,
                parallelism=order.parallelism,
                retry_failed=order.retry_failed,
                overwrite=order.overwrite,
                board_out=boards,
                window=order.window,
                lock_timeout_s=order.lock_timeout_s,
            )
            with closing(run):  # what cannot be told stops the run in good order
                for event in run:
                    if event.what == "look":
                        progress.put(table(standing_of(ledger)))
                        continue
                    if event.what == "begin":  # whoever had the lock before may have done something
                        for row in numbers(ledger):
                            if row.state not in UNDONE:
                                before[row.step, row.kind] = before.get((row.step, row.kind), 0) + row.number
                    progress.take(event)
                    key = (event.step, event.kind)
                    lines.event(event, progress.done.get(key, 0), progress.total.get(key, 0))
        except Stopped:
            if interrupted.is_set():
                raise Interrupted from None
            raise


@contextmanager
def _signals(boards: list[Board], directory: Path) -> Iterator[threading.Event]:
    """The first Ctrl-C or SIGTERM stops the run in good order, the second at once."""
    interrupted = threading.Event()

    def at_once() -> None:
        os.write(2, f"\nStopped at once. To go on: cmkmigrate resume {directory}\n".encode(errors="replace"))
        os._exit(INTERRUPTED)  # the ledger is valid at every instant

    timer = threading.Timer(FINISH_S, at_once)
    timer.daemon = True

    def handle(number: int, frame: Any) -> None:
        if interrupted.is_set():
            at_once()
        if not boards:
            raise KeyboardInterrupt
        interrupted.set()
        boards[-1].stop.set()
        os.write(2, b"\nFinishing what is under way; Ctrl-C again stops at once.\n")
        timer.start()

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def look(number: int, frame: Any) -> None:
        if boards:
            boards[-1].tell("look")  # told where the events are read: nothing is locked here

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, look)
    try:
        yield interrupted
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def gate(migration: Migration, ledger: Ledger, words: Mapping[str, str]) -> tuple[str, str]:
    """(step, word) of the gate that a run waits at; ("", "") where it waits at none."""
    from cmkmigrate.engine.apply import saved_outputs
    from cmkmigrate.run.schema import step as steps

    done = {row.id for row in ledger.rows(steps.select().where(steps.c["pass"] == ledger.number))}
    for step in migration.playbook.steps:
        if step.id in done:
            continue
        word = migration.gate(step, saved_outputs(ledger))
        return (step.id, word) if word and words.get(step.id) != word else ("", "")
    return "", ""


def keep_posture(migration: Migration, ledger: Ledger) -> None:
    """Note in the ledger, for the report, whose key the features of both sides are under now; where it can be read."""
    from cmkmigrate.audit.encryption import judge
    from cmkmigrate.engine.apply import holder, saved_outputs
    from cmkmigrate.engine.audit import before_and_after, blocks, posture

    raw = {}
    try:
        if migration.playbook.in_place:
            before, after = before_and_after(migration, ledger)
            sides = {"source": judge(before), "target": judge(after)}
            raw = {"raw": {"before": blocks(before), "after": blocks(after)}}
        else:
            sides = posture(migration, migration.target(saved_outputs(ledger)))
    except (OperatorError, CallError):
        return
    body = {"at": time.time(), **{side: [asdict(row) for row in rows] for side, rows in sides.items()}, **raw}
    with suppress(LockHeld), ledger.locked(holder()):
        ledger.set_meta("posture", json.dumps(body))


def keep_code(migration: Migration, ledger: Ledger) -> str:
    """The change as code, noted in the ledger for the report; "" where no code owns the workspace."""
    from cmkmigrate.engine.apply import holder, saved_outputs

    code = change_as_code(migration, saved_outputs(ledger))
    if code:
        with suppress(LockHeld), ledger.locked(holder()):
            ledger.set_meta("code", code)
    return code


def _counts(ledger: Ledger) -> list[dict[str, Any]]:
    from cmkmigrate.engine.reckon import reckon

    return [result.count_dict(count) for count in reckon(ledger)]


def _show(ledger: Ledger, lines: Lines, text: str) -> int:
    from cmkmigrate.engine.apply import written
    from cmkmigrate.engine.reckon import adds_up, problems, reckon
    from cmkmigrate.model import Outcome

    counts = reckon(ledger)
    failed = any(count.outcomes.get(Outcome.FAILED) for count in counts) or not adds_up(counts)
    code = INCOMPLETE if failed else 0
    if lines.output is Format.JSONL:
        lines.summary([result.count_dict(count) for count in counts])
        lines.end(code)
    elif lines.output is Format.JSON:
        meta = ledger.meta()
        body: dict[str, Any] = {
            "type": "apply",
            "run": meta.get("run", ""),
            "directory": str(ledger.directory),
            "pass": ledger.number,
        }
        body["counts"] = [result.count_dict(count) for count in counts]
        body["problems"] = [result.problem_dict(row) for row in problems(ledger)]
        body |= {"code": text} if text else {}
        print(json_document({**body, "exit_code": code}))
    else:
        for line in result.counts_table(counts):
            print(line)
        listed = list(result.problems_table(problems(ledger)))
        if listed:
            print("\nNot moved")
            for line in listed:
                print(line)
        if text:
            print(f"\nThe change as code\n{text}")
        if ledger.number > 1 and not written(ledger):
            equal = "Nothing to do: the target has what the source has."
            print(f"\n{'Nothing was written in this pass.' if failed else equal}", file=sys.stderr)
        print(f"\nRun: {ledger.directory}", file=sys.stderr)
        print(f"Next: cmkmigrate verify {ledger.directory}", file=sys.stderr)
        if failed:
            print(f"      mend what failed, then: cmkmigrate resume {ledger.directory} --retry-failed", file=sys.stderr)
    return code


def words_of(confirm: list[str] | None, migration: Migration) -> dict[str, str]:
    """`--confirm STEP=TEXT` as a mapping. Raises Mistake for a step that the playbook does not have."""
    words = common.pairs(confirm, "--confirm")
    known_steps(words, migration, "--confirm")
    return words


def known_steps(steps: Iterable[str], migration: Migration, flag: str) -> None:
    """Raises Mistake for a step that the playbook does not have."""
    known = [step.id for step in migration.playbook.steps]
    for step in steps:
        if step not in known:
            why = f"{migration.playbook.name} has {', '.join(known)}"
            raise Mistake(f"there is no step {step!r}", subject=flag, why=why)
