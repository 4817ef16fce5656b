"""A migration of many things, watched: by hand. Prints what docs/reliability.md shows; ends with 1 where something is
not accounted for, or more memory or more open files are needed than are promised.

    python -m tests.scale --objects 20000
    python -m tests.scale --objects 90000 --kill 41237
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from tests.harness import Commands
from tests.scale import runs


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    words.add_argument("--objects", type=int, default=20000, help="notebooks; what else a workspace holds comes on top")
    words.add_argument("--compare", action="store_true", help="hold both sides against each other, too")
    words.add_argument("--kill", type=int, default=0, metavar="N", help="as the N-th notebook or file is made; resumed")
    given = words.parse_args()
    seconds = 60.0 + given.objects
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        with runs.served(folder, f"generate:{given.objects}", "new") as (box, launcher):
            place = Commands(launcher, folder / "place", box.env)
            place.env["CMKMIGRATE_TIMEOUT_S"] = "60"
            argv, lived = runs.words(box, place, "new"), 0.0
            box.forget()
            if given.kill:
                made = {"method": "POST", "path": runs.IMPORT, "host": box.host_of("new")}
                lived = runs.killed(box, place, argv, made, given.kill, seconds)
                argv = ("resume", str(place.folder / "run"), "-o", "json")
            found = runs.moved(place, argv, seconds)
            if not found.seen:
                raise SystemExit(str(found.end))
            again = runs.sent_again(box, "new", found.end)
            wrong = runs.differences(box, "new", found.end) if given.compare else []
    report = {
        "items": found.items,
        "exit": found.end.code,
        "killed_after_seconds": round(lived) if given.kill else None,
        "seconds": round(found.end.seconds),
        "sent_again": again,
        "peak_mib": round(found.seen["peak_mib"]),
        "descriptors": found.seen["descriptors"],
        "rows_per_item": round(found.each("rows"), 2),
        "statements_per_item": round(found.each("statements"), 2),
        "written_steps_per_item": round(found.each("written")),
        "read_steps_per_item": round(found.each("read")),
        "unaccounted": runs.unaccounted(found.end),
        "differences": wrong[:20],
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(report, indent=2))
    over = found.seen["peak_mib"] >= runs.MOST_MIB or found.seen["descriptors"] > runs.MOST_DESCRIPTORS
    over = over or sum(again.values()) > runs.AT_ONCE + 2 * (1 + bool(given.kill))  # with the markers
    return 1 if found.end.code or report["unaccounted"] or wrong or over else 0


if __name__ == "__main__":
    raise SystemExit(main())
