"""How long a migration takes, beside the least time that the services' rate limits allow.

    python benchmarks/migrate.py --objects 2000 --limits x3 --repeat 3

benchmarks/README.md says what each figure means and how the floor is computed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import served

sys.path.insert(0, str(served.SOURCE))
from cmkmigrate.kinds import discover
from cmkmigrate.sandbox.app import App
from cmkmigrate.sandbox.cloud import Cloud
from cmkmigrate.sandbox.faults import Faults
from cmkmigrate.sandbox.hosts import place_of
from cmkmigrate.sandbox.limits import Limits
from cmkmigrate.sandbox.recorder import Recorder

GOAL = 1.25
EMPTY = {
    "name": "bench-target",
    "workspace_id": 7000000000000001,
    "workspace_url": "https://adb-7000000000000001.1.azuredatabricks.net",
    "region": "westeurope",
}


@dataclass
class Family:
    """One endpoint family on one host. rate: allowed calls a second. needed: calls that could not be saved."""

    host: str
    name: str
    rate: float
    documented: bool
    sent: int = 0
    refused: int = 0
    writes: int = 0
    reads: set[tuple[str, str]] = field(default_factory=set)
    first: float = 0.0
    last: float = 0.0
    counted: bool = True

    @property
    def needed(self) -> int:
        return (self.writes + len(self.reads)) if self.counted else 0

    @property
    def floor_s(self) -> float:
        return self.needed / self.rate if self.rate else 0.0


def families(lines: Iterable[dict[str, Any]], limits: str, source_host: str) -> list[Family]:
    """The families that were called, by the sandbox's own table."""
    rules = Limits(limits)
    app = App(Cloud(), rules, Faults(()), Recorder())
    found: dict[tuple[str, str], Family] = {}
    for line in lines:
        place = place_of(line["host"])
        route = app.routes[place.kind].find(line["method"], quote(line["path"])) if place else None
        if place is None or route is None:
            continue
        limit = rules.limit_of(place.kind, route[0])
        rate = limit.rate * rules.factor
        one = found.setdefault((line["host"], limit.family), Family(line["host"], limit.family, rate, limit.documented))
        # An ACL has to be read once for each object of the source; reading the target's is the tool's own choice.
        one.counted = limit.family != "permissions-read" or line["host"] == source_host
        at = datetime.fromisoformat(line["time"]).timestamp()
        one.first, one.last = one.first or at, at
        one.sent += 1
        if line["status"] == 429:
            one.refused += 1
        elif 200 <= line["status"] < 300:
            if line["write"] or route[0].writes:
                one.writes += 1
            else:
                one.reads.add((line["path"], line["query"]))
    return sorted(found.values(), key=lambda one: -one.floor_s)


def apply(playbook: str, sandbox: served.Served, folder: Path, parallelism: int) -> dict[str, Any]:
    """One `apply` in a process of its own; wall time, CPU, peak memory, and what it printed."""
    params = dict(sandbox.params)
    if playbook == "contents-only":
        params = {name: params[name] for name in ("source", "target")}
    file = folder / "given.yaml"
    file.write_text("".join(f"{name}: {json.dumps(value)}\n" for name, value in params.items()))
    words = [sys.executable, "-m", "cmkmigrate", "apply", playbook, "--params", str(file), "--run", str(folder / "run")]
    words += ["--auto-approve", "--parallelism", str(parallelism), "-o", "json"]
    env = served.environment() | sandbox.env | {"XDG_STATE_HOME": str(folder / "state")}
    peak = 0.0
    with (folder / "out.json").open("wb") as out, (folder / "err.txt").open("wb") as err:
        began = time.monotonic()
        process = subprocess.Popen(words, stdout=out, stderr=err, env=env, cwd=folder)
        while True:
            peak = max(peak, served.peak_mib(process.pid))
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.05)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit(f"apply ended with {process.returncode}: {(folder / 'err.txt').read_text()[-2000:]}")
    said = json.loads((folder / "out.json").read_text())
    cpu = usage.ru_utime + usage.ru_stime
    return {"exit": process.returncode, "wall_s": wall, "cpu_s": cpu, "peak_mib": peak, "counts": said["counts"]}


