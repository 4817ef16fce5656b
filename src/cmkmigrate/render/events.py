"""The events of a run as JSON lines. Fields and types are only ever added."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from cmkmigrate.model import Event

TYPES: Final = {
    "step": "step_start",
    "kind": "kind_start",
    "item": "item",
    "note": "diagnostic",
    "wait": "wait",
    "end": "apply_complete",
}


class Events:
    """Makes the lines of one run. `run` and `workspace` (the source) are on each."""

    def __init__(self, run: str, workspace: str) -> None:
        self._common = {"run_id": run, "workspace": workspace}

    def version(self, tool: str) -> dict[str, Any]:
        """The first line."""
        return {"ts": stamp(None), "type": "version", **self._common, "cmkmigrate": tool, "format": 1}

    def event(self, event: Event) -> dict[str, Any]:
        """One event. An item that drifted is of the type `drift`."""
        kind = TYPES.get(event.what, event.what)
        if event.what == "item" and event.state == "drifted":
            kind = "drift"
        line: dict[str, Any] = {"ts": stamp(event.at), "type": kind, **self._common, "step_id": event.step}
        more = {"kind": event.kind, "key": event.key, "state": event.state, "text": event.text}
        line |= {name: value for name, value in more.items() if value}
        return {**line, "total": event.total} if event.what == "kind" else line

    def error(self, what: str, subject: str, why: str, next: str, code: int) -> dict[str, Any]:
        """What ended the run early."""
        more = {"message": what, "object": subject, "why": why, "next": next, "exit_code": code}
        return {"ts": stamp(None), "type": "error", **self._common, "step_id": "", **more}

    def end(self, counts: Any, code: int) -> dict[str, Any]:
        """The last line."""
        return {
            "ts": stamp(None),
            "type": "run_end",
            **self._common,
            "step_id": "",
            "counts": counts,
            "exit_code": code,
        }


def stamp(at: float | None) -> str:
    """Unix seconds (None: now) as ISO 8601 in UTC."""
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
