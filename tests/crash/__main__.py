"""Every place at which a run can be killed, or several deaths of one run: for a night. Prints what docs/reliability.md
shows; ends with 1 where anything is twice, lost, or written to the source.

    python -m tests.crash --all
    python -m tests.crash --all --part 1/4
    python -m tests.crash --count 100 --deaths 3 --seed 7
    python -m tests.crash --full
    python -m tests.crash --repair --count 40
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from pathlib import Path

from tests.crash import damage
from tests.crash.trials import LOG_KIB, PARALLELISM, Trial, carried_out, every, full, sampled
from tests.e2e.conftest import migrate
from tests.harness import Commands, Launcher, Sandbox


def _part(text: str) -> tuple[int, int]:
    """K/N as numbers. Raises ValueError, which argparse tells."""
    part, of = map(int, text.split("/"))
    if not 1 <= part <= of:
        raise ValueError(text)
    return part, of


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    words.add_argument("--all", action="store_true", help="every request and every result, once")
    words.add_argument("--full", action="store_true", help="a disk that is full, at every place, in place of kills")
    words.add_argument("--repair", action="store_true", help="kills after which the ledger is damaged, and repaired")
    words.add_argument("--count", type=int, default=150, help="so many places, where not --all")
    words.add_argument("--deaths", type=int, default=1, help="kills of each run: the first, then its resumes")
    words.add_argument("--part", type=_part, default=(1, 1), help="K/N: each N-th place, from the K-th on; N nights")
    words.add_argument("--seed", type=int, default=1, help="of the sample")
    words.add_argument("--side-by-side", type=int, default=3, help="trials at once")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="crash-") as name:
        folder, number = Path(name), itertools.count()

        def place() -> Path:
            made = folder / f"at-{next(number)}"
            made.mkdir()
            return made

        box, launcher = Sandbox(folder / "small", "small"), Launcher()
        calm = migrate(box, Commands(launcher, folder / "calm", box.env), target_name="calm", vault_name="kv-calm")
        reference = box.state(calm.target)
        launcher.close()
        box.close()
        requests = len(calm.apply_requests)
        writes = sum(bool(one["write"]) for one in calm.apply_requests)
        points = (
            every(requests, int(0.7 * writes))
            if given.all
            else sampled(given.count, given.seed, requests, int(0.7 * writes), given.deaths)
        )
        if given.full:
            points = full((calm.run / "ledger.db").stat().st_size // 4096, LOG_KIB)
        if given.repair:
            points = damage.points(given.count, given.seed, requests, int(0.7 * writes))
        points = points[given.part[0] - 1 :: given.part[1]]
        after = damage.damaged if given.repair else lambda trial, box, place: None
        seen = itertools.count(1)

        def told(trial: Trial) -> None:
            bad = trial.error or trial.differences or trial.twice or trial.source_writes
            print(f"{next(seen)}/{len(points)} {trial.name}{' WRONG' if bad else ''}", file=sys.stderr, flush=True)

        trials = carried_out(points, place, reference, side_by_side=given.side_by_side, told=told, after=after)
    said = {(one["kind"], one["key"]): one["reason"] for one in calm.apply.json["problems"]}
    lost = [
        one.name
        for one in trials
        if one.differences or {(each["kind"], each["key"]): each["reason"] for each in one.problems} != said
    ]
    report = {
        "requests": requests,
        "points": len(trials),
        "deaths": sum(one.deaths for one in trials),
        "part": "/".join(map(str, given.part)),
        "seed": None if given.all else given.seed,
        "broken": {one.name: str(one.error)[:2000] for one in trials if one.error is not None},
        "lost": lost,
        "differences": {one.name: one.differences[:5] for one in trials if one.differences},
        "twice": [one.name for one in trials if one.twice],
        "source_writes": sum(one.source_writes for one in trials),
        "redone_most": max((one.redone(writes) for one in trials if one.error is None), default=0),
        "redone_allowed": PARALLELISM,
    }
    print(json.dumps(report, indent=2))
    wrong = report["broken"] or lost or report["twice"] or report["source_writes"]
    return 1 if wrong or report["redone_most"] > PARALLELISM * given.deaths else 0


if __name__ == "__main__":
    raise SystemExit(main())
