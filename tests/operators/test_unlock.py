"""A run that is taken from somebody who is alive: he writes nothing more, and who goes on finishes it.

What was on its way when the lock was taken may still arrive: at most as many requests as may be under way at once.
Everything that reaches the service beyond these is a write of a fenced process, and there must be none. What has
arrived and what is answered is counted by the service; no while without a write stands for either.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import Commands, Launcher, Sandbox
from tests.kinds.world import targets_estate
from tests.operators.contest import HELD
from tests.pools import POOLS

pytestmark = [pytest.mark.ci]
PARALLELISM = 3
POOL_COUNT = 100  # that is more than ten seconds of work: an `unlock` comes in the middle of it also on a busy machine
CREATE = "/api/2.0/instance-pools/create"
LONGEST_S = 120.0
CALM = 5
TIMEOUT_S = "2"  # of a request: what was sent may land for so long, and a resume waits a little longer


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("unlock")
    made = Sandbox(folder / "sandbox", "small", targets_estate(folder / "targets", ["alive", "stopped", "overtaken"]))
    for number in range(POOL_COUNT):
        pool = {"instance_pool_name": f"more {number}", "node_type_id": "Standard_DS3_v2", "min_idle_instances": 0}
        made.call(made.source_host, "POST", CREATE, pool)
    yield made
    made.close()


class Running:
    """An apply of somebody, far enough to have written a few things."""

    def __init__(self, box: Sandbox, launcher: Launcher, folder: Path, name: str) -> None:
        self.box, self.run = box, folder / "run"
        target = next(one for one in box.arm()["workspaces"].values() if one["name"] == name)
        self.host = str(target["properties"]["workspaceUrl"])
        self.first = Commands(launcher, folder / "first", box.env)
        self.second = Commands(launcher, folder / "second", box.env)
        for place in (self.first, self.second):
            place.env["CMKMIGRATE_TIMEOUT_S"] = TIMEOUT_S
        (self.first.work / "pools.yaml").write_text(POOLS)
        (self.first.work / "p.yaml").write_text(
            yaml.safe_dump({"source": box.params["source"], "target": target["id"]})
        )
        box.forget()
        slow = {"match": {"path": CREATE, "host": self.host}, "action": "delay", "seconds": 0.4, "count": -1}
        box.faults(slow)
        words = ("apply", "./pools.yaml", "--params", "p.yaml", "--run", str(self.run), "--auto-approve")
        self.started = self.first.start(*words, "--parallelism", str(PARALLELISM))
        launcher.order(do="go", pid=self.started[0])
        self.until(lambda: len(self.writes()) >= 4)

    def until(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + LONGEST_S
        while not what():
            assert time.monotonic() < end, Path(f"{self.started[1]}.err").read_text()
            time.sleep(0.01)

    def writes(self) -> list[dict[str, Any]]:
        """The pools that were made in the target, as requests that were answered."""
        return [one for one in self.box.writes(self.host) if one["path"] == CREATE]

    def stop(self) -> None:
        """SIGSTOP, not in the middle of a commit (of one that is, `unlock` says so)."""
        for _ in range(200):
            os.kill(self.started[0], signal.SIGSTOP)
            self.until(self._stands)
            ledger = sqlite3.connect(self.run / "ledger.db", timeout=0, isolation_level=None)
            try:
                ledger.execute("begin immediate")
                ledger.execute("rollback")
                return
            except sqlite3.OperationalError:
                os.kill(self.started[0], signal.SIGCONT)
                time.sleep(0.003)
            finally:
                ledger.close()
        raise AssertionError("it commits all the time")

    def _stands(self) -> bool:
        """Whether each of its threads has stopped: a signal is sent at once, and taken a little later."""
        threads = Path(f"/proc/{self.started[0]}/task").glob("*/stat")
        try:
            return all(one.read_text().rpartition(")")[2].split()[0] in "TZ" for one in threads)
        except OSError:  # one of them ended
            return False

    def unlock(self) -> None:
        """Take the run from whoever has it."""
        result = self.second("unlock", str(self.run), "--auto-approve")
        assert result.code == 0 and "may still be at work" in result.err, result

    def arrived(self) -> int:
        """How many pools have reached the service, while it is slow; 0 later."""
        rules = json.loads(self.box.control("GET", "faults"))
        return int(rules[0]["seen"]) if rules else 0

    def settled(self) -> None:
        """Everything that has left is answered. The service reads what has come before it answers what comes later:
        where it has nothing under way several times in a row, nothing is on its way either."""
        calm = 0

        def still() -> bool:
            nonlocal calm
            calm = calm + 1 if self.arrived() <= len(self.writes()) else 0
            return calm >= CALM

        self.until(still)

    def names(self) -> list[str]:
        return sorted(one["instance_pool_name"] for one in self.box.state(self.host)["instance_pools"])

    def wakes(self) -> None:
        """Who was stopped goes on: he ends with 11, and writes nothing."""
        before = len(self.writes())
        os.kill(self.started[0], signal.SIGCONT)
        result = self.first.wait(self.started)
        assert result.code == HELD, result
        self.settled()
        assert len(self.writes()) == before

    def whole(self) -> None:
        """The second operator goes on, and nothing is lost or there twice."""
        self.box.faults()
        result = self.second("resume", str(self.run))
        assert result.code == 0, result
        wanted = sorted(one["instance_pool_name"] for one in self.box.state(self.box.source_host)["instance_pools"])
        assert self.names() == wanted


def test_one_who_is_alive_is_fenced_before_his_next_write(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    one = Running(box, launcher, tmp_path, "alive")
    one.unlock()
    taken = one.arrived()
    result = one.first.wait(one.started)
    assert result.code == HELD and "taken over" in result.err and "by " in result.err, result
    one.settled()
    assert one.arrived() - taken <= PARALLELISM, "more than what was on its way"
    assert len(one.names()) < POOL_COUNT, "the run was at its end: nothing was shown"
    one.whole()


def test_one_who_was_stopped_writes_nothing_when_he_wakes(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    one = Running(box, launcher, tmp_path, "stopped")
    one.stop()
    one.settled()
    one.unlock()
    one.wakes()
    one.whole()


def test_one_who_wakes_after_the_other_has_finished(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    """The worst of them: what he had noted and not sent, somebody has looked for meanwhile, and made."""
    one = Running(box, launcher, tmp_path, "overtaken")
    one.stop()
    one.settled()
    one.unlock()
    one.whole()
    one.wakes()
    assert len(set(one.names())) == len(one.names())
