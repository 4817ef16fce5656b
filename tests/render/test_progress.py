"""Progress: plain lines where there is no terminal, bars where there is one."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from cmkmigrate.model import Event
from cmkmigrate.render import progress as module
from cmkmigrate.render.progress import LONGEST, MOST, Progress, Show

LONGEST_S = 60.0  # for something that happens within a tenth of a second


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def events(total: int = 3) -> list[Event]:
    begin = Event(0, "kind", step="s", kind="jobs", total=total)
    return [Event(0, "step", step="s"), begin, *(Event(0, "item", step="s", kind="jobs") for _ in range(total))]


def lines(out: io.StringIO) -> list[str]:
    return [line.partition(" ")[2] for line in out.getvalue().splitlines()]


def wait_for(what: Callable[[], bool]) -> None:
    """Come back when it is so; fails after LONGEST_S."""
    until = time.monotonic() + LONGEST_S
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def test_a_line_when_a_kind_begins_and_ends() -> None:
    out = io.StringIO()
    with Progress("apply", {}, stream=out) as progress:
        for event in events():
            progress.take(event)
    assert lines(out) == ["apply: jobs: 0 of 3", "apply: jobs: 3 of 3"]
    assert "\x1b" not in out.getvalue()


def test_what_was_done_before_counts() -> None:
    out = io.StringIO()
    with Progress("apply", {("s", "jobs"): 2}, stream=out) as progress:
        for event in events()[:3]:
            progress.take(event)
        assert progress.done == {("s", "jobs"): 3}
    assert lines(out) == ["apply: jobs: 2 of 3", "apply: jobs: 3 of 3"]


def test_brief_says_only_how_far_it_is_now_and_then() -> None:
    out = io.StringIO()
    progress = Progress("planning", {}, brief=True, stream=out, every_s=0.05)
    for event in events()[:3]:  # before the first line is due
        progress.take(event)
    with progress:
        wait_for(lambda: len(lines(out)) >= 2)
    assert {line.partition(";")[0] for line in lines(out)} == {"planning: jobs 1 of 3"}


class Clock:
    """Seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("out", [io.StringIO, Tty])
def test_the_time_left_is_from_the_pace_seen_without_pauses(out: type[io.StringIO]) -> None:
    clock = Clock()
    begin, item = Event(0, "kind", step="s", kind="jobs", total=100), Event(0, "item", step="s", kind="jobs")
    with Progress("apply", {("s", "jobs"): 20}, stream=out(), clock=clock) as progress:
        progress.take(Event(0, "pause", text="paused"))
        clock.now = 1000.0
        progress.take(Event(0, "go", text="going on"))
        assert progress.left() == "", "nothing has begun"
        progress.take(begin)
        assert progress.left() == "", "what was done before is no pace"
        for _ in range(10):
            clock.now += 6.0
            progress.take(item)
        assert progress.left() == "about 7 min left"
        progress.take(Event(0, "pause", text="paused by ann"))
        clock.now += 10_000.0
        assert progress.left() == "paused"
        progress.take(Event(0, "go", text="going on"))
        assert progress.left() == "about 7 min left"


def test_no_time_left_before_a_twentieth_is_done() -> None:
    clock = Clock()
    with Progress("apply", {}, stream=io.StringIO(), clock=clock) as progress:
        progress.take(Event(0, "kind", step="s", kind="jobs", total=100))
        for number in range(1, 6):
            clock.now += 1.0
            progress.take(Event(0, "item", step="s", kind="jobs"))
            assert bool(progress.left()) == (number >= 5)


@pytest.mark.parametrize("out", [io.StringIO, Tty])
def test_nothing_is_shown_where_nothing_is_wanted(out: type[io.StringIO]) -> None:
    stream = out()
    with Progress("apply", {}, show=Show.NONE, stream=stream, every_s=0.01) as progress:
        for event in [*events(), Event(0, "note", text="going on"), Event(0, "pause", text="paused")]:
            progress.take(event)
        assert progress.done == {("s", "jobs"): 3}, "it counts all the same"
        time.sleep(0.05)
        assert stream.getvalue() == ""
        progress.put(["Run r"])
    assert stream.getvalue() == "Run r\n"


