"""A PostgreSQL of the tests' own: on a free loopback port, in a temporary directory, as somebody without rights."""

from __future__ import annotations

import glob
import itertools
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

START_S = 120.0
PASSWORD = "canary/pass word%41"  # with what must be escaped in a URL
ESCAPED = "canary%2Fpass%20word%2541"
_number = itertools.count(1)


def binaries() -> Path | None:
    """The directory of the server's programs; None where there is no server."""
    found = shutil.which("initdb")
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda place: float(place.split("/")[-2]), reverse=True)
    for place in [*places, *([str(Path(found).resolve().parent)] if found else [])]:
        if all(os.access(f"{place}/{name}", os.X_OK) for name in ("initdb", "postgres")):
            return Path(place)
    return None


def missing() -> str:
    """Why no server can be started here; "" where one can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "the extra `postgres` is not installed"
    if binaries() is None:
        return "no PostgreSQL here: apt-get install postgresql"
    if os.geteuid() == 0 and _user() is None:
        return "PostgreSQL refuses root, and there is no user `postgres` or `nobody`"
    return ""


def _user() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


class Server:
    """Made by `initdb`, with the superuser `owner` and its password; `start` and `stop` as often as one likes."""

    def __init__(self) -> None:
        place = binaries()
        assert place is not None, missing()
        self._place = place
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.data = self.folder / "data"
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = _user()
            assert user is not None, missing()
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        word = self.folder / "word"
        word.write_text(PASSWORD)
        word.chmod(0o644)
        # Texts are ordered as a dictionary does, so that whoever relies on another order is found out.
        words = ["-D", str(self.data), "-U", "owner", "-A", "scram-sha-256", f"--pwfile={word}", "--encoding=UTF8"]
        words += ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"]
        self._run("initdb", *words)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, name: str, *words: str) -> None:
        done = subprocess.run(
            [str(self._place / name), *words], cwd=self.folder, capture_output=True, text=True, env=_env(), **self._as
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stdout}\n{done.stderr}")

    def start(self) -> None:
        """Raises RuntimeError with the server's words where it does not come up."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "32MB",
            "lc_messages": "C",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [str(self._place / "postgres"), "-D", str(self.data), *words],
            cwd=self.folder, stdout=log, stderr=log, env=_env(), **self._as,
        )  # fmt: skip
        log.close()
        until = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.Error:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: connections are cut, what is committed is on disk. SIGQUIT: as if the machine had lost its power."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres", user: str = "owner", password: str = ESCAPED) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement as the superuser; its rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def served() -> Iterator[Server]:
    made = Server()
    try:
        yield made
    finally:
        made.close()


def new_name() -> str:
    """A name that no run of this test run has."""
    return f"run-{os.getpid()}-{next(_number)}"


def _free_port() -> int:
    """A port that nobody listens at, of those that the system gives to no connection by itself: one that it may give
    can be taken while the server is not up, which is when it has been stopped, too."""
    least, most = 1024, 65536
    with suppress(OSError, ValueError):
        first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
        least, most = (last + 1, most) if first - least < 1000 else (least, first)
    for port in random.Random().sample(range(least, most), min(100, most - least)):
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("there is no free port")


def _env() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
