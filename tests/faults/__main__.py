"""Each sort of broken answer at so many places of a whole run, each place in a run of its own: for a night. Prints what
docs/reliability.md shows; ends with 1 where a run does not end as one that nobody disturbed.

    python -m tests.faults --count 100 --seed 7
    python -m tests.faults --sort html --at 212
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.conftest import migrate
from tests.faults.answers import SORTS, one_at, places
from tests.faults.runs import run
from tests.harness import Commands, Launcher, Sandbox

TIMES = 20  # how much faster time runs for the product


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    words.add_argument("--count", type=int, default=100, help="so many places for each sort")
    words.add_argument("--seed", type=int, default=1, help="of the places")
    words.add_argument("--sort", choices=SORTS, action="append", help="these alone (all)")
    words.add_argument("--at", type=int, help="this request alone (from 1)")
    words.add_argument("--side-by-side", type=int, default=3, help="runs at once")
    given = words.parse_args()
    sorts = given.sort or list(SORTS)
    broken: dict[str, list[str]] = {}
    ends: dict[str, dict[str, int]] = {sort: {} for sort in sorts}
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder, mine, lock = Path(name), threading.local(), threading.Lock()
        opened: list[Sandbox | Launcher] = []

        def stage(where: Path) -> tuple[Sandbox, Launcher]:
            made = Sandbox(where / "small", "small"), Launcher()
            with lock:
                opened.extend(made)
            return made

        box, launcher = stage(folder / "calm")
        calm = migrate(box, Commands(launcher, folder / "calm-run", box.env), target_name="calm", vault_name="kv-calm")
        reference, requests = box.state(calm.target), len(calm.apply_requests)
        todo = [
            (sort, at)
            for number, sort in enumerate(sorts)
            for at in ([given.at] if given.at else places(given.count, given.seed + number, requests))
        ]

        def tried(number: int, sort: str, at: int) -> None:
            title = f"{number}-{sort}-{at}"
            if not hasattr(mine, "stage"):
                mine.stage = stage(folder / title)
            box, launcher = mine.stage
            try:
                place = Commands(launcher, folder / "runs" / title, box.env)
                found = run(box, place, title, one_at(sort, at), calm.apply, reference, patch=f"faster:{TIMES}")
                wrong, end = found.wrong(calm.apply), " ".join(map(str, found.codes)) if found.hit else "not met"
            except BaseException as error:
                wrong, end = [str(error)[:2000]], "broken"
            with lock:
                ends[sort][end] = ends[sort].get(end, 0) + 1
                if wrong:
                    broken[title] = wrong[:5]
                print(
                    f"{number + 1}/{len(todo)} {sort} {at}: {end}{' WRONG' * bool(wrong)}", file=sys.stderr, flush=True
                )

        try:
            with ThreadPoolExecutor(given.side_by_side) as pool:
                for one in [pool.submit(tried, number, *each) for number, each in enumerate(todo)]:
                    one.result()
        finally:
            for each in opened:
                each.close()
    report = {"requests": requests, "places": len(todo), "seed": given.seed, "exit codes": ends, "wrong": broken}
    print(json.dumps(report, indent=2))
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
