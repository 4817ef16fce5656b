"""Whether what earlier steps made can still be used: looked at before things are written that stand on it.

A key that is disabled in the middle of a run is told by nothing that is being copied; what is written then may be
unreadable for good. So the kinds that know (`Kind.still`) are asked before the first write after they are made, and
each minute from then on.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from cmkmigrate.engine.observe import Board
from cmkmigrate.kinds.base import Kind
from cmkmigrate.playbook import Step

LOOK_S: Final = 60.0  # how old the last look may be when something is written


class Lasting:
    """Looks for one run. `guard` is called before each write."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._lock = threading.Lock()
        self._seen = 0.0
        self._at: list[tuple[Step, Kind, dict[str, Any]]] = []
        self._told: set[str] = set()

    def guard(self) -> None:
        """Look again where the last look is too old, or at less. Raises Stopped: nothing more is to be written."""
        with self._lock:
            wanted = self._wanted()
            if wanted == self._at and time.monotonic() - self._seen < LOOK_S:
                return
            for step, kind, outputs in wanted:
                self._look(step, kind, outputs)
            self._at, self._seen = wanted, time.monotonic()

    def _wanted(self) -> list[tuple[Step, Kind, dict[str, Any]]]:
        """What there is to look at, each once, as several steps name the same key."""
        found: list[tuple[Step, Kind, dict[str, Any]]] = []
        for step in self._board.migration.playbook.steps:
            kind, outputs = self._board.migration.kinds.get(step.kind or ""), self._board.outputs.get(step.id)
            known = kind is not None and type(kind).still is not Kind.still
            if kind is not None and known and outputs and outputs not in [one for _, _, one in found]:
                found.append((step, kind, outputs))
        return found

    def _look(self, step: Step, kind: Kind, outputs: dict[str, Any]) -> None:
        why = kind.still(self._board.migration.site(step, kind, self._board.outputs), outputs)
        if why and why not in self._told:
            self._told.add(why)
            self._board.tell("note", step=step.id, text=f"not known whether it can still be used: {why}")