def test_a_dumb_terminal_gets_lines(tty: Tty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with Progress("apply", {}, stream=tty) as progress:
        for event in events():
            progress.take(event)
    assert lines(tty) == ["apply: jobs: 0 of 3", "apply: jobs: 3 of 3"]
    assert "\x1b" not in tty.getvalue() and "\r" not in tty.getvalue()


def test_no_colour_where_none_is_wanted(tty: Tty, monkeypatch: pytest.MonkeyPatch) -> None:
    for wanted, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", wanted)
        stream = Tty()
        with Progress("apply", {}, stream=stream) as progress:
            for event in events():
                progress.take(event)
        assert bool(re.search(r"\x1b\[[0-9;]*m", stream.getvalue())) == coloured


def test_failures_are_said_and_long_texts_cut() -> None:
    out = io.StringIO()
    with Progress("apply", {}, stream=out) as progress:
        for event in events()[:2]:
            progress.take(event)
        failed = Event(0, "item", step="s", kind="jobs", key="7", state="failed", text="no\x1b[2J")
        wait = Event(0, "wait", step="s", kind="jobs", key="8", text="x" * 1000)
        for event in (failed, wait, wait):
            progress.take(event)
    said = lines(out)[1:]
    assert said[0] == "apply: failed: jobs 7: no\\x1b[2J"
    assert said[1] == f"apply: jobs 8 waits: {'x' * LONGEST} ..."
    assert len(said) == 2, "what is said over and over is said once a minute"


def test_what_is_said_of_the_whole_run_has_no_empty_name_before_it() -> None:
    out = io.StringIO()
    with Progress("apply", {}, stream=out) as progress:
        progress.take(Event(0, "note", text="going on"))
    assert lines(out) == ["apply: going on"]


def test_an_empty_kind_is_not_shown() -> None:
    out = io.StringIO()
    with Progress("apply", {}, stream=out) as progress:
        for event in events(0):
            progress.take(event)
    assert lines(out) == []


HEIGHT = 24
CODES = re.compile(r"\x1b\[(\?25[hl]|[0-9;]*[mAKJ])|\r|\n|[^\x1b\r\n]+")


def screen(out: io.StringIO) -> list[str]:
    """What stands on a terminal of HEIGHT lines, with what has scrolled off its upper edge."""
    rows, at = [""], 0
    for match in CODES.finditer(out.getvalue()):
        text = match[0]
        if text == "\n":
            at += 1
            rows += [""] * (at + 1 - len(rows))
        elif text.endswith("A") and text.startswith("\x1b"):
            at = max(at - int(text[2:-1] or 1), len(rows) - HEIGHT, 0)
        elif text == "\x1b[2K":
            rows[at] = ""
        elif not text.startswith(("\x1b", "\r")):
            rows[at] += text
    return [row.rstrip() for row in rows if row.strip()]


def drawn(out: io.StringIO, times: int = 1) -> None:
    """Wait until the screen has been drawn so often, from now on, by whoever draws it every tenth of a second."""
    for _ in range(times + 1):  # one may have been begun before
        before = out.tell()
        wait_for(lambda before=before: out.tell() > before)  # type: ignore[misc]


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch) -> Tty:
    """A terminal of 80 columns."""
    for name, value in (("TERM", "xterm"), ("COLUMNS", "80"), ("LINES", str(HEIGHT))):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Tty()


def many(done: int) -> list[Event]:
    """Thirty kinds of two things each, the first `done` finished and one thing done of the others."""
    found = []
    for number in range(30):
        kind = f"kind{number:02}"
        found.append(Event(0, "kind", step="s", kind=kind, total=2))
        found += [Event(0, "item", step="s", kind=kind)] * (2 if number < done else 1)
    return found


def test_bars_on_a_terminal(tty: Tty) -> None:
    with Progress("apply", {}, stream=tty) as progress:
        for event in [*events(), Event(0, "note", step="s", kind="jobs", key="[red]7", text="[bold]no answer")]:
            progress.take(event)
    shown = screen(tty)
    assert shown[0] == "jobs [red]7: [bold]no answer", "names are not taken for markup"
    assert [(row.split()[0], "3/3" in row) for row in shown[1:]] == [("apply", True)]


def test_a_note_about_the_whole_run_is_about_nothing_else(tty: Tty) -> None:
    with Progress("apply", {}, stream=tty) as progress:
        progress.take(Event(0, "note", text="going on"))
    assert screen(tty)[0] == "going on"


def test_what_is_finished_leaves_the_screen(tty: Tty) -> None:
    with Progress("apply", {}, stream=tty) as progress:
        for event in many(27):
            progress.take(event)
        drawn(tty)
        shown = screen(tty)
        assert [row.split()[0] for row in shown] == ["apply", "kind27", "kind28", "kind29"]
        assert "57/60" in shown[0]
        progress.take(Event(0, "item", step="s", kind="kind28"))
    assert [row.split()[0] for row in screen(tty)] == ["apply", "kind27", "kind29"]


def test_no_more_bars_than_the_screen_holds(tty: Tty) -> None:
    with Progress("apply", {}, stream=tty) as progress:
        for event in many(0):
            progress.take(event)
        for _ in range(3):
            drawn(tty)
            assert len(screen(tty)) == MOST + 1
        progress.take(Event(0, "item", step="s", kind="kind00"))
        drawn(tty)
        assert [row.split()[0] for row in screen(tty)][1:] == [f"kind{number:02}" for number in range(1, MOST + 1)]


def test_the_bars_of_planning_vanish(tty: Tty) -> None:
    with Progress("planning", {}, brief=True, stream=tty) as progress:
        for event in many(10):
            progress.take(event)
        drawn(tty)
        assert screen(tty)[0].startswith("planning")
    assert screen(tty) == []


@pytest.mark.parametrize("out", [io.StringIO, Tty])
def test_waiting_is_said_once_a_minute_for_each_thing(out: type[io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock = out(), Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock, strftime=time.strftime))
    with Progress("apply", {}, stream=stream) as progress:
        for number, key in enumerate(("a", "a", "b", "a")):
            clock.now += 19.0
            progress.take(Event(0, "wait", step="s", kind="keys", key=key, text=f"403: request {number}"))
        assert [stream.getvalue().count(f"keys {key} waits") for key in "ab"] == [1, 1]
        clock.now += 4.0
        progress.take(Event(0, "wait", step="s", kind="keys", key="a", text="403"))
    assert stream.getvalue().count("keys a waits") == 2
