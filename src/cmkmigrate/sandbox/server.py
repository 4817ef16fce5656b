"""The sandbox itself: loads estates, listens on loopback, writes its files when it is ready, stops cleanly."""

from __future__ import annotations

import asyncio
import gc
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from cmkmigrate.sandbox import environment, loading
from cmkmigrate.sandbox.app import App
from cmkmigrate.sandbox.certificates import Authority
from cmkmigrate.sandbox.cloud import Cloud
from cmkmigrate.sandbox.faults import Faults
from cmkmigrate.sandbox.front import Connection, Front
from cmkmigrate.sandbox.hosts import ARM, DATABRICKS, GRAPH, HSM, LOGIN, VAULT, certificate_names, place_of
from cmkmigrate.sandbox.limits import Limits
from cmkmigrate.sandbox.recorder import Recorder
from cmkmigrate.sandbox.settings import Settings

KEEP_ALIVE_S = 300
BACKLOG = 512


class Sandbox:
    """The clouds, offline, in this process.

    `estates` are folders, names of built-in estates or generate:N; `port` 0 takes a free one; `limits` is off,
    documented or xN; `faults` are rules of faults.py; `log` gets a JSON line per request. Raises BadEstate, BadRule,
    ValueError for what cannot be understood.
    """

    def __init__(
        self,
        estates: Sequence[str] = (),
        port: int = 0,
        limits: str = "off",
        faults: Sequence[dict[str, Any]] = (),
        log: str | Path | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.port = port
        self.cloud = Cloud(settings)
        self.limits = Limits(limits, wall=self.cloud.clock.now)
        self.faults = Faults(faults, self.cloud.clock.now)
        self.recorder = Recorder(log)
        self.authority = Authority(certificate_names())
        self.app = App(self.cloud, self.limits, self.faults, self.recorder)
        self._tasks: set[Any] = set()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own_operator()
        self.cloud.open_workspace = lambda made: _open(self.cloud, made, self.cloud.born)
        for estate in estates:
            load(self.cloud, estate)

    def _own_operator(self) -> None:
        """The operator is Owner of the subscription, unless an estate says otherwise; it gives no right to keys."""
        loading.grant(self.cloud, f"/subscriptions/{self.cloud.subscription_id}", "Owner", self.cloud.operator.id)

    def resolve(self, host: str) -> int:
        """What CONNECT to a host gets: 200, 403 when it is none of ours, 502 when there is no such name."""
        place = place_of(host)
        status = 200
        if place is None:
            status = 403
        elif place.kind in (VAULT, HSM):
            status = 200 if self.cloud.key_home(place) else 502
        elif place.kind == DATABRICKS:
            status = 200 if place.label in self.cloud.served else 502
        else:
            assert place.kind in (ARM, GRAPH, LOGIN)
        if status != 200:
            self.recorder.note(self.cloud.clock.now(), "", "CONNECT", host, "", "", status, False, "", "")
        return status

    async def start(self, env_file: str | Path | None = None, params_file: str | Path | None = None) -> asyncio.Server:
        """Listen, and write the files once a client could be served. Raises OSError when the port is taken."""
        folder = Path(tempfile.mkdtemp(prefix="cmkmigrate-sandbox-"))
        self.folder, self.ca_file = folder, folder / "ca.pem"
        try:
            environment.write(self.ca_file, self.authority.pem.decode())
            server = await self._listen()
            self.port = server.sockets[0].getsockname()[1]
            values = environment.variables(self.cloud, self.port, str(self.ca_file), self.limits.mode)
            if params_file:
                environment.write(params_file, environment.params_file(environment.parameters(self.cloud)))
            if env_file:  # last: who waits for it finds everything ready
                environment.write(env_file, environment.env_file(values))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return server

    async def _listen(self) -> asyncio.Server:
        config = Config(
            self.app, interface="asgi3", http="httptools", ws="none", loop="none", lifespan="off", proxy_headers=False,
            log_level="warning", access_log=False, timeout_keep_alive=KEEP_ALIVE_S,
        )  # fmt: skip
        config.load()
        self._state = ServerState()
        self._set_date()
        self.app.clock_moved = self._set_date
        factory, tls = partial(Connection, config, self._state), self.authority.context()
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: Front(factory, tls, self.resolve, self._tasks), "127.0.0.1", self.port, backlog=BACKLOG
        )

    def _set_date(self) -> None:
        self._state.default_headers = [(b"date", formatdate(self.cloud.clock.now(), usegmt=True).encode())]

    async def run_until_stopped(
        self, env_file: str | Path | None = None, params_file: str | Path | None = None, *, signals: bool = True
    ) -> None:
        """Serve until `stop` is called or SIGTERM or SIGINT comes."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if signals:
            for one in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(one, self._stop.set)
        server = await self.start(env_file, params_file)
        gc.collect()
        gc.freeze()  # what an estate brought stays: no collection has to look at it again
        told = f", source {next(iter(self.cloud.workspaces.values())).id}" if self.cloud.workspaces else ""
        sys.stderr.write(f"sandbox ready on 127.0.0.1:{self.port}{told}\n")
        sys.stderr.flush()
        try:
            while not self._stop.is_set():
                try:
                    await asyncio.wait_for(self._stop.wait(), 1.0)
                except TimeoutError:
                    self._set_date()
        finally:
            server.close()
            for connection in list(self._state.connections):
                connection.transport.abort()
            shutil.rmtree(self.folder, ignore_errors=True)
            self.recorder.close()

    def run(self, env_file: str | Path | None = None, params_file: str | Path | None = None) -> None:
        """Serve until a signal; blocks."""
        asyncio.run(self.run_until_stopped(env_file, params_file))

    def stop(self) -> None:
        """Stop it from another thread."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)


load, _open = loading.load, loading.serve


def serve(
    estates: Sequence[str] = (),
    *,
    port: int = 0,
    limits: str = "off",
    faults: Sequence[dict[str, Any]] = (),
    log: str | Path | None = None,
    env_file: str | Path | None = None,
    params_file: str | Path | None = None,
    settings: Settings | None = None,
) -> None:
    """Make a sandbox and serve until a signal; blocks."""
    Sandbox(estates, port, limits, faults, log, settings).run(env_file, params_file)