def once(given: argparse.Namespace) -> tuple[dict[str, Any], list[Family]]:
    """One sandbox, one migration."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        estates = [f"generate:{given.objects}"]
        if given.playbook == "contents-only":
            (folder / "empty").mkdir()
            (folder / "empty" / "estate.json").write_text(json.dumps(EMPTY))
            estates.append(str(folder / "empty"))
        sandbox = served.Served(folder, estates, given.limits)
        try:
            before = sandbox.cpu_s()
            took = apply(given.playbook, sandbox, folder, given.parallelism)
            sandbox_cpu = sandbox.cpu_s() - before
            lines = sandbox.requests()
            known = json.loads(sandbox.control("GET", "state/management.azure.test"))["workspaces"].values()
        finally:
            sandbox.close()
    source = next(one for one in known if one["id"].lower() == sandbox.params["source"].lower())
    found = families(lines, given.limits, source["properties"]["workspaceUrl"])
    kinds = discover()
    parts = {name for name, kind in kinds.items() if kind.create is None and kind.parents}
    objects = sum(count["source"] for count in took["counts"] if count["kind"] not in parts)
    floor = max((one.floor_s for one in found), default=0.0)
    return {
        "exit": took["exit"],
        "objects": objects,
        "acls": sum(count["source"] for count in took["counts"] if count["kind"] in parts),
        "not_migrated": sum(count["source"] - count["migrated"] for count in took["counts"]),
        "wall_s": took["wall_s"],
        "floor_s": floor,
        "ratio": took["wall_s"] / floor if floor else 0.0,
        "peak_mib": took["peak_mib"],
        "cpu_s": took["cpu_s"],
        "cpu_ms_per_object": 1000 * took["cpu_s"] / objects,
        "sandbox_cpu_s": sandbox_cpu,
        "requests": len(lines),
        "requests_per_object": len(lines) / objects,
        "refused_429": sum(one.refused for one in found),
        "connections": len({line["client"] for line in lines if line["client"]}),
    }, found


def shown(found: list[Family]) -> str:
    """The families, those that take longest first; busy: how much of its allowed rate was used while it was in use."""
    began = min(one.first for one in found)
    rows: list[list[Any]] = [["host family", "per s", "sent", "429", "needed", "floor s", "from s", "to s", "busy"]]
    for one in found[:14]:
        span = one.last - one.first
        busy = f"{100 * one.sent / (one.rate * span):.0f}%" if one.rate and span > 1 else "-"
        label = f"{one.host.partition('.')[0]} {one.name}{'' if one.documented else ' (assumed)'}"
        floor, first, last = f"{one.floor_s:.1f}", f"{one.first - began:.1f}", f"{one.last - began:.1f}"
        rows.append([label, f"{one.rate:.0f}", one.sent, one.refused, one.needed, floor, first, last, busy])
    return served.table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="A migration on the sandbox, beside the floor that the limits set.")
    parser.add_argument("--objects", type=int, default=2000, metavar="N", help="generate:N (N notebooks and the rest)")
    parser.add_argument("--limits", default="x3", metavar="L", help="off, documented or xN")
    parser.add_argument("--repeat", type=int, default=1, metavar="K")
    parser.add_argument("--playbook", default="contents-only", choices=("contents-only", "cmk-migration"))
    parser.add_argument("--parallelism", type=int, default=10, metavar="P")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all runs, as JSON")
    given = parser.parse_args()
    rows = []
    for number in range(given.repeat):
        row, found = once(given)
        rows.append(row | {"load": served.machine()["load"]})
        print(
            f"run {number + 1}: {row['wall_s']:.1f} s, floor {row['floor_s']:.1f} s, ratio {row['ratio']:.2f}",
            flush=True,
        )
    print(f"\n{shown(found)}\n")
    result = served.medians(rows)
    print(served.table([[name, value] for name, value in result.items()]))
    print(f"\ngoal: ratio of {GOAL} or less; {json.dumps(served.machine())}")
    if given.json:
        given.json.write_text(json.dumps({"machine": served.machine(), "median": result, "runs": rows}, indent=1))


if __name__ == "__main__":
    main()
