"""A hand on a running apply: pause, go on, abort, another parallelism, another share of the source's limits; windows.

What another terminal asks for is a row of the ledger, looked for each second; nothing is asked of the process itself,
so that it works on any host that sees the ledger. Pausing takes no new work: what is under way is finished, so that the
checkpoint is whole and a pause may last for days. An abort, and the end of a window, end the run as Ctrl-C does.
What holds at the moment is noted in the ledger in turn, so that `status` can say it from anywhere.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from cmkmigrate.engine.observe import Board
from cmkmigrate.errors import OperatorError
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.locks import ASK

POLL_S: Final = 1.0
PAUSE, ABORT, PARALLELISM, SHARE, RELEASE = "pause", "abort", "parallelism", "source-share", "release"
HAND: Final = "hand"  # in meta: what holds at the moment, as JSON


@dataclass(frozen=True, slots=True)
class End:
    """When no new work is taken any more, and how the operator said it. at: Unix seconds; or, steady, seconds of
    time.monotonic(), which nobody sets: a length of time neither ends early nor late when the clock is put right."""

    at: float
    said: str
    steady: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """When an apply takes new work. The earliest of `ends` counts. pause_file: nothing new is taken while it is there.
    hold_before: steps that are not begun until somebody releases them, or release_file is there."""

    ends: tuple[End, ...] = ()
    pause_file: Path | None = None
    hold_before: tuple[str, ...] = ()
    release_file: Path | None = None


@dataclass(slots=True)
class Hand:
    """What holds at the moment for an apply that is under way. began, paused_since, ends: Unix seconds (0.0: none).

    paused_by: whom or what it waits for, "" while it works; paused_s: how long it was paused before that.
    held_before: the step that waits for `release`. source_share: None without a limit. before: items of this pass that
    were done when it began.
    """

    began: float
    parallelism: int
    source_share: float | None
    ends: float = 0.0
    ends_said: str = ""
    paused_by: str = ""
    paused_since: float = 0.0
    paused_s: float = 0.0
    held_before: str = ""
    before: int = 0


class Turns:
    """Lets so many at once do an item as the board says at that moment, and none while it is paused."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._change = threading.Condition()
        self._at_work = self._handed = 0

    def hand(self, at_once: int) -> bool:
        """Wait until one more may be handed out (at_once 0: twice as many as may work); False when the run stops."""
        with self._change:
            while not self._board.stop.is_set() and self._handed >= (at_once or 2 * self._board.parallelism):
                self._change.wait(POLL_S / 5)
            self._handed += 1
        return not self._board.stop.is_set()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Wait for a turn; False when the run stops instead. Gives back what was handed out."""
        board, worked = self._board, False
        try:
            with self._change:
                while not board.stop.is_set() and (not board.go.is_set() or self._at_work >= board.parallelism):
                    self._change.wait(POLL_S / 5)
                if worked := not board.stop.is_set():
                    self._at_work += 1
            yield worked
        finally:
            with self._change:
                self._handed -= 1
                self._at_work -= worked
                self._change.notify_all()


class Brake:
    """Looks for what was asked of a run, each second, while it is held open as a context.

    clock: Unix seconds; steady: seconds that nobody sets; what is noted is in the time of the ledger. before: items of
    this pass that are done already.
    """

    def __init__(
        self, board: Board, window: Window, clock: Any = time.time, steady: Any = time.monotonic, before: int = 0
    ) -> None:
        self._board, self._window, self._clock, self._steady = board, window, clock, steady
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="brake", daemon=True)
        left = {(end.at - (steady() if end.steady else clock())): end.said for end in window.ends}
        now = board.ledger.now()
        ends, said = (now + min(left), left[min(left)]) if left else (0.0, "")
        self._hand = Hand(now, board.parallelism, self._share(), ends, said, before=before)
        self._noted = ""
        self._paused = 0.0  # by `steady`

    def __enter__(self) -> Brake:
        self.look({})
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        said: dict[str, str] = {}
        while not self._over.wait(POLL_S):
            # What was asked last holds, and a window closes all the same.
            with suppress(SQLAlchemyError, OperatorError):
                said = asked(self._board.ledger)
            self.look(said)

    def look(self, said: Mapping[str, str]) -> None:
        """Do what is asked for, and note what holds now. said: as `asked` gives it."""
        board, window = self._board, self._window
        for end in window.ends:
            if (self._steady() if end.steady else self._clock()) >= end.at:
                self._stop(f"the window has closed ({end.said})")
        if said.get(ABORT):
            self._stop(f"aborted by {said[ABORT]}")
        held = said.get(PAUSE) or _pausing(window.pause_file)
        if held and board.go.is_set():
            board.go.clear()
            board.tell("pause", text=f"paused by {held}: what is under way is finished, nothing new is begun")
        elif not held and not board.go.is_set():
            board.go.set()
            board.tell("go", text="going on")
        self._waits(held or (f"the hold before step {self._hand.held_before}" if self._hand.held_before else ""))
        if said.get(PARALLELISM) and int(said[PARALLELISM]) != board.parallelism:
            board.parallelism = int(said[PARALLELISM])
            board.tell("note", text=f"at most {board.parallelism} at once of each kind from now on")
        if said.get(SHARE) and board.migration.sites.share_source(float(said[SHARE])):
            board.tell("note", text=f"the source is called at {said[SHARE]} of its limits from now on")
        self._hand.parallelism, self._hand.source_share = board.parallelism, self._share()
        self._note()

    def hold(self, step: str) -> None:
        """Return at once, unless the operator wants this step held: then when it is released, or the run stops."""
        if step not in self._window.hold_before:
            return
        board, file = self._board, self._window.release_file
        self._hand.held_before = step
        how = f"cmkmigrate release {board.ledger.directory}" + (f", or the file {file}" if file else "")
        board.tell("pause", step=step, text=f"held before step {step}: {how}")
        who = ""
        while not who:
            if board.stop.wait(POLL_S / 5):
                return
            with suppress(SQLAlchemyError, OperatorError):  # it waits on
                who = asked(board.ledger).get(RELEASE, "")
            with suppress(OSError):  # a file that cannot be looked for releases nothing
                if file is not None and file.exists():
                    who = who or f"the file {file}"
        board.ledger.ask({RELEASE: ""})  # it was for this step, not for the next that is held
        self._hand.held_before = ""
        board.tell("go", step=step, text=f"step {step} is released by {who}")

    def _waits(self, why: str) -> None:
        """Keep for whom it waits, since when, and how long it has waited altogether."""
        hand, now = self._hand, self._steady()
        if bool(why) != bool(hand.paused_by):
            if why:
                self._paused, hand.paused_since = now, self._board.ledger.now()
            else:
                hand.paused_s += now - self._paused
                hand.paused_since = 0.0
        hand.paused_by = why

    def _share(self) -> float | None:
        share = float(self._board.migration.sites.source_share())
        return None if math.isinf(share) else share

    def _note(self) -> None:
        text = json.dumps(asdict(self._hand))
        if text != self._noted:
            # Only for people; whoever works meets the same, and tells it.
            with suppress(SQLAlchemyError, OperatorError):
                self._board.ledger.set_meta(HAND, text)
                self._noted = text

    def _stop(self, why: str) -> None:
        if not self._board.stop.is_set():
            self._board.why = why
            self._board.stop.set()


def _pausing(file: Path | None) -> str:
    """What a file that pauses is called where it is there, or where nobody can tell; "" where it is not."""
    try:
        return f"the file {file}" if file is not None and file.exists() else ""
    except OSError as error:  # a share that is gone, a folder that is closed: whoever put it there may want it held
        return f"the file {file}, which cannot be looked for ({error.strerror})"


def asked(ledger: Ledger) -> dict[str, str]:
    """What was asked of the run and is not yet taken back."""
    return {name.removeprefix(ASK): value for name, value in ledger.meta().items() if name.startswith(ASK)}


def hand(meta: Mapping[str, str]) -> Hand | None:
    """What the last apply of a run has noted; None where it has noted nothing. It holds while that apply is at work."""
    return Hand(**json.loads(meta[HAND])) if meta.get(HAND) else None
