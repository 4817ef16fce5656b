"""What is done to the ledger of a run that was killed, and the repair of it. For `test_repair.py` and `__main__.py`."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.crash.trials import HOW, Point, Trial
from tests.harness import Commands, Sandbox

LEDGER = "ledger.db"
GIVEN = ("--playbook", "cmk-migration", "--params")  # for a ledger that cannot say what it is of


def gone(run: Path) -> bool:
    """Take the whole folder away. Whether what the run is of has to be given."""
    shutil.rmtree(run)
    return True


def cut(run: Path) -> bool:
    """Half of the ledger is left."""
    for end in ("-wal", "-shm"):
        (run / f"{LEDGER}{end}").unlink(missing_ok=True)
    os.truncate(run / LEDGER, (run / LEDGER).stat().st_size // 2)
    return True


def changed(run: Path) -> bool:
    """Every item says something else than what was written."""
    connection = sqlite3.connect(run / LEDGER)
    connection.execute("drop trigger seal_item_update")
    connection.execute("update item set state = 'done', ours = 1, reason = 'done before'")
    connection.commit()
    connection.close()
    return False


def unlogged(run: Path) -> bool:
    """The write-ahead log is gone."""
    (run / f"{LEDGER}-wal").unlink(missing_ok=True)
    return True


DAMAGE: dict[str, Callable[[Path], bool]] = {"gone": gone, "cut": cut, "changed": changed, "unlogged": unlogged}


def points(count: int, seed: int, requests: int, results: int) -> list[tuple[Point, ...]]:
    """So many places of death; a trial's number says which damage follows."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        how = HOW[number % len(HOW)]
        found.append((Point(how, chance.randint(1, results if how == "result" else requests)),))
    return found


def damaged(trial: Trial, box: Sandbox, place: Commands) -> None:
    """Damage the ledger, see that nothing writes with it, and repair it. Raises AssertionError."""
    if not (trial.run / LEDGER).is_file():  # it died before there was one
        return
    name = list(DAMAGE)[int(trial.name.partition("-")[0]) % len(DAMAGE)]
    asks = DAMAGE[name](trial.run)
    before = len(box.writes())
    refused = place("resume", str(trial.run))
    assert refused.code == (64 if name == "gone" else 7), refused
    if name != "gone":
        assert "Error: the ledger is " in refused.err and f"state repair {trial.run}" in refused.err, refused
    given = (*GIVEN, str(trial.params)) if asks else ()
    repaired = place("state", "repair", str(trial.run), "--auto-approve", *given)
    trial.repaired.append(repaired)
    assert repaired.code == 0, repaired
    assert len(box.writes()) == before, "it writes to no cloud"
    kept = list(trial.run.glob("damaged-*"))
    assert len(kept) == (0 if name == "gone" else 1), kept
    for folder in kept:
        assert folder.stat().st_mode & 0o777 == 0o700, folder
        assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}
