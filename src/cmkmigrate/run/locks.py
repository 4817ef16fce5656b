"""Two locks on this side: the ledger's lock row, and one per pair of workspaces on this host.

The third, in the target itself, is `engine/marker.py`. A lock is stale when its holder is a dead process of this host,
or its heartbeat is older than STALE_S.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select

from cmkmigrate.errors import LockHeld
from cmkmigrate.run.schema import lock

STALE_S = 60.0


def take(engine: Engine, holder: str, *, force: bool = False) -> int:
    """Take the lock row; gives the new fencing token. Raises LockHeld while somebody else is alive."""
    with engine.connect().execution_options(immediate=True) as connection:
        row = connection.execute(select(lock)).mappings().first()
        if row and not force and _alive(row["host"], row["pid"], row["beat"]):
            connection.rollback()
            since = time.strftime("%H:%M:%S", time.localtime(row["beat"]))
            raise LockHeld(
                "somebody else is at work on this run",
                subject=f"{row['holder']} (process {row['pid']} on {row['host']}, last seen {since})",
                next="wait for it, or see `cmkmigrate status`; `cmkmigrate unlock` if you know that it is gone",
            )
        token = (row["token"] if row else 0) + 1
        connection.execute(delete(lock))
        values = {"one": 1, "token": token, "holder": holder, "host": socket.gethostname(), "pid": os.getpid()}
        connection.execute(insert(lock), {**values, "beat": time.time()})
        connection.commit()
    return token


def holder(engine: Engine) -> str:
    """Who is at work on the run now, "" for nobody; nothing is taken."""
    with engine.connect() as connection:
        row = connection.execute(select(lock)).mappings().first()
    if not row or not _alive(row["host"], row["pid"], row["beat"]):
        return ""
    return f"{row['holder']} (process {row['pid']} on {row['host']})"


def release(engine: Engine, token: int) -> None:
    """Give the lock row back, if it is still ours: the row stays (its token counts on), its holder is nobody."""
    with engine.begin() as connection:
        row = lock.update().where(lock.c.token == token).values(pid=0, host="", beat=0.0)
        connection.execute(row)


def _alive(host: str, pid: int, beat: float) -> bool:
    if not pid:
        return False
    if host == socket.gethostname():
        if pid == os.getpid():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    return time.time() - beat < STALE_S


@contextmanager
def pair(state: Path, source: str, target: str) -> Iterator[None]:
    """Hold this host's lock on (source, target); the kernel gives it back when the process dies. Raises LockHeld."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(f"{source}\n{target}".encode()).hexdigest()[:32]
    handle = os.open(state / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LockHeld(
                "another run of this host is at work on these two workspaces",
                subject=f"{source} -> {target}",
                next="wait for it to end",
            ) from None
        yield
    finally:
        os.close(handle)
