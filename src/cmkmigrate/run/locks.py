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
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Float, cast, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError

from cmkmigrate.errors import LockHeld
from cmkmigrate.run.schema import lock, meta

STALE_S = 60.0
ASK = "ask."  # begins the names of what is asked of whoever holds the run, in meta
SHARED = "postgresql"  # the dialect of a ledger that several hosts see


def clock(connection: Connection) -> float:
    """The time that signs of life are told in (Unix seconds): this host's, or that of the server where there is one."""
    if connection.dialect.name != SHARED:
        return time.time()
    return float(connection.execute(select(cast(func.extract("epoch", func.clock_timestamp()), Float))).scalar_one())


def here(shared: bool) -> str:
    """What tells this host's processes from others'. Containers may share a host's name, and see no process of another:
    for a ledger that several hosts see it names the boot and the space of process ids as well."""
    name = socket.gethostname()
    if not shared:
        return name
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        space = os.stat("/proc/self/ns/pid").st_ino
    except OSError:  # no Linux: the address of the network card has to do
        boot, space = str(uuid.getnode()), 0
    return f"{name} ({hashlib.sha256(f'{boot} {space}'.encode()).hexdigest()[:8]})"


def take(engine: Engine, name: str, *, force: bool = False) -> int:
    """Take the lock row; gives the new fencing token. name: of who takes it, for people.

    Raises LockHeld while somebody else is alive, and where he keeps the file itself: a process that was stopped in the
    middle of a commit does so, and only its end frees it.
    """
    try:
        return _take(engine, name, force)
    except OperationalError as error:
        if "database is locked" not in str(error.orig):
            raise
        raise LockHeld(
            "the ledger is kept busy by a process that does not go on",
            subject=holder(engine) or "an unknown process",
            why="it was stopped, or hangs, in the middle of a write to the ledger",
            next="let it go on (kill -CONT) or end it (kill -KILL), then the same command again",
        ) from None


def _take(engine: Engine, holder: str, force: bool) -> int:
    with engine.connect().execution_options(immediate=True) as connection:
        shared = connection.dialect.name == SHARED
        if shared:  # two takers, and a commit under way, wait for each other; on SQLite "immediate" does that
            connection.exec_driver_sql("lock table lock in share row exclusive mode")
        now = clock(connection)
        row = connection.execute(select(lock)).mappings().first()
        if row and not force and alive(row["host"], row["pid"], now - row["beat"], shared):
            connection.rollback()
            since = time.strftime("%H:%M:%S", time.localtime(row["beat"]))
            raise LockHeld(
                "somebody else is at work on this run",
                subject=f"{row['holder']} (process {row['pid']} on {row['host']}, last seen {since})",
                next="wait for it, or see `cmkmigrate status`; `cmkmigrate unlock` if you know that it is gone",
            )
        token = (row["token"] if row else 0) + 1
        if not row or (row["host"], row["pid"]) != (here(shared), os.getpid()):
            # What an earlier process was asked; with the lock, as whoever asks from then on means this one.
            connection.execute(update(meta).where(meta.c.k.startswith(ASK)).values(v=""))
        connection.execute(delete(lock))
        values = {"one": 1, "token": token, "holder": holder, "host": here(shared), "pid": os.getpid()}
        connection.execute(insert(lock), {**values, "beat": now})
        connection.commit()
    return token


def holder(engine: Engine) -> str:
    """Who is at work on the run now, "" for nobody; nothing is taken."""
    with engine.connect() as connection:
        row, now = connection.execute(select(lock)).mappings().first(), clock(connection)
    if not row or not alive(row["host"], row["pid"], now - row["beat"], engine.dialect.name == SHARED):
        return ""
    return f"{row['holder']} (process {row['pid']} on {row['host']})"


def serial(engine: Engine) -> int:
    """How often the lock row was taken."""
    with engine.connect() as connection:
        return int(connection.execute(select(lock.c.token)).scalar() or 0)


def release(engine: Engine, token: int) -> None:
    """Give the lock row back, if it is still ours: the row stays (its token counts on), its holder is nobody."""
    with engine.begin() as connection:
        row = lock.update().where(lock.c.token == token).values(pid=0, host="", beat=0.0)
        connection.execute(row)


def alive(host: str, pid: int, silent_s: float, shared: bool) -> bool:
    """Whether who holds the lock may still be at work, another process than this. silent_s: since its last sign."""
    if not pid:
        return False
    if host == here(shared):
        if pid == os.getpid():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    return silent_s < STALE_S


@contextmanager
def pair(state: Path, source: str, target: str, holder: str) -> Iterator[None]:
    """Hold this host's lock on (source, target); the kernel gives it back when the process dies. Raises LockHeld, which
    names the holder."""
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
                why=f"it is held by {_said(handle)}",
                next="wait for it to end",
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{holder} (process {os.getpid()} on {socket.gethostname()})".encode(), 0)
        yield
    finally:
        os.close(handle)


def _said(handle: int) -> str:
    """Who holds a pair, by what is in its file; he writes it right after he took it."""
    for _ in range(20):
        found = os.pread(handle, 1000, 0).decode(errors="replace")
        if found:
            return found
        time.sleep(0.05)
    return "an unknown process"
