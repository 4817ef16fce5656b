"""The two locks of this side: who is alive keeps them, who is gone does not."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from cmkmigrate.errors import LockHeld
from cmkmigrate.run import locks
from cmkmigrate.run.ledger import FILE, Ledger, Where
from cmkmigrate.run.postgres import Shared
from cmkmigrate.run.schema import lock


@pytest.fixture
def ledger(where: Where) -> Iterator[Ledger]:
    made = Ledger.create(where, {})
    yield made
    made.engine.dispose()


def here(ledger: Ledger) -> str:
    return locks.here(isinstance(ledger.where, Shared))


def hold(ledger: Ledger, **values: Any) -> None:
    """Let somebody hold the run with token 5."""
    row = {"one": 1, "token": 5, "holder": "ann@there", "host": "there", "pid": 7, "beat": time.time(), **values}
    with ledger.engine.begin() as connection:
        connection.execute(lock.delete())
        connection.execute(lock.insert(), row)


def held(ledger: Ledger) -> Any:
    return ledger.first(select(lock))


def dead() -> int:
    """The id of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(20)
    return process.pid


def test_the_first_takes_it_and_says_who(ledger: Ledger) -> None:
    assert locks.take(ledger.engine, "me@here") == 1
    row = held(ledger)
    assert (row.token, row.holder, row.host, row.pid) == (1, "me@here", here(ledger), os.getpid())
    assert abs(row.beat - time.time()) < 60


def test_who_is_alive_on_this_host_keeps_it_whatever_its_heartbeat(ledger: Ledger) -> None:
    hold(ledger, host=here(ledger), pid=os.getppid(), beat=0.0)
    with pytest.raises(LockHeld) as caught:
        locks.take(ledger.engine, "me")
    assert caught.value.subject.startswith(f"ann@there (process {os.getppid()} on {here(ledger)}, last seen ")
    assert held(ledger).token == 5


def test_a_dead_process_of_this_host_loses_it_at_once(ledger: Ledger) -> None:
    hold(ledger, host=here(ledger), pid=dead())
    assert locks.take(ledger.engine, "me") == 6


def test_another_host_keeps_it_while_its_heart_beats(ledger: Ledger) -> None:
    hold(ledger, beat=time.time() - locks.STALE_S + 10)
    with pytest.raises(LockHeld):
        locks.take(ledger.engine, "me")


def test_another_host_loses_it_when_its_heartbeat_is_old(ledger: Ledger) -> None:
    hold(ledger, beat=time.time() - locks.STALE_S - 1)
    assert locks.take(ledger.engine, "me") == 6


def test_force_takes_it_from_the_living(ledger: Ledger) -> None:
    hold(ledger)
    assert locks.take(ledger.engine, "me", force=True) == 6


def test_what_was_given_back_is_free_and_its_token_counts_on(ledger: Ledger) -> None:
    token = locks.take(ledger.engine, "me")
    locks.release(ledger.engine, token)
    assert (held(ledger).token, held(ledger).pid) == (1, 0)
    assert locks.take(ledger.engine, "me") == 2


def test_who_was_taken_over_gives_nothing_back(ledger: Ledger) -> None:
    token = locks.take(ledger.engine, "me")
    hold(ledger)
    locks.release(ledger.engine, token)
    assert (held(ledger).token, held(ledger).pid) == (5, 7)


def test_a_refused_take_leaves_the_database_free(ledger: Ledger) -> None:
    hold(ledger)
    with pytest.raises(LockHeld):
        locks.take(ledger.engine, "me")
    hold(ledger, pid=0)
    assert locks.take(ledger.engine, "me") == 6


# the pair


def test_one_run_per_pair_in_this_process(tmp_path: Path) -> None:
    with locks.pair(tmp_path, "a", "b", "me@here"):
        with pytest.raises(LockHeld) as caught, locks.pair(tmp_path, "a", "b", "me@here"):
            raise AssertionError
        assert caught.value.subject == "a -> b"
        with locks.pair(tmp_path, "b", "a", "me@here"), locks.pair(tmp_path, "a", "c", "me@here"):
            pass
    with locks.pair(tmp_path, "a", "b", "me@here"):
        pass


def test_the_lock_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "locks"
    with locks.pair(folder, "a", "b", "me@here"):
        (file,) = folder.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_lock_file_is_not_followed_elsewhere(tmp_path: Path) -> None:
    with locks.pair(tmp_path / "locks", "a", "b", "me@here"):
        (file,) = (tmp_path / "locks").iterdir()
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), locks.pair(tmp_path / "locks", "a", "b", "me@here"):
        raise AssertionError
    assert not (tmp_path / "elsewhere").exists()


HOLDER = """
import pathlib, sys
from cmkmigrate.run import locks
with locks.pair(pathlib.Path(sys.argv[1]), "a", "b", "me@here"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_run_per_pair_on_this_host_until_it_is_killed(tmp_path: Path) -> None:
    source = str(Path(locks.__file__).parents[2])
    words = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": source}
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockHeld), locks.pair(tmp_path, "a", "b", "me@here"):
            raise AssertionError
        other.send_signal(signal.SIGKILL)
        other.wait(20)
        with locks.pair(tmp_path, "a", "b", "me@here"):
            pass


def test_who_is_at_work_is_told_without_taking_anything(ledger: Ledger) -> None:
    assert locks.holder(ledger.engine) == ""
    hold(ledger)
    assert locks.holder(ledger.engine) == "ann@there (process 7 on there)"
    assert held(ledger).token == 5
    hold(ledger, beat=time.time() - locks.STALE_S - 1)
    assert locks.holder(ledger.engine) == ""
    hold(ledger, host=here(ledger), pid=os.getpid())
    assert locks.holder(ledger.engine) == "", "this process is no other"


def test_a_process_that_stopped_in_the_middle_of_a_commit_is_named(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "run", {"run": "r", "begun_by": "me@here"})
    event.listen(ledger.engine, "connect", lambda connection, _: connection.execute("pragma busy_timeout=50"))
    ledger.engine.dispose()
    stopped = sqlite3.connect(tmp_path / "run" / FILE, isolation_level=None)
    stopped.execute("begin immediate")
    with pytest.raises(LockHeld, match="kept busy") as caught, ledger.locked("somebody@else", force=True):
        pass
    assert "kill" in caught.value.next
    stopped.execute("rollback")
    stopped.close()
    with ledger.locked("somebody@else", force=True):
        pass
