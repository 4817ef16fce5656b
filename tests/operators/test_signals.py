"""R3: SIGTERM, and Ctrl-C once and twice, at seeded points of a run. `pytest -m ci tests/operators/test_signals.py`

Once: what is under way is finished and nothing more is taken, 130, and the command to go on with is named. Twice: at
once, and the command is named too. A request that hangs is waited for as long as the product's timer says, which is
tried with one of two seconds. How long it took is told, and bounded by the timer's 30 s alone: no test depends on how
fast a machine is.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

SEED, COUNT = 3, 50
INTERRUPTED = 130
LONGEST_S = 30.0
PARALLELISM = 4
HOW = ((signal.SIGTERM,), (signal.SIGINT,), (signal.SIGINT, signal.SIGINT))


@dataclass
class Seen:
    """How one run ended: after the first signal, in seconds; writes answered before it, and in all."""

    result: Result
    seconds: float
    before: int
    after: int
    run: Path


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("signals")
    names = [f"s-{number}" for number in range(COUNT + 5)]
    made = Sandbox(folder / "sandbox", "small", targets_estate(folder / "targets", names))
    yield made
    made.close()


def until(what: Callable[[], bool], said: Path) -> None:
    end = time.monotonic() + 300
    while not what():
        assert time.monotonic() < end, said.read_text()
        time.sleep(0.01)


def interrupted(
    box: Sandbox,
    launcher: Launcher,
    folder: Path,
    name: str,
    how: tuple[int, ...],
    at: int,
    *rules: Any,
    patch: str = "",
) -> tuple[Seen, Commands]:
    """An apply that gets these signals when so many of its requests have been answered."""
    place, run = Commands(launcher, folder, box.env), folder / "run"
    target = next(one for one in box.arm()["workspaces"].values() if one["name"] == name)
    host = str(target["properties"]["workspaceUrl"])
    params = place.folder / "p.yaml"
    params.write_text(yaml.safe_dump({"source": box.params["source"], "target": target["id"]}))
    words = ("apply", "contents-only", "--params", str(params), "--run", str(run), "--auto-approve")
    box.faults(*rules)
    box.forget()
    started = place.start(*words, "--parallelism", str(PARALLELISM), patch=patch, CMKMIGRATE_TIMEOUT_S="60")
    told = Path(f"{started[1]}.err")
    launcher.order(do="go", pid=started[0])
    until(lambda: len(box.requests()) >= at, told)
    before, began = len(box.writes(host)), time.monotonic()
    os.kill(started[0], how[0])
    for number in how[1:]:
        # The second one comes when the first has been heard: two at one moment are one signal.
        until(lambda: "Ctrl-C again stops at once" in told.read_text() or _over(started[0]), told)
        if not _over(started[0]):
            os.kill(started[0], number)
    result = place.wait(started, words)
    return Seen(result, time.monotonic() - began, before, len(box.writes(host)), run), place


def _over(pid: int) -> bool:
    """Whether a child of the launcher has ended (and waits to be asked for)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def judge(seen: Seen, how: tuple[int, ...]) -> str:
    """What is not as it must be; "" where all is."""
    result = seen.result
    if result.code != INTERRUPTED:
        return f"ended with {result.code}: {result.err}"
    if "Traceback" in result.err or "unexpected" in result.err:
        return result.err
    begun = (seen.run / "ledger.db").is_file()
    if begun and f"To go on: cmkmigrate resume {seen.run}" not in result.err:
        return f"the command to go on with is not named: {result.err}"
    return "" if seen.seconds < LONGEST_S + 15 else f"took {seen.seconds:.1f} s"


def test_the_timer_ends_a_run_whose_request_hangs(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    hangs = {"match": {"path": "/api/2.0/instance-pools/create"}, "action": "delay", "seconds": 45.0, "count": -1}
    seen, _ = interrupted(box, launcher, tmp_path, f"s-{COUNT}", (signal.SIGINT,), 200, hangs, patch="finish_within:2")
    assert seen.result.code == INTERRUPTED, seen.result
    assert 1.5 < seen.seconds < LONGEST_S, "nothing hung, or it was waited for"
    assert f"To go on: cmkmigrate resume {seen.run}" in seen.result.err, seen.result


@pytest.mark.ci
def test_at_fifty_points(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    took: dict[str, list[float]] = {}
    wrong: dict[str, str] = {}
    for number in range(COUNT):
        how, at = HOW[number % len(HOW)], chance.randint(1, 380)
        seen, place = interrupted(box, launcher, tmp_path / f"{number}", f"s-{number}", how, at)
        name = " ".join(signal.Signals(one).name for one in how)
        took.setdefault(name, []).append(seen.seconds)
        said = judge(seen, how)
        if said:
            wrong[f"{number}: {name} at request {at}"] = said
        if number % 10 == 0 and (seen.run / "ledger.db").is_file():
            done = place("resume", str(seen.run))
            if done.code != 3:  # the small estate has things that cannot be moved
                wrong[f"{number}: resume"] = str(done)
    for name, seconds in took.items():
        ordered = sorted(seconds)
        middle, most = ordered[len(ordered) // 2], ordered[-1]
        sys.stderr.write(f"{name}: {len(seconds)} runs, half within {middle:.2f} s, all within {most:.2f} s\n")
    assert wrong == {}
