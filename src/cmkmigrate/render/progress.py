"""How far a run is, on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Protocol, TextIO

from cmkmigrate.model import Event
from cmkmigrate.render.text import plain

EVERY_S: Final = 60.0  # between two plain lines while nothing begins or ends
ETA_FROM: Final = 0.05  # done before a time left is shown: earlier ones mislead
LONGEST: Final = 160  # characters of what a service said
Key = tuple[str, str]  # step, kind


class Progress:
    """Takes the events of a run and shows how far it is. `done`: (step, kind) -> items that were done before.

    On a terminal there is a bar for each kind; elsewhere a line when a kind begins and ends, and one a minute.
    brief: the bars are gone at the end, and of the lines there are only those of every minute.
    """

    def __init__(
        self,
        title: str,
        done: Mapping[Key, int],
        *,
        brief: bool = False,
        stream: TextIO | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        out = stream or sys.stderr
        self._shown: _Shown = _Bars(out, title, brief) if out.isatty() else _Lines(out, title, every_s, brief)
        self._before = done
        self.done: dict[Key, int] = {}
        self.total: dict[Key, int] = {}

    def __enter__(self) -> Progress:
        self._shown.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.end()

    def take(self, event: Event) -> None:
        """Show what this event changes."""
        key = (event.step, event.kind)
        if event.what == "kind":
            self.total[key] = event.total
            self.done[key] = min(self._before.get(key, 0), event.total)
            if self.done[key] < event.total:
                self._shown.move(key, self.done[key], event.total)
        elif event.what == "item" and key in self.total:
            self.done[key] = min(self.done[key] + 1, self.total[key])
            self._shown.move(key, self.done[key], self.total[key])
            if event.state in ("failed", "drifted"):
                self._shown.say(f"{event.state}: {event.kind} {event.key}: {event.text}")
        elif event.what in ("note", "wait"):
            of = " ".join(part for part in (event.kind or event.step, event.key) if part)
            self._shown.say(f"{of}{' waits' if event.what == 'wait' else ''}: {_short(event.text)}")


def _short(text: str) -> str:
    """The beginning of what a service said; the ledger has all of it."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


class _Shown(Protocol):
    """How it is shown."""

    def begin(self) -> None: ...

    def end(self) -> None: ...

    def move(self, key: Key, done: int, total: int) -> None: ...

    def say(self, text: str) -> None: ...


class _Lines:
    """A line when a kind begins, one when it ends, and one a minute in between."""

    def __init__(self, out: TextIO, title: str, every_s: float, brief: bool) -> None:
        self._out, self._title, self._every_s, self._brief = out, title, every_s, brief
        self._now: dict[Key, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._said: dict[str, float] = {}
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)

    def begin(self) -> None:
        self._ticker.start()

    def end(self) -> None:
        self._over.set()
        self._ticker.join()

    def move(self, key: Key, done: int, total: int) -> None:
        with self._lock:
            first = key not in self._now
            self._now[key] = (done, total)
            if done >= total:
                del self._now[key]
        if not self._brief and (first or done >= total):
            self._print(f"{key[1]}: {done} of {total}")

    def say(self, text: str) -> None:
        now = time.monotonic()
        with self._lock:  # what is said over and over (waiting for a grant) is said once a minute
            if now - self._said.get(text, -self._every_s) < self._every_s:
                return
            self._said[text] = now
        self._print(text)

    def _tick(self) -> None:
        while not self._over.wait(self._every_s):
            with self._lock:
                parts = [f"{kind} {done} of {total}" for (_, kind), (done, total) in self._now.items()]
            self._print(", ".join(parts) or "waiting")

    def _print(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {self._title}: {plain(text)}", file=self._out, flush=True)


class _Bars:
    """A bar for each kind, with counts and the time left."""

    def __init__(self, out: TextIO, title: str, brief: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        class TimeLeft(TimeRemainingColumn):
            def render(self, task: Any) -> Any:
                from rich.text import Text

                return super().render(task) if task.finished or task.percentage >= 100 * ETA_FROM else Text("")

        console = Console(file=out)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeLeft())
        self._bars = Bars(*columns, console=console, transient=brief)
        self._tasks: dict[Key, Any] = {}
        self._title = title

    def begin(self) -> None:
        self._bars.start()

    def end(self) -> None:
        self._bars.stop()

    def move(self, key: Key, done: int, total: int) -> None:
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(f"{self._title} {key[1]}", total=total, completed=done)
        else:
            self._bars.update(self._tasks[key], completed=done, total=total)

    def say(self, text: str) -> None:
        from rich.text import Text

        self._bars.console.print(Text(plain(text)))
