"""How many items a second a ledger takes: in a folder, and in a PostgreSQL of this script's own, one after the other.

    python benchmarks/ledger.py --items 3000 --threads 10 --pairs 5

benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import served

sys.path.insert(0, str(served.SOURCE.parent))
sys.path.insert(0, str(served.SOURCE))
from tests import postgres

from cmkmigrate.model import State
from cmkmigrate.run.ledger import PAGE, Ledger, Where
from cmkmigrate.run.postgres import named
from cmkmigrate.run.schema import item

META = {"run": "bench", "playbook": "", "params": "{}", "identity": "bench", "source": "", "begun_by": "bench"}
KEY = {"step": "contents", "kind": "notebooks", "side": "target"}


def rates(where: Where, items: int, threads: int) -> tuple[float, float]:
    """Items a second: planned, and carried out as an apply does it (an intent that is waited for, then its result)."""
    ledger = Ledger.create(where, META)
    keys = [f"/Users/somebody@contoso.example/project {at % 50:05}/notebook {at:06}" for at in range(items)]
    with ledger.locked("bench"):
        began = time.perf_counter()
        left = iter(keys)
        while page := list(itertools.islice(left, PAGE)):
            rows = [{**KEY, "key": key, "name": key, "pass": 1, "state": State.PLANNED} for key in page]
            ledger.send(item.insert(), rows)
        ledger.commit()
        planned = items / (time.perf_counter() - began)
        work, lock = iter(keys), threading.Lock()

        def mine() -> Iterator[str]:
            while True:
                with lock:
                    key = next(work, None)
                if key is None:
                    return
                yield key

        def carry() -> None:
            for key in mine():
                intent = {"state": State.INTENT, "do": "create", "reason": "", "lands_by": ledger.now() + 66.5}
                ledger.set_item({**KEY, "key": key, **intent, "tries": 0}, durable=True)
                ledger.set_item({**KEY, "key": key, "state": State.DONE, "id": key[-6:], "ours": 1, "lands_by": 0.0})

        crew = [threading.Thread(target=carry) for _ in range(threads)]
        began = time.perf_counter()
        for one in crew:
            one.start()
        for one in crew:
            one.join()
        ledger.commit()
        done = items / (time.perf_counter() - began)
    found = ledger.first(item.select().where(item.c.state != State.DONE).limit(1))
    ledger.engine.dispose()
    if found is not None:
        raise SystemExit(f"{where}: {found.key} is {found.state}")
    return planned, done


def main() -> None:
    parser = argparse.ArgumentParser(description="Items a second of both ledgers, side by side.")
    parser.add_argument("--items", type=int, default=3000, metavar="N")
    parser.add_argument("--threads", type=int, default=10, metavar="T", help="as many as an apply has of one kind")
    parser.add_argument("--pairs", type=int, default=5, metavar="K")
    given = parser.parse_args()
    if why := postgres.missing():
        raise SystemExit(why)
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name, postgres.served() as server:
        for number in range(given.pairs + 1):
            places: list[tuple[str, Where]] = [("sqlite", Path(name, f"run-{number}"))]
            places.append(("postgres", named(server.url(), f"run-{number}")))
            row: dict[str, float] = {}
            for what, where in places if number % 2 else reversed(places):  # whoever is second has it no easier
                row[f"{what}_planned_per_s"], row[f"{what}_done_per_s"] = rates(where, given.items, given.threads)
            if not number:
                continue  # what is compiled once is not what is measured
            row["ratio_planned"] = row["postgres_planned_per_s"] / row["sqlite_planned_per_s"]
            row["ratio_done"] = row["postgres_done_per_s"] / row["sqlite_done_per_s"]
            rows.append(row)
            print(f"pair {number}: {', '.join(f'{key} {value:.2f}' for key, value in row.items())}", flush=True)
    result = served.medians(rows)
    print(f"\n{served.table([[key, value] for key, value in sorted(result.items())])}")
    print(json.dumps(served.machine()))


if __name__ == "__main__":
    main()
