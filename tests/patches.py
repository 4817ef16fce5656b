"""What the launcher may change in a child before the command runs: deaths at the ledger, a full disk, mistakes in a
kind, time; and what it may count there."""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FunctionType
from typing import Any


def apply(text: str) -> None:
    """Carry out `NAME:ARGUMENT...`: a function of this module."""
    name, *arguments = text.split(":")
    globals()[name](*arguments)


def die_at_result(number: str) -> None:
    """SIGKILL this process when the result of its n-th write (from 1) is about to go to the ledger."""
    from cmkmigrate.run.writer import Writer

    send, counted, wanted = Writer.send, itertools.count(1), int(number)

    def dying(self: Any, statement: Any, rows: Any = None) -> None:
        if _is_result(statement, rows) and next(counted) == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        send(self, statement, rows)

    Writer.send = dying  # type: ignore[method-assign]


def umask(mask: str) -> None:
    """Begin with this umask (octal)."""
    os.umask(int(mask, 8))


def keep_tokens(path: str) -> None:
    """Write every token that the product gets to a file, a line for each."""
    from cmkmigrate.clients.login import Login

    login: Any = Login
    before = login.get_token

    def get_token(self: Any, *scopes: str, **options: Any) -> Any:
        given = before(self, *scopes, **options)
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{given.token}\n")
        return given

    login.get_token = get_token


def break_secrets(where: str) -> None:
    """Let a mistake of the tool meet the third secret as it is written or read, with the value in its words."""
    from cmkmigrate.clients.databricks import Workspace

    site: Any = Workspace
    write, read, counted = site.write, site.read, itertools.count(1)

    def writing(self: Any, method: str, path: str, body: Any = None) -> Any:
        if path.endswith("/secrets/put") and where == "write" and next(counted) == 3:
            raise RuntimeError(f"cannot send {body!r}") from ValueError(str(body))
        return write(self, method, path, body)

    def reading(self: Any, path: str, query: Any = None) -> Any:
        found = read(self, path, query)
        if path.endswith("/secrets/get") and where == "read" and next(counted) == 3:
            raise KeyError(f"not in {found!r}")
        return found

    site.write, site.read = writing, reading


def break_clusters() -> None:
    """Let a mistake of the tool meet the second cluster as it is written, with the body in its words."""
    from cmkmigrate.clients.databricks import Workspace

    site: Any = Workspace
    write, counted = site.write, itertools.count(1)

    def writing(self: Any, method: str, path: str, body: Any = None) -> Any:
        if path.endswith("/clusters/create") and next(counted) == 2:
            raise RuntimeError(f"cannot send {body!r}") from ValueError(json.dumps(body))
        return write(self, method, path, body)

    site.write = writing


def every_host_is_ours() -> None:
    """Take the allow-list of hosts away."""
    from cmkmigrate.clients.endpoints import Endpoints

    endpoints: Any = Endpoints
    endpoints.allowed = lambda self, url: True


def _is_result(statement: Any, rows: Any) -> bool:
    """Whether a statement says of an item that its write was answered."""
    if getattr(getattr(statement, "table", None), "name", "") != "item":
        return False
    values = {name.removeprefix("new_"): value for name, value in rows.items()} if isinstance(rows, dict) else {}
    state = str(values.get("state"))
    return state == "made" or (state == "done" and "ours" in values)  # what was found equal is done, and not made


def pages(number: str) -> None:
    """The ledger of a run may have so many pages of 4 KiB and no more: SQLite says then that the disk is full."""
    from sqlalchemy import event

    from cmkmigrate.run import disk

    opened: Any = disk.open_engine

    def small(file: Path, **more: Any) -> Any:
        engine = opened(file, **more)
        if file.parent.name == "run":  # not one that is thrown away
            event.listen(engine, "connect", lambda connection, _: connection.execute(f"pragma max_page_count={number}"))
        return engine

    disk.open_engine = small


