"""How far a run is, on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Protocol, TextIO

from cmkmigrate.model import Event
from cmkmigrate.render.left import said, time_left
from cmkmigrate.render.text import plain

EVERY_S: Final = 60.0  # between two plain lines while nothing begins or ends
MOST: Final = 12  # bars of kinds at once, so that the screen holds them
ROOM: Final = 4  # lines of the screen that are not for bars of kinds
LONGEST: Final = 160  # characters of what a service said
Key = tuple[str, str]  # step, kind


class Show(StrEnum):
    """Whether it is shown how far a run is."""

    AUTO = "auto"  # bars on a terminal, lines elsewhere
    NONE = "none"


class Progress:
    """Takes the events of a run and shows how far it is. `done`: (step, kind) -> items that were done before.

    On a terminal there is a bar for the whole and one for each kind under way; elsewhere, and where TERM is "dumb", a
    line when a kind begins and ends, and one a minute. The time left is that of what is listed so far, at the pace seen
    without pauses. brief: the bars are gone at the end, and of the lines there are only those of every minute.
    What is said over and over is said once in `every_s` seconds; of waiting, once for each thing that waits.
    """

    def __init__(
        self,
        title: str,
        done: Mapping[Key, int],
        *,
        brief: bool = False,
        show: Show = Show.AUTO,
        stream: TextIO | None = None,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        out = stream or sys.stderr
        self._shown: _Shown
        if show is Show.NONE:
            self._shown = _Nothing(out)
        elif out.isatty() and os.environ.get("TERM") != "dumb":
            self._shown = _Bars(out, title, brief, self.left)
        else:
            self._shown = _Lines(out, title, every_s, brief, self.left)
        self._before, self._every_s, self._clock = done, every_s, clock
        self._began = self._paused_at = -1.0  # of the clock; -1.0: not
        self._paused_s = 0.0
        self._behind = 0  # what was done before, of the kinds that have begun
        self._said: dict[str, float] = {}
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
            self._behind += self.done[key]
            self._began = self._began if self._began >= 0 else self._clock()
            if self.done[key] < event.total:
                self._shown.move(key, self.done[key], event.total)
        elif event.what == "item" and key in self.total:
            self.done[key] = min(self.done[key] + 1, self.total[key])
            self._shown.move(key, self.done[key], self.total[key])
            if event.state in ("failed", "drifted"):
                self._say(f"{event.state}: {event.kind} {event.key}: {event.text}")
        elif event.what in ("pause", "go"):
            self._pause(event.what)
            self._shown.say(event.text)
        elif event.what in ("note", "wait"):
            of = " ".join(part for part in (event.kind or event.step, event.key) if part)
            if event.what == "wait":  # what a service says while one waits differs each time, by a request id
                self._say(f"{of} waits: {_short(event.text)}", f"{of} waits")
            else:
                self._say(f"{of}: {_short(event.text)}" if of else _short(event.text))

    def put(self, lines: Iterable[str]) -> None:
        """Say this now, whatever is shown otherwise."""
        for line in lines:
            self._shown.put(line)

    def left(self) -> str:
        """`paused`, or how long the rest takes; "" while nobody can know."""
        if self._paused_at >= 0:
            return "paused"
        done, total = list(self.done.values()), list(self.total.values())
        worked = self._clock() - self._began - self._paused_s if self._began >= 0 else 0.0
        left = time_left(self._behind, sum(done), sum(total), worked)
        return f"about {said(left)} left" if left else ""

    def _pause(self, what: str) -> None:
        now = self._clock()
        if what == "pause" and self._paused_at < 0:
            self._paused_at = now
        elif what == "go" and self._paused_at >= 0:
            self._paused_s += now - max(self._paused_at, self._began) if self._began >= 0 else 0.0
            self._paused_at = -1.0

    def _say(self, text: str, about: str = "") -> None:
        """Say it, unless the same (or something else `about` the same) has just been said."""
        now = time.monotonic()
        about = about or text
        if now - self._said.get(about, -self._every_s) >= self._every_s:
            self._said[about] = now
            self._shown.say(text)


def _short(text: str) -> str:
    """The beginning of what a service said; the ledger has all of it."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


