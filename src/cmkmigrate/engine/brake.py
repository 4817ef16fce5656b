"""A hand on a running apply: pause, go on, abort, another parallelism, another share of the source's limits; windows.

What another terminal asks for is a row of the ledger, looked for each second; nothing is asked of the process itself,
so that it works on any host that sees the ledger. Pausing takes no new work: what is under way is finished, so that the
checkpoint is whole and a pause may last for days. An abort, and the end of a window, end the run as Ctrl-C does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from cmkmigrate.engine.observe import Board
from cmkmigrate.errors import Stopped
from cmkmigrate.run.ledger import Ledger

POLL_S: Final = 1.0
PAUSE, ABORT, PARALLELISM, SHARE = "pause", "abort", "parallelism", "source-share"


@dataclass(frozen=True, slots=True)
class Window:
    """When no new work is taken any more. until: Unix seconds (0.0: never); said: how the operator said it.
    pause_file: nothing new is taken while this file is there."""

    until: float = 0.0
    said: str = ""
    pause_file: Path | None = None


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
    """Looks for what was asked of a run, each second, while it is held open as a context."""

    def __init__(self, board: Board, window: Window, clock: Any = time.time) -> None:
        self._board, self._window, self._clock = board, window, clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="brake", daemon=True)

    def __enter__(self) -> Brake:
        self._board.ledger.ask(dict.fromkeys((PAUSE, ABORT, PARALLELISM, SHARE), ""))  # of an earlier process
        self.look({})
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        said: dict[str, str] = {}
        while not self._over.wait(POLL_S):
            with suppress(SQLAlchemyError, Stopped):  # what was asked last holds, and a window closes all the same
                said = asked(self._board.ledger)
            self.look(said)

    def look(self, said: Mapping[str, str]) -> None:
        """Do what is asked for. said: as `asked` gives it."""
        board, window = self._board, self._window
        if window.until and self._clock() >= window.until:
            self._stop(f"the window has closed ({window.said})")
        if said.get(ABORT):
            self._stop(f"aborted by {said[ABORT]}")
        held = said.get(PAUSE, "")
        if window.pause_file is not None and window.pause_file.exists():
            held = held or f"the file {window.pause_file}"
        if held and board.go.is_set():
            board.go.clear()
            board.tell("note", text=f"paused by {held}: what is under way is finished, nothing new is begun")
        elif not held and not board.go.is_set():
            board.go.set()
            board.tell("note", text="going on")
        if said.get(PARALLELISM) and int(said[PARALLELISM]) != board.parallelism:
            board.parallelism = int(said[PARALLELISM])
            board.tell("note", text=f"at most {board.parallelism} at once of each kind from now on")
        if said.get(SHARE) and board.migration.sites.share_source(float(said[SHARE])):
            board.tell("note", text=f"the source is called at {said[SHARE]} of its limits from now on")

    def _stop(self, why: str) -> None:
        if not self._board.stop.is_set():
            self._board.why = why
            self._board.stop.set()


def asked(ledger: Ledger) -> dict[str, str]:
    """What was asked of the run and is not yet taken back."""
    return {name.removeprefix("ask."): value for name, value in ledger.meta().items() if name.startswith("ask.")}
