"""Runs that are killed and resumed, and what came of each. Shares nothing with what it judges.

A place to die at is a request of the run (before it is sent, or after its work with the answer lost) or a result that
is about to go to the ledger. Each trial has its own target and vault; several sandboxes stand side by side, so that a
rule counts the requests of one trial alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import workers
from tests.comparer.compare import compare, same
from tests.harness import Commands, Result, Sandbox, params_of

HOW = ("kill", "kill_after", "result")
FULL = ("pages", "size")  # a disk that is full: see `tests/patches.py`
PARALLELISM = 10  # of an apply, where nobody says otherwise
NO_RUN = "there is no run here"
KILLED = -9
STOPPED = 5
LOG_KIB = 4100  # SQLite begins a log anew after a thousand pages of 4 KiB
TIMEOUT_S = "2"  # how long what was sent last may still land; else a resume waits a minute


@dataclass(frozen=True)
class Point:
    """Where a process dies: at the `number`-th (from 1) request or result of that process. match: which requests
    count."""

    how: str
    number: int
    match: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{self.how.replace('_', '-')}-{self.number}"


@dataclass
class Trial:
    """What came of one run that was killed at these points, one after the other, and then let alone."""

    name: str
    points: tuple[Point, ...]
    deaths: int = 0
    killed: list[Result] = field(default_factory=list)
    resumed: Result | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    writes: list[dict[str, Any]] = field(default_factory=list)
    source: str = ""
    keys: list[int] = field(default_factory=list)
    grants: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    error: BaseException | None = None
    run: Path = Path()
    params: Path = Path()
    repaired: list[Result] = field(default_factory=list)

    @property
    def source_writes(self) -> int:
        return sum(one["host"] == self.source for one in self.writes)

    @property
    def twice(self) -> int:
        """Versions of the key, and grants, beyond the first; what else is there twice is a difference."""
        return sum(number - 1 for number in self.keys) + sum(number - 1 for number in self.grants.values())

    def redone(self, undisturbed: int) -> int:
        """Writes beyond those of a run that nobody disturbed, without the marker that every process leaves and takes
        away."""
        return max(0, len(self.writes) - undisturbed - 2 * self.deaths)


After = Callable[[Trial, Sandbox, Commands], None]


def sampled(count: int, seed: int, requests: int, results: int, deaths: int = 1) -> list[tuple[Point, ...]]:
    """So many places, evenly over the three sorts. requests, results: of a run that nobody disturbed. deaths: kills of
    each trial; those of a resume are anywhere in what a whole run would send."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        points = []
        for death in range(deaths):
            how = HOW[(number + death) % len(HOW)]
            points.append(Point(how, chance.randint(1, results if how == "result" else requests)))
        found.append(tuple(points))
    return found


def every(requests: int, results: int) -> list[tuple[Point, ...]]:
    """All places."""
    found = [(Point(how, at),) for how in HOW[:2] for at in range(1, requests + 1)]
    return [*found, *((Point("result", at),) for at in range(1, results + 1))]


def full(pages: int, kib: int) -> list[tuple[Point, ...]]:
    """Every place at which the disk can be full. pages: of the ledger of a whole run; kib: its longest log."""
    found = [(Point("pages", number),) for number in range(1, pages)]
    return [*found, *((Point("size", number),) for number in range(8, kib, 8))]  # a commit is 8 KiB and more


def carried_out(
    points: Iterable[tuple[Point, ...]],
    folder: Callable[[], Path],
    reference: dict[str, Any],
    *,
    side_by_side: int = 3,
    told: Callable[[Trial], None] = lambda trial: None,
    after: After = lambda trial, box, place: None,
) -> list[Trial]:
    """Every trial, in the order of the points. reference: the state of a target that nobody disturbed. after: called
    after each death, before the next command."""
    trials = [Trial(f"{number:04}-{'-'.join(map(str, at))}", at) for number, at in enumerate(points)]
    workers.side_by_side(
        trials,
        [folder() for _ in range(side_by_side)],
        lambda place: Sandbox(place / "sandbox", "small"),
        lambda trial, box, launcher, place: _try(
            trial, box, Commands(launcher, place / trial.name, box.env), reference, after
        ),
        told,
    )
    return trials


def _try(trial: Trial, box: Sandbox, place: Commands, reference: dict[str, Any], after: After) -> None:
    place.env["CMKMIGRATE_TIMEOUT_S"] = TIMEOUT_S
    target, vault = f"new-{trial.name[:40]}", f"kv-{trial.name[:4]}"
    params = params_of(box, place.folder / "p.yaml", target_name=target, vault_name=vault)
    run, trial.run, trial.params = str(place.folder / "run"), place.folder / "run", params
    apply = ("apply", "cmk-migration", "--params", str(params), "--run", run, "--auto-approve", "-o", "json")
    box.forget()
    words: tuple[str, ...] = apply
    for point in trial.points:
        ended = _killed(point, words, box, place)
        if ended.code == 64 and NO_RUN in ended.err:  # it died before there was one
            ended = _killed(point, apply, box, place)
        trial.killed.append(ended)
        if not _died(point, ended):
            break
        trial.deaths += 1
        after(trial, box, place)
        words = ("resume", run, "-o", "json")
    if _died(trial.points[len(trial.killed) - 1], trial.killed[-1]):
        trial.resumed = place(*words)
        if trial.resumed.code == 64 and NO_RUN in trial.resumed.err:
            trial.resumed = place(*apply)
    else:
        trial.resumed = trial.killed[-1]
    if not trial.resumed.out:
        raise AssertionError(str(trial.resumed))
    trial.writes, trial.source = box.writes(), box.source_host
    trial.problems = trial.resumed.json["problems"]
    trial.differences, trial.keys, trial.grants = judged(box, target, vault, trial.problems, reference)


def judged(
    box: Sandbox, target: str, vault: str, problems: Iterable[dict[str, Any]], reference: dict[str, Any]
) -> tuple[list[str], list[int], Counter[tuple[str, str, str]]]:
    """What a target (by its name) is like after a run: its differences from the source and from a target that nobody
    disturbed, but for what the run said of itself; versions of each key of its vault; grants on that vault."""
    source, there = box.state(box.source_host), box.state(box.host_of(target))
    left_out = [(one["kind"], one["key"]) for one in problems]
    against_source = compare(source, there, left_out=left_out, operator=box.operator)
    against_reference = same(reference, there, source, operator=box.operator)
    arm = box.arm()
    grants = Counter(
        (one["scope"], one["role"], one["principal"])
        for one in arm["roleAssignments"]
        if f"/vaults/{vault}" in one["scope"].lower()
    )
    keys = [len(versions) for versions in arm["vaults"][vault]["keys"].values()]
    return [str(one) for one in against_source + against_reference], keys, grants


def _died(point: Point, ended: Result) -> bool:
    return ended.code == (STOPPED if point.how in FULL else KILLED)


def _killed(point: Point, words: tuple[str, ...], box: Sandbox, place: Commands) -> Result:
    """The command, killed at the point, if it comes to it."""
    patches = {"result": "die_at_result", "pages": "pages", "size": "size"}
    patch = patches.get(point.how, "")
    started = place.start(*words, patch=f"{patch}:{point.number}" if patch else "")
    if not patch:
        rule = {"match": dict(point.match), "offset": point.number - 1, "action": point.how, "pid": started[0]}
        box.faults(rule)
    ended = place.finish(started, words)
    box.faults()
    return ended
