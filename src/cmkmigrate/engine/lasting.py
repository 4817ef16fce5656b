"""Whether what earlier steps made can still be used: looked at before things are written that stand on it.

A key that is disabled in the middle of a run is told by nothing that is being copied; what is written then may be
unreadable for good. So the kinds that know (`Kind.still`) are asked before the first write and each minute after it.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from cmkmigrate.engine.observe import Board
from cmkmigrate.kinds.base import Kind

LOOK_S: Final = 60.0  # how old the last look may be when something is written


class Lasting:
    """Looks for one run. `guard` is called before each write."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._lock = threading.Lock()
        self._seen = 0.0
        self._told: set[str] = set()

    def guard(self) -> None:
        """Look again where the last look is too old. Raises Stopped: nothing more is to be written."""
        with self._lock:
            if self._seen and time.monotonic() - self._seen < LOOK_S:
                return
            self._look()
            self._seen = time.monotonic()

    def _look(self) -> None:
        board, seen = self._board, list[dict[str, object]]()
        for step in board.migration.playbook.steps:
            kind, outputs = board.migration.kinds.get(step.kind or ""), board.outputs.get(step.id)
            if kind is None or not outputs or type(kind).still is Kind.still or outputs in seen:
                continue
            seen.append(outputs)  # several steps name the same key
            why = kind.still(board.migration.site(step, kind, board.outputs), outputs)
            if why and why not in self._told:
                self._told.add(why)
                board.tell("note", step=step.id, text=f"not known whether it can still be used: {why}")
