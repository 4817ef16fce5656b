"""Hypothesis at work: so many cases of one seed, and of what fails the smallest that was found in so many tries.

A case is plain JSON and everything in a trial follows from it, but for the order in which threads come to speak: the
same requests meet the same faults in any order, and a kill counts requests. A failing case is written to a file;
`python -m tests.property --repeat FILE` tries it again.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, configuration, given, seed, settings

from tests.property import whole
from tests.property.draws import Case, cases
from tests.property.trial import Wrong, check

SHOWN = 3000  # characters of what is wrong with one case
TIMES = 5  # that a case is repeated: what depends on the order of threads does not show each time


@dataclass
class Hunt:
    """What came of it. wrong: a text for each failing example; seen: what happened, added up."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "seen": dict(sorted(self.seen.items())),
            "seconds": round(self.seconds),
            "wrong": self.wrong,
        }


def hunted(count: int, number: int, *, whole: int = 5, shrink: int = 60, keep: Path) -> Hunt:
    """So many cases of a seed. whole: of a hundred, by whole commands. shrink: tries after the first failure, after
    which only what has failed before counts as failing. keep: where the smallest failing case is written to."""
    hunt, began = Hunt(number), time.monotonic()
    failed: dict[str, Wrong] = {}
    left = [shrink]
    smallest: list[tuple[Case, Wrong]] = []

    @seed(number)
    @settings(
        max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False, verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(cases())
    def one(case: Case) -> None:
        name = digest(case)
        if failed and name not in failed:
            if left[0] <= 0:
                return
            left[0] -= 1
        if name not in failed:
            try:
                tried(case, hunt.seen, whole)
                return
            except Wrong as error:
                failed[name] = error
        smallest[:] = [(case, failed[name])]
        raise failed[name]

    try:
        with tempfile.TemporaryDirectory(prefix="property-") as kept:  # what Hypothesis notes of this code
            configuration.set_hypothesis_home_dir(kept)
            one()
    except Wrong:
        case, error = smallest[0]
        file = keep / f"property-{digest(case)}.json"
        file.write_text(json.dumps(case, indent=1, ensure_ascii=False), "utf-8")
        said = str(error)[:SHOWN]
        hunt.wrong.append(f"{said}\nseed {number}; again: python -m tests.property --repeat {file}")
    hunt.seconds = time.monotonic() - began
    return hunt


def tried(case: Case, seen: Counter[str], share: int) -> None:
    """One case, in the way that its digest says. Raises Wrong."""
    seen["examples"] += 1
    with tempfile.TemporaryDirectory(prefix="property-") as folder:
        if int(digest(case), 16) % 100 < share:
            seen["by whole commands"] += 1
            whole.check(case, Path(folder), seen)
        else:
            check(case, Path(folder), seen)


def repeated(file: Path) -> str:
    """What is wrong with a case that was written ("" : nothing), tried several times."""
    case = json.loads(file.read_text("utf-8"))
    for _ in range(TIMES):
        try:
            tried(case, Counter(), 0)
            tried(case, Counter(), 100)
        except Wrong as error:
            return str(error)
    return ""


def digest(case: Case) -> str:
    """Tells a case from every other."""
    return hashlib.sha256(json.dumps(case, sort_keys=True).encode()).hexdigest()[:12]