class _Shown(Protocol):
    """How it is shown."""

    def begin(self) -> None: ...

    def end(self) -> None: ...

    def move(self, key: Key, done: int, total: int) -> None: ...

    def say(self, text: str) -> None: ...

    def put(self, line: str) -> None: ...


class _Nothing:
    """Nothing is shown, but what is asked for."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def begin(self) -> None:
        return

    def end(self) -> None:
        return

    def move(self, key: Key, done: int, total: int) -> None:
        return

    def say(self, text: str) -> None:
        return

    def put(self, line: str) -> None:
        _tell(self._out, plain(line))


class _Lines(_Nothing):
    """A line when a kind begins, one when it ends, and one a minute in between."""

    def __init__(self, out: TextIO, title: str, every_s: float, brief: bool, left: Callable[[], str]) -> None:
        super().__init__(out)
        self._left = left
        self._out, self._title, self._every_s, self._brief = out, title, every_s, brief
        self._now: dict[Key, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
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
        self._print(text)

    def _tick(self) -> None:
        while not self._over.wait(self._every_s):
            with self._lock:
                parts = [f"{kind} {done} of {total}" for (_, kind), (done, total) in self._now.items()]
            left = self._left()
            self._print((", ".join(parts) or "waiting") + (f"; {left}" if left else ""))

    def _print(self, text: str) -> None:
        _tell(self._out, f"{time.strftime('%H:%M:%S')} {self._title}: {plain(text)}")


def _tell(out: TextIO, line: str) -> None:
    """Write a line; where there is no room for it, the run goes on without."""
    try:
        print(line, file=out, flush=True)
    except BrokenPipeError:
        raise  # nobody reads
    except OSError:
        pass


class _Bars:
    """A bar for the whole, with the time left, and one for each kind under way, with counts.

    What is finished leaves: live lines beyond the lower edge of the screen are not seen, and cannot be taken back.
    """

    def __init__(self, out: TextIO, title: str, brief: bool, left: Callable[[], str]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bars

        class TimeLeft(TextColumn):
            def render(self, task: Any) -> Any:
                from rich.text import Text

                return Text(left() if task.description == title else "")

        console = Console(file=out)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeLeft(""))
        self._bars = Bars(*columns, console=console, transient=brief)
        self._most = max(1, min(MOST, console.height - ROOM))
        self._whole: Any = None
        self._tasks: dict[Key, Any] = {}  # the kinds under way, those that began first in front
        self._now: dict[Key, tuple[int, int]] = {}
        self._title = title

    def begin(self) -> None:
        self._bars.start()

    def end(self) -> None:
        self._bars.stop()

    def move(self, key: Key, done: int, total: int) -> None:
        self._now[key] = (done, total)
        numbers = [sum(pair[at] for pair in self._now.values()) for at in (0, 1)]
        if self._whole is None:
            self._whole = self._bars.add_task(self._title, total=None)
        self._bars.update(self._whole, completed=numbers[0], total=numbers[1])
        if done < total:
            if key not in self._tasks:
                shown = len(self._tasks) < self._most
                self._tasks[key] = self._bars.add_task(f"  {key[1]}", total=total, completed=done, visible=shown)
            else:
                self._bars.update(self._tasks[key], completed=done, total=total)
        elif key in self._tasks:
            self._bars.remove_task(self._tasks.pop(key))
            for task in list(self._tasks.values())[: self._most]:
                self._bars.update(task, visible=True)

    def say(self, text: str) -> None:
        from rich.text import Text

        self._bars.console.print(Text(plain(text)))

    def put(self, line: str) -> None:
        self.say(line)
