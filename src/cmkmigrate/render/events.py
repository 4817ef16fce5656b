"""The events of a run as JSON lines, format 1: docs/events.schema.json. Types and fields are only ever added to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from cmkmigrate.model import Event

FORMAT: Final = 1
TYPES: Final = {
    "phase": "phase_start",
    "step": "step_start",
    "kind": "phase_start",
    "item": "step_progress",
    "done": "step_complete",
    "error": "step_errored",
}  # whatever else happens is a diagnostic
WARNINGS: Final = ("wait", "pause")


class Events:
    """Makes the lines of one run. `run` and `workspace` (the source) are on each; run "": there is none yet."""

    def __init__(self, workspace: str, run: str = "") -> None:
        self._workspace, self.run = workspace, run

    def version(self, tool: str) -> dict[str, Any]:
        """The first line."""
        return self._line("version", cmkmigrate=tool, format=FORMAT)

    def event(self, event: Event, done: int = 0, total: int = 0) -> dict[str, Any]:
        """One event. done, total: of its kind in its step, where it is of an item. What drifted is a `drift`."""
        kind = TYPES.get(event.what, "diagnostic")
        about = {name: value for name, value in (("kind", event.kind), ("key", event.key)) if value}
        more: dict[str, Any] = {}
        if event.what == "phase":
            more = {"phase": event.text}
        elif event.what == "kind":
            more = {"phase": event.kind, "total": event.total}
        elif event.what == "item":
            kind = "drift" if event.state == "drifted" else kind
            more = {**about, "state": event.state, "reason": event.text, "done": done, "total": total}
        elif event.what == "done":
            more = {"state": event.state, "reason": event.text}
        elif event.what == "error":
            more = {"message": event.text}
        elif kind == "diagnostic":
            text = event.text or "the run is finished"
            more = {"severity": "warning" if event.what in WARNINGS else "info", "message": text, **about}
        return self._line(kind, event.step, event.at, **more)

    def error(self, what: str, subject: str, why: str, next: str) -> dict[str, Any]:
        """What ended the command early."""
        return self._line("diagnostic", severity="error", message=what, object=subject, why=why, next=next)

    def summary(self, counts: list[dict[str, Any]]) -> dict[str, Any]:
        """What became of the source's objects so far, per kind."""
        return self._line("change_summary", counts=counts)

    def end(self, code: int) -> dict[str, Any]:
        """The last line; a run without one was killed."""
        return self._line("run_end", exit_code=code)

    def _line(self, kind: str, step: str = "", at: float | None = None, /, **more: Any) -> dict[str, Any]:
        return {
            "ts": stamp(at), "type": kind, "run_id": self.run, "workspace": self._workspace, "step_id": step, **more,
        }  # fmt: skip


def stamp(at: float | None) -> str:
    """Unix seconds (None: now) as ISO 8601 in UTC."""
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
