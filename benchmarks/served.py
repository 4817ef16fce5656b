"""What the benchmarks share: a sandbox in a process of its own, what /proc says of a process, and medians."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parent.parent / "src"
TICK = os.sysconf("SC_CLK_TCK")
READY_S = 600.0


def environment() -> dict[str, str]:
    """This process's environment without anything that points at a cloud, and with this checkout importable."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AZURE_", "CMKMIGRATE_", "DATABRICKS_")) and not name.upper().endswith("_PROXY")
    }
    return kept | {"PYTHONPATH": os.pathsep.join([str(SOURCE), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep)}


class Served:
    """A sandbox that is ready. ready_s: how long that took. env, port: how to reach it."""

    def __init__(self, folder: Path, estates: Sequence[str], limits: str = "off") -> None:
        self.env_file, self.params_file, self._output = folder / "env", folder / "params.yaml", folder / "sandbox.txt"
        words = [sys.executable, "-m", "cmkmigrate.sandbox", "--limits", limits]
        words += ["--env-file", str(self.env_file), "--params-file", str(self.params_file)]
        for estate in estates:
            words += ["--estate", estate]
        began = time.monotonic()
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(words, stdout=output, stderr=output, env=environment())
        while not self.env_file.exists():
            if self.process.poll() is not None or time.monotonic() - began > READY_S:
                self.close()
                raise SystemExit(f"the sandbox did not start: {self._output.read_text()[-2000:]}")
            time.sleep(0.01)
        self.ready_s = time.monotonic() - began
        self.env = dict(_variables(self.env_file))
        self.port = int(urllib.parse.urlsplit(self.env["HTTPS_PROXY"]).port or 0)
        self.params = {
            name.strip(): json.loads(value)
            for name, _, value in (line.partition(":") for line in self.params_file.read_text().splitlines())
        }

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def control(self, method: str, what: str, body: Any = None) -> bytes:
        """One request to the control API; `body` goes as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        with contextlib.closing(connection):
            connection.request(method, f"/_sandbox/{what}", None if body is None else json.dumps(body))
            return connection.getresponse().read()

    def requests(self) -> list[dict[str, Any]]:
        """What has reached it."""
        return [json.loads(line) for line in self.control("GET", "requests").splitlines()]

    def cpu_s(self) -> float:
        return cpu_s(self.process.pid)


def _variables(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        yield name, "".join(shlex.split(value))


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far (user and system)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak_mib(pid: int) -> float:
    """The largest resident set of a process so far, in MiB; 0.0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def machine() -> dict[str, Any]:
    """Where and when, and how busy the machine was: a figure means nothing without it."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }


def medians(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Each number's median over the rows; what is no number is the last row's."""
    found: dict[str, Any] = {}
    for name, last in rows[-1].items():
        if isinstance(last, int | float) and not isinstance(last, bool):
            found[name] = round(statistics.median(row[name] for row in rows), 4)
        else:
            found[name] = last
    return found


def table(rows: Iterable[Sequence[Any]]) -> str:
    """Columns, the first to the left and the others to the right."""
    text = [[f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in text) for column in range(len(text[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in text
    )