def size(number: str) -> None:
    """No file of this process may be longer than so many KiB: writing beyond fails, as the disk does that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * int(number), 1024 * int(number)))


def watch(path: str) -> None:
    """Count what this process asks of the run's ledger, and what it holds; to a file, as JSON, when the writer ends.

    statements, rows: written. written, read: steps of SQLite's own machine, of which a look at one more row takes some;
    no clock is in any of them. descriptors: the most that were open at a commit. peak_mib: the largest resident set.
    """
    from sqlalchemy import event

    from cmkmigrate.run import disk, writer
    from cmkmigrate.run.writer import Writer

    seen = {"statements": 0, "rows": 0, "written": 0, "read": 0, "descriptors": 0, "peak_mib": 0.0}
    opened: Any = disk.open_engine
    execute, write, close, step = Writer._execute, Writer._write, Writer.close, 100

    def counted() -> None:
        seen["written" if threading.current_thread().name == "ledger-writer" else "read"] += step

    def opening(file: Path, **more: Any) -> Any:
        engine = opened(file, **more)
        if file.parent.name == "run":
            event.listen(engine, "connect", lambda connection, _: connection.set_progress_handler(counted, step))
        return engine

    def executing(self: Any, connection: Any, statement: Any, rows: Any) -> Any:
        if self._token and statement is not writer._BEAT:  # a sign of life is one to a commit, not to an item
            seen["statements"] += 1
            seen["rows"] += len(rows) if isinstance(rows, list) else 1
        return execute(self, connection, statement, rows)

    def writing(self: Any, connection: Any, batch: Any) -> None:
        write(self, connection, batch)
        seen["descriptors"] = max(seen["descriptors"], len(os.listdir("/proc/self/fd")))

    def closing(self: Any) -> None:
        close(self)
        lines = Path("/proc/self/status").read_text().splitlines()
        seen["peak_mib"] = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
        Path(path).write_text(json.dumps(seen))

    disk.open_engine = opening
    changed: Any = Writer
    changed._execute, changed._write, changed.close = executing, writing, closing


def no_room(name: str) -> None:
    """From when a file is made whose name has this in it until one is taken away, no file of this process may grow."""
    opened, unlink, before = os.open, os.unlink, resource.getrlimit(resource.RLIMIT_FSIZE)

    def opening(path: Any, flags: int, *more: Any, **named: Any) -> int:
        handle = int(opened(path, flags, *more, **named))
        if flags & os.O_CREAT and name in Path(os.fsdecode(path)).name:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        return handle

    def unlinking(*given: Any, **named: Any) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        unlink(*given, **named)

    os.open, os.unlink = opening, unlinking  # type: ignore[assignment]


def full_output(number: str = "0", stream: str = "stdout") -> None:
    """After so many pieces, the disk that standard output (or standard error) goes to is full."""
    out: Any = getattr(sys, stream)
    write, counted, most = out.write, itertools.count(1), int(number)

    def writing(text: str) -> int:
        if next(counted) > most:
            os.dup2(os.open("/dev/full", os.O_WRONLY), out.fileno())
        return int(write(text))

    out.write = writing


def server_owned(fields: str) -> None:
    """Call fields the server's, so that they are neither sent nor compared: `KIND=FIELD,KIND=FIELD...`."""
    from cmkmigrate.kinds import discover

    for pair in fields.split(","):
        kind, _, field = pair.partition("=")
        cls: Any = type(discover()[kind])
        cls.server_owned = frozenset(cls.server_owned) | {field}


def look_often(seconds: str) -> None:
    """Look each `seconds` whether what earlier steps made can still be used."""
    from cmkmigrate.engine import lasting

    lasting.LOOK_S = float(seconds)  # type: ignore[misc]


def clock(ahead: str, then: str = "", number: str = "1") -> None:
    """This process's clock is `ahead` seconds ahead (negative: behind). then: so many more after the result of its
    n-th write, in the middle of the run: the clock is set. The monotonic clock knows nothing of it."""
    from cmkmigrate.run.writer import Writer

    offset = [float(ahead)]
    now, now_ns = time.time, time.time_ns
    _everywhere(now, lambda: now() + offset[0])
    _everywhere(now_ns, lambda: now_ns() + int(offset[0] * 1e9))
    if not then:
        return
    send, counted, wanted = Writer.send, itertools.count(1), int(number)

    def setting(self: Any, statement: Any, rows: Any = None) -> None:
        if _is_result(statement, rows) and next(counted) == wanted:
            offset[0] += float(then)
        send(self, statement, rows)

    Writer.send = setting  # type: ignore[method-assign]


def faster(factor: str) -> None:
    """Time runs so much faster in this process: what it waits for comes sooner, by every clock that it has, and of what
    it waits for at a connection, too. A timeout that is said is to be so much longer: it is also what says how soon a
    write must leave and until when it may land, and both are no longer than on the machine's own clock then."""
    times, now, steady, sleep, began = float(factor), time.time, time.monotonic, time.sleep, time.monotonic()
    began_at = now()
    _everywhere(now, lambda: began_at + (now() - began_at) * times)
    _everywhere(steady, lambda: began + (steady() - began) * times)
    _everywhere(sleep, lambda seconds: sleep(seconds / times))
    wait = threading.Event.wait
    quick = lambda self, timeout=None: wait(self, None if timeout is None else timeout / times)  # noqa: E731
    threading.Event.wait = quick  # type: ignore[method-assign]
    sockets: Any = socket.socket
    given, told = sockets.settimeout, sockets.gettimeout
    sockets.settimeout = lambda self, value: given(self, None if value is None else value / times)
    sockets.gettimeout = lambda self: None if (value := told(self)) is None else value * times


def _everywhere(old: Any, new: Any) -> None:
    """In the module `time`, and where the product has kept the function as a default of its own."""
    import gc

    setattr(time, old.__name__, new)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and (one.__module__ or "").startswith("cmkmigrate"):
            if one.__defaults__ and old in one.__defaults__:
                one.__defaults__ = tuple(new if value is old else value for value in one.__defaults__)
            for name, value in (one.__kwdefaults__ or {}).items():
                if value is old:
                    one.__kwdefaults__[name] = new


def host(name: str) -> None:
    """This process is on a host of that name, as far as it can tell."""
    socket.gethostname = lambda: name


def finish_within(seconds: str) -> None:
    """What is under way at the first Ctrl-C has so many seconds."""
    from cmkmigrate.cli import running

    running.FINISH_S = float(seconds)  # type: ignore[misc]
