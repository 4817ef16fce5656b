"""A file of hundreds of MB: it is in memory nowhere as a whole, and what breaks amid it leaves no half of it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from tests.estates import Estate
from tests.harness import Commands, Launcher, Result, Sandbox
from tests.scale import runs

pytestmark = [pytest.mark.ci]
EVA: Final = "eva@large.example"
MIB: Final = 1 << 20
LARGE: Final = 33 * MIB  # enough to be read while it is written
HUGE: Final = 160 * MIB
MOST_MIB: Final = 250.0  # of memory, of which 140 are those of a process that moves nothing large
PATH: Final = "/Shared/large.bin"
LONGEST_S: Final = 120.0


def estate(folder: Path, size: int) -> Path:
    """A workspace with one file of that size."""
    made = Estate(folder / "estate", "large", 7405600000005556, EVA, "westeurope")
    made.people()
    made.folders()
    made.node(PATH, "FILE", os.urandom(MIB) * (size // MIB))
    return made.done()


def place(box: Sandbox, launcher: Launcher, folder: Path) -> Commands:
    made = Commands(launcher, folder / "place", box.env)
    made.env["CMKMIGRATE_TIMEOUT_S"] = "60"  # the sandbox takes a while to read so much
    box.forget()
    return made


def arrived(box: Sandbox, target: str, end: Result) -> None:
    """All of it, with the file among it."""
    assert end.code == 0 and runs.unaccounted(end) == {}, end
    assert [one["migrated"] for one in end.json["counts"] if one["kind"] == "files"] == [1]
    assert runs.differences(box, target, end) == []


def test_it_is_in_memory_nowhere_as_a_whole(tmp_path: Path) -> None:
    """Neither while it is written, nor while both sides of it are compared."""
    with runs.served(tmp_path, estate(tmp_path, HUGE), "new") as (box, launcher):
        there = place(box, launcher, tmp_path)
        found = runs.moved(there, runs.words(box, there, "new"))
        arrived(box, "new", found.end)
        assert 0 < found.seen["peak_mib"] < MOST_MIB
        seen = tmp_path / "verify.json"
        verified = there("verify", str(there.folder / "run"), patch=f"watch:{seen}", seconds=LONGEST_S)
        assert verified.code == 0, verified
        assert 0 < json.loads(seen.read_text())["peak_mib"] < MOST_MIB


FROM: Final = {"host": "SOURCE", "path": "/api/2.0/workspace/export"}
TO: Final = {"host": "TARGET", "path": runs.IMPORT, "method": "POST"}
BROKEN: Final[Mapping[str, Mapping[str, Any]]] = {
    "the source breaks off amid it": {"match": FROM, "action": "cut", "bytes": LARGE // 2},
    "the target is too busy": {"match": TO, "offset": 1, "action": "refuse", "status": 429, "retry_after": 1},
    "the sign-in ends amid it": {"match": TO, "offset": 1, "action": "refuse", "status": 401},
    "it arrives, and the answer is lost": {"match": TO, "offset": 1, "action": "lose"},
    "the connection ends": {"match": TO, "offset": 1, "action": "reset"},
}  # the first import into the target is the marker's


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Launcher]]:
    folder = tmp_path_factory.mktemp("large")
    targets = [f"target-{number}" for number in range(len(BROKEN))]
    with runs.served(folder, estate(folder, LARGE), *targets, "killed") as both:
        yield both


@pytest.mark.parametrize("what", BROKEN)
def test_broken_off(what: str, world: tuple[Sandbox, Launcher], tmp_path: Path) -> None:
    box, launcher = world
    there, target = place(box, launcher, tmp_path), f"target-{list(BROKEN).index(what)}"
    there.env["CMKMIGRATE_TIMEOUT_S"] = "10"  # so that what became of a lost one is soon looked at
    hosts = {"SOURCE": box.source_host, "TARGET": box.host_of(target)}
    fault = BROKEN[what]
    box.faults({**fault, "match": {**fault["match"], "host": hosts[fault["match"]["host"]]}})
    end = there(*runs.words(box, there, target), seconds=LONGEST_S)
    assert [one for one in box.requests() if one["fault"]], "it was not carried out"
    box.faults()
    arrived(box, target, end)


def test_killed_amid_it(world: tuple[Sandbox, Launcher], tmp_path: Path) -> None:
    """What had come by then is no file; the resume writes the whole of it."""
    box, launcher = world
    there = place(box, launcher, tmp_path)
    box.faults({"match": {**FROM, "host": box.source_host}, "action": "slow", "bytes": MIB, "seconds": 0.5})
    started = there.start(*(argv := runs.words(box, there, "killed")))
    launcher.order(do="go", pid=started[0])
    end = time.monotonic() + LONGEST_S
    while not noted(there.folder / "run" / "ledger.db"):
        assert time.monotonic() < end, Path(f"{started[1]}.err").read_text()
        time.sleep(0.01)
    os.kill(started[0], signal.SIGKILL)
    assert there.wait(started, argv, LONGEST_S).code == runs.KILLED
    assert PATH not in box.state(box.host_of("killed"))["tree"]
    box.faults()
    arrived(box, "killed", there("resume", str(there.folder / "run"), "-o", "json", seconds=LONGEST_S))


def noted(ledger: Path) -> bool:
    """Whether the write of the file is on its way."""
    if ledger.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("select 1 from item where kind = 'files' and state = 'intent'").fetchall())
    return False
