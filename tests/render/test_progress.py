"""Progress: plain lines where there is no terminal, bars where there is one."""

from __future__ import annotations

import io
import time

from cmkmigrate.model import Event
from cmkmigrate.render.progress import LONGEST, Progress


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def events(total: int = 3) -> list[Event]:
    begin = Event(0, "kind", step="s", kind="jobs", total=total)
    return [Event(0, "step", step="s"), begin, *(Event(0, "item", step="s", kind="jobs") for _ in range(total))]


def lines(out: io.StringIO) -> list[str]:
    return [line.partition(" ")[2] for line in out.getvalue().splitlines()]


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
    with Progress("planning", {}, brief=True, stream=out, every_s=0.05) as progress:
        for event in events()[:3]:
            progress.take(event)
        time.sleep(0.2)
    assert set(lines(out)) == {"planning: jobs 1 of 3"}


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


def test_an_empty_kind_is_not_shown() -> None:
    out = io.StringIO()
    with Progress("apply", {}, stream=out) as progress:
        for event in events(0):
            progress.take(event)
    assert lines(out) == []


def test_bars_on_a_terminal() -> None:
    out = Tty()
    with Progress("apply", {}, stream=out) as progress:
        for event in [*events(), Event(0, "note", step="s", kind="jobs", key="[red]7", text="[bold]no answer")]:
            progress.take(event)
    shown = out.getvalue()
    assert "apply jobs" in shown
    assert "3/3" in shown
    assert "[bold]no answer" in shown, "names are not taken for markup"
