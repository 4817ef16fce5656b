"""A hand on the brake: from other terminals, on a run that is under way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.harness import Commands, Result, Sandbox, params_of
from tests.render.event_lines import judged

LONGEST_S = 300.0  # for something that happens within seconds, or a whole run


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + LONGEST_S
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


class Applying:
    """An apply in the background."""

    def __init__(self, place: Commands, params: Path, run: Path, *words: str) -> None:
        self._place = place
        self._argv = ("apply", "cmk-migration", "--params", str(params), "--run", str(run), "--auto-approve", *words)
        self._started = place.start(*self._argv)
        place.launcher.order(do="go", pid=self._started[0])

    def end(self) -> Result:
        """How it ended."""
        return self._place.wait(self._started, self._argv, LONGEST_S)


def standing(place: Commands, run: Path) -> dict[str, Any]:
    """Where a run stands, while somebody is at work on it; {} else."""
    found = place("status", str(run), "-o", "json")
    body: dict[str, Any] = {} if found.code else json.loads(found.out)
    return body if body and body["holder"] and body["holder"]["alive"] else {}


def events(place: Commands, run: Path) -> str:
    return " ".join(str(one["text"]) for one in standing(place, run).get("events", ()))


def hand(place: Commands, run: Path) -> dict[str, Any]:
    """What holds for the apply that is at work."""
    return standing(place, run).get("hand") or {}


def test_paused_changed_and_let_go(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> None:
    place = commands(small, "brake")
    params = params_of(small, place.folder / "params.yaml", target_name="braked", vault_name="kv-braked")
    run, file = place.folder / "run", place.folder / "hold"
    file.touch()
    small.forget()
    began = time.time()
    applying = Applying(place, params, run, "--pause-file", str(file), "--max-duration", "2h", "-o", "jsonl")
    wait_for(lambda: "paused by the file" in events(place, run))
    shown = place("status", str(run)).out
    assert f"State: paused by the file {file} since 2" in shown and "State: at work" not in shown, shown
    now = hand(place, run)
    assert now["parallelism"] == 10 and now["paused_since"] >= began - 1
    assert began + 7200 - 60 < now["ends"] < time.time() + 7200 + 60 and "--max-duration 2h" in shown, now
    assert place("pause", str(run)).code == 0
    file.unlink()
    wait_for(lambda: "@" in str(hand(place, run).get("paused_by")))
    assert place("set", "parallelism=3", "source-share=0.9", "--run", str(run)).code == 0
    wait_for(lambda: "at most 3 at once" in events(place, run) and "0.9 of its limits" in events(place, run))
    wait_for(lambda: [hand(place, run).get(name) for name in ("parallelism", "source_share")] == [3, 0.9])
    assert small.writes() == []
    going = place("continue", str(run))
    assert going.code == 0 and "--pause-file" in going.err, "it cannot see whether a file still holds it"
    done = applying.end()
    assert done.code == 3, done  # what cannot be moved of the small estate
    told = [line["message"] for line in judged(done.out) if line["type"] == "diagnostic"]
    assert sum("paused by" in text for text in told) == 1 and "going on" in told, told
    assert small.writes(small.host_of("braked"))
    late = place("pause", str(run))
    assert late.code == 64 and "nobody is at work" in late.err, late


def test_aborted_and_resumed(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> None:
    place = commands(small, "abort")
    params = params_of(small, place.folder / "params.yaml", target_name="aborted", vault_name="kv-aborted")
    run, file = place.folder / "run", place.folder / "hold"
    file.touch()
    small.forget()
    applying = Applying(place, params, run, "--pause-file", str(file))
    wait_for(lambda: "paused by the file" in events(place, run))
    assert place("abort", str(run)).code == 0
    ended = applying.end()
    assert ended.code == 5 and "aborted by" in ended.err and "cmkmigrate resume" in ended.err, ended
    closed = place("resume", str(run), "--max-duration", "0s")
    assert closed.code == 5 and "--max-duration 0s" in closed.err, closed
    assert small.writes() == []
    done = place("resume", str(run))
    assert done.code == 3 and small.writes(small.host_of("aborted")), done


def test_what_cannot_be_set(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> None:
    place = commands(small, "set")
    wrong = (
        "parallelism=0",
        "parallelism=many",
        "parallelism=²",
        "source-share=2",
        "source-share=1e-300",
        "parallelism",
    )
    for words in (*((one,) for one in wrong), ("colour=red",)):
        found = place("set", *words)
        assert found.code == 64 and "next:" in found.err, found
