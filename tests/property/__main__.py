"""Random workspaces, playbooks and faults, any number of them: for a night. Prints what was seen; ends with 1 where
anything is wrong, with the command that repeats it.

    python -m tests.property --count 5000 --seed 7 --side-by-side 2
    python -m tests.property --repeat FILE
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.harness import ROOT
from tests.property.hunt import Hunt, hunted, repeated


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.property", description=__doc__)
    words.add_argument("--count", type=int, default=200, help="examples")
    words.add_argument("--seed", type=int, default=1, help="of everything that is drawn")
    words.add_argument("--whole", type=int, default=5, help="of a hundred examples so many by whole commands over TLS")
    words.add_argument("--shrink", type=int, default=60, help="tries to make a failing example smaller")
    words.add_argument(
        "--side-by-side", type=int, default=1, help="processes that share the count; each has its own seed"
    )
    words.add_argument("--keep", type=Path, default=Path.cwd(), help="where a failing example is written to")
    words.add_argument("--repeat", type=Path, help="a failing example that was written")
    given = words.parse_args()
    if given.repeat is not None:
        found = repeated(given.repeat)
        print(found or "nothing is wrong")
        return 1 if found else 0
    if given.side_by_side > 1:
        return _shared(given)
    hunt = hunted(given.count, given.seed, whole=given.whole, shrink=given.shrink, keep=given.keep)
    print(json.dumps(hunt.as_json(), indent=2, ensure_ascii=False))
    return 1 if hunt.wrong else 0


def _shared(given: argparse.Namespace) -> int:
    """The same in several processes, with their figures added up."""
    number = given.side_by_side
    parts = []
    for at in range(number):
        count = given.count // number + (at < given.count % number)
        words = [sys.executable, "-m", "tests.property", "--count", str(count), "--seed", str(given.seed * 1000 + at)]
        words += ["--whole", str(given.whole), "--shrink", str(given.shrink), "--keep", str(given.keep)]
        parts.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT))
    whole = Hunt(given.seed)
    for part in parts:
        text = part.communicate()[0]
        before, mark, report = text.partition('{\n  "seed"')
        print(before, end="", file=sys.stderr)  # what a library has said besides
        if part.returncode not in (0, 1) or not mark:
            whole.wrong.append(f"{part.args} ended with {part.returncode}")
            continue
        found = json.loads(mark + report)
        whole.wrong += found["wrong"]
        whole.seen += Counter(found["seen"])
        whole.seconds = max(whole.seconds, found["seconds"])
    print(json.dumps(whole.as_json(), indent=2, ensure_ascii=False))
    return 1 if whole.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
