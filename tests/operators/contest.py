"""Two applies that start in the same instant, and what came of each. Shares nothing with what it judges.

The first write of whoever goes on is held at the service until the other has ended: a trial is decided at its start,
and need not be carried to its end. Each trial has a target of its own; some are let go, and compared.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests import workers
from tests.harness import Commands, Launcher, Sandbox
from tests.kinds.world import targets_estate
from tests.pools import POOLS

WAYS = ("one run folder", "two run folders", "two hosts")
HELD = 11
MARKER = "/Shared/.cmkmigrate-run"
LONGEST_S = 300.0  # until one of two has ended, which takes seconds
CREATE = {"method": "POST", "path": "/api/2.0/instance-pools/create"}


@dataclass
class Trial:
    """One contest. late: ms between the two starts; ends: exit codes (None: was still at work when the other ended)."""

    number: int
    way: str
    late: float
    carried: bool
    pids: list[int] = field(default_factory=list)
    ends: list[int | None] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    markers: int = 0
    wanted: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    marked: bool = False
    seconds: float = 0.0
    error: BaseException | None = None

    @property
    def wrong(self) -> str:
        """What is not as it must be; "" where all is."""
        if self.error is not None:
            return f"{type(self.error).__name__}: {self.error}"
        if self.ends.count(HELD) != 1:
            return f"the two ended with {self.ends}: {self.told}"
        loser = self.ends.index(HELD)
        other = self.ends[1 - loser]
        if other is not None and not (self.carried and other == 0):
            return f"the one that went on ended with {other}: {self.told[1 - loser]}"
        said = self.told[loser]
        holder = f"@{name(1 - loser)}" if self.way == WAYS[2] else f"process {self.pids[1 - loser]} on "
        if holder not in said or "next:" not in said:
            return f"the holder ({holder}) is not named: {said}"
        if self.markers > 1:
            return f"the marker was left {self.markers} times"
        if len(set(self.found)) != len(self.found) or set(self.found) - set(self.wanted):
            return f"twice, or what was never there: {self.found}"
        if self.carried and (self.found != self.wanted or self.marked):
            return f"lost: {sorted(set(self.wanted) - set(self.found))}, or its marker was left: {self.marked}"
        return ""


def name(side: int) -> str:
    """The host of one of the two."""
    return ("alpha", "beta")[side]


def trials(count: int, seed: int, carried: int) -> list[Trial]:
    """So many contests, evenly over the three ways; the first `carried` of each way are carried to their end."""
    chance = random.Random(seed)
    late = [chance.choice((0.0, chance.uniform(0, 50))) for _ in range(count)]
    return [Trial(at, WAYS[at % 3], late[at], at < 3 * carried) for at in range(count)]


def held(
    contests: list[Trial],
    folder: Callable[[], Path],
    *,
    side_by_side: int = 2,
    told: Callable[[Trial], None] = lambda trial: None,
) -> list[Trial]:
    """Hold every contest; several sandboxes stand side by side."""
    names = [f"t-{trial.number}" for trial in contests]

    def hold(trial: Trial, box: Sandbox, launcher: Launcher, place: Path) -> None:
        target = next(one for one in box.arm()["workspaces"].values() if one["name"] == f"t-{trial.number}")
        began = time.monotonic()
        try:
            _hold(trial, box, launcher, place / f"{trial.number}", target)
        finally:
            trial.seconds = time.monotonic() - began

    workers.side_by_side(
        contests,
        [folder() for _ in range(side_by_side)],
        lambda place: Sandbox(place / "sandbox", "small", targets_estate(place / "targets", names)),
        hold,
        told,
    )
    return contests


def _hold(trial: Trial, box: Sandbox, launcher: Launcher, folder: Path, target: dict[str, Any]) -> None:
    host = str(target["properties"]["workspaceUrl"])
    two = trial.way == WAYS[2]
    here = Commands(launcher, folder / "a", box.env)
    places = (here, Commands(launcher, folder / "b", box.env) if two else here)
    runs = [folder / "run", folder / ("run" if trial.way == WAYS[0] else "another")]
    box.faults({"match": CREATE | {"host": host}, "action": "refuse", "status": 429, "count": -1})
    box.forget()
    started = []
    for side, place in enumerate(places):
        (place.work / "pools.yaml").write_text(POOLS)
        params = place.work / "p.yaml"
        params.write_text(yaml.safe_dump({"source": box.params["source"], "target": target["id"]}))
        words = ("apply", "./pools.yaml", "--params", "p.yaml", "--run", str(runs[side]), "--auto-approve")
        patch = f"host:{name(side)}" if two else ""
        started.append(place.start(*words, patch=patch, CMKMIGRATE_TIMEOUT_S="90"))
    trial.pids = [pid for pid, _ in started]
    order = (0, 1) if trial.number % 2 else (1, 0)
    launcher.order(do="go", pid=trial.pids[order[0]])
    time.sleep(trial.late / 1000)
    launcher.order(do="go", pid=trial.pids[order[1]])
    trial.ends = _ended(launcher, trial.pids)
    if trial.carried:
        box.faults()
        for side in (0, 1):
            if trial.ends[side] is None:
                trial.ends[side] = places[side].wait(started[side]).code
    for side in (0, 1):
        if trial.ends[side] is None:
            os.kill(trial.pids[side], signal.SIGKILL)
            launcher.order(do="wait", pid=trial.pids[side], seconds=10)
    trial.told = [Path(f"{streams}.err").read_text("utf-8", errors="replace") for _, streams in started]
    trial.markers = sum(
        one["path"] == "/api/2.0/workspace/import" and one["status"] == 200 and one["host"] == host
        for one in box.requests()
    )
    there = box.state(host)
    trial.found = sorted(one["instance_pool_name"] for one in there["instance_pools"])
    trial.wanted = sorted(one["instance_pool_name"] for one in box.state(box.source_host)["instance_pools"])
    trial.marked = MARKER in there["tree"]


def _ended(launcher: Launcher, pids: list[int], seconds: float = LONGEST_S) -> list[int | None]:
    """How both stand when the first of them has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ends = [launcher.order(do="wait", pid=pid, seconds=0.01)["code"] for pid in pids[:1]]
        ends += [launcher.order(do="wait", pid=pid, seconds=0.01)["code"] for pid in pids[1:]]
        if ends != [None, None]:
            return ends
    return [None, None]
