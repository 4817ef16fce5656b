"""Whole runs under faults, and what came of each: applied, resumed until nothing more can be done, and judged.

Shares nothing with what it judges. Each run has its own target and vault; the source is the same for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.crash.trials import NO_RUN, judged
from tests.harness import Commands, Result, Sandbox, params_of

STOPPED, NOT_ALLOWED, DONE, WITH_PROBLEMS, NO_RUN_YET = 5, 4, 0, 3, 64
TIMEOUT_S = "2"  # how long what was sent last may still land; else a resume waits a minute


@dataclass
class Run:
    """What came of one run. ends: of the apply and every resume, the last one last. requests: all that reached the
    sandbox, each with the second that it came `at`. differences: from the source, and from a target that nobody
    disturbed."""

    name: str
    ends: list[Result] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    grants: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    source: str = ""

    @property
    def codes(self) -> list[int]:
        return [one.code for one in self.ends]

    @property
    def hit(self) -> list[dict[str, Any]]:
        """The requests that met a fault."""
        return [one for one in self.requests if one["fault"]]

    @property
    def source_writes(self) -> int:
        return sum(one["write"] and one["host"] == self.source for one in self.requests)

    @property
    def twice(self) -> int:
        """Versions of the key, and grants, beyond the first; what else is there twice is a difference."""
        return sum(number - 1 for number in self.keys) + sum(number - 1 for number in self.grants.values())

    def wrong(self, undisturbed: Result) -> list[str]:
        """What is not as after a run that nobody disturbed; [] where all is."""
        said, now = reasons(undisturbed.json["problems"]), reasons(self.problems)
        found = [
            f"{at}: {now.get(at)!r}, not {said.get(at)!r}"
            for at in said.keys() | now.keys()
            if said.get(at) != now.get(at)
        ]
        found += self.differences
        found += [f"twice: {self.keys} {self.grants}"] * bool(self.twice)
        found += [f"{self.source_writes} writes to the source"] * bool(self.source_writes)
        return found + [f"ended with {self.ends[-1]}"] * (self.ends[-1].code != undisturbed.code)


def reasons(problems: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """(kind, key) -> why it was not moved."""
    return {(one["kind"], one["key"]): one["reason"] for one in problems}


def run(
    box: Sandbox,
    place: Commands,
    name: str,
    rules: list[Mapping[str, Any]],
    undisturbed: Result,
    reference: dict[str, Any],
    *,
    most: int = 8,
    calm_after: int = 1000,
    patch: str = "",
    seconds: float = 300.0,
    **env: str,
) -> Run:
    """A migration under these rules, resumed up to `most` times, as an operator would: the same command again where
    there is no run yet, `resume` after exit 5 or 4, `resume --retry-failed` where things failed that could be moved.

    undisturbed: how an apply ended that nobody disturbed; reference: the state of its target. calm_after: so many
    commands meet the rules, the rest meets none. patch, env: of every command (`tests/patches.py`).
    """
    fast, _, times = patch.partition(":")
    timeout = f"{float(TIMEOUT_S) * float(times if fast == 'faster' else 1):g}"  # on the clock of the product
    target, vault = f"new-{name}", f"kv-{name}"[:24].rstrip("-")
    params = params_of(box, place.folder / "p.yaml", target_name=target, vault_name=vault)
    folder = str(place.folder / "run")
    apply = ("apply", "cmk-migration", "--params", str(params), "--run", folder, "--auto-approve", "-o", "json")
    wanted = reasons(undisturbed.json["problems"]).keys()
    made, words = Run(name), apply
    box.forget()
    box.faults(*rules)
    try:
        while len(made.ends) <= most:
            if len(made.ends) == calm_after:
                box.faults()
            ended = place(*words, patch=patch, seconds=seconds, **{"CMKMIGRATE_TIMEOUT_S": timeout, **env})
            made.ends.append(ended)
            if ended.code == NO_RUN_YET and NO_RUN in ended.err:
                words = apply
            elif ended.code in (STOPPED, NOT_ALLOWED):
                words = ("resume", folder, "-o", "json")
            elif ended.code in (DONE, WITH_PROBLEMS) and ended.out:
                if reasons(ended.json["problems"]).keys() <= wanted:
                    break
                words = ("resume", folder, "--retry-failed", "-o", "json")
            else:
                break
    finally:
        box.faults()
    if ended.code not in (DONE, WITH_PROBLEMS) or not ended.out:
        raise AssertionError("\n".join(map(str, made.ends)))
    made.requests, made.source = [{**one, "at": _seconds(one["time"])} for one in box.requests()], box.source_host
    made.problems = ended.json["problems"]
    made.differences, made.keys, made.grants = judged(box, target, vault, made.problems, reference)
    return made


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
