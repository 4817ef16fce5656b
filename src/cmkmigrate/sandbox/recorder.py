"""The record of requests: what reached the sandbox, in order, for `/_sandbox/requests` and the log file."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

KEPT = 1_000_000  # lines in memory; the log file has all


class Recorder:
    """One line per request: time, client, method, host, path, query, status (0: no answer), write, fault, agent."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._lines: deque[tuple[float, str, str, str, str, str, int, bool, str, str]] = deque(maxlen=KEPT)
        self._file: TextIO | None = open(path, "a", encoding="utf-8") if path else None  # noqa: SIM115

    def note(
        self, time: float, client: str, method: str, host: str, path: str, query: str, status: int, write: bool,
        fault: str, agent: str,
    ) -> None:  # fmt: skip
        line = (time, client, method, host, path, query, status, write, fault, agent)
        self._lines.append(line)
        if self._file is not None:
            self._file.write(json.dumps(_as_json(line), ensure_ascii=False) + "\n")
            self._file.flush()

    def all(self) -> list[dict[str, Any]]:
        return [_as_json(line) for line in self._lines]

    def clear(self) -> None:
        self._lines.clear()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _as_json(line: tuple[float, str, str, str, str, str, int, bool, str, str]) -> dict[str, Any]:
    time, client, method, host, path, query, status, write, fault, agent = line
    return {
        "time": datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "client": client, "method": method, "host": host, "path": path, "query": query, "status": status,
        "write": write, "fault": fault or None, "agent": agent,
    }  # fmt: skip
