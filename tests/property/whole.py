"""The same trial by whole commands: a sandbox in a process of its own, TLS, signing in, the preflight, exit codes.

Slower by far than `wire.py`, so a share of the cases alone is tried in this way.
"""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.harness import Commands, Launcher, Sandbox
from tests.property.draws import Case

MOST_SHARE = 0.05  # of the requests: what waits for a service waits in real time here
LONGEST_S = 300.0


@cache
def launcher() -> Launcher:
    """The parent of all commands of this process."""
    made = Launcher()
    atexit.register(made.close)
    return made


class Whole:
    """As `wire.Wire`."""

    def __init__(self, folder: Path, estates: Sequence[Path]) -> None:
        self._box = Sandbox(folder / "sandbox", *estates)
        self._place = Commands(launcher(), folder / "place", self._box.env)
        self._place.env["CMKMIGRATE_TIMEOUT_S"] = "1"
        self.operator = self._box.operator
        shown = self._box.arm()["workspaces"].values()
        names = ["drawn", *(f"empty-{number}" for number in range(1, len(estates)))]
        self.workspaces = [next(one for one in shown if one["name"] == name) for name in names]
        self.hosts = [str(one["properties"]["workspaceUrl"]) for one in self.workspaces]

    def close(self) -> None:
        self._box.close()

    def exports(self, *numbers: int) -> Any:
        return self._box.exports(*(self.hosts[number] for number in numbers))

    def damage(self, number: int, chance: int) -> str:
        """Not here: there is no way past the services."""
        return ""

    def settings(self, values: dict[str, Any]) -> None:
        self._box.control("PUT", "settings", values)

    def state(self, number: int) -> dict[str, Any]:
        return self._box.state(self.hosts[number])

    def requests(self) -> list[dict[str, Any]]:
        return self._box.requests()

    def forget(self) -> None:
        self._box.forget()

    def run(self, order: dict[str, Any], faults: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """One command; the report of `Wire.run`."""
        words = [*self._words(order), "-o", "json", "--parallelism", str(order["parallelism"])]
        started = self._place.start(*words, patch=order.get("patch", ""))
        self._box.faults(*(self._rule(one, started[0]) for one in faults))
        try:
            ended = self._place.finish(started, words, LONGEST_S)
        finally:
            self._box.faults()
        report: dict[str, Any] = {"code": ended.code, "error": ended.err[-3000:]}
        if not ended.out.startswith("{"):
            return report
        said = ended.json
        if order["do"] == "verify":
            rows = [[one["kind"], one["key"], one["what"], one["reason"]] for one in said["findings"]]
            return report | {"findings": rows}
        counts = {one.pop("kind"): one for one in said["counts"]}
        problems = [[one["kind"], one["key"], one["state"], one["reason"]] for one in said["problems"]]
        return report | {"counts": counts, "problems": problems}

    def _words(self, order: dict[str, Any]) -> list[str]:
        run = Path(order["run"])
        if order["do"] == "verify":
            return ["verify", str(run)]
        if (run / "ledger.db").is_file() and not order.get("again"):
            return ["resume", str(run), *(["--retry-failed"] if order.get("retry_failed") else [])]
        file = self._place.folder / "drawn.yaml"
        file.write_text(order["playbook"], "utf-8")
        given = [word for name, value in order["params"].items() for word in ("-p", f"{name}={value}")]
        return ["apply", str(file), *given, "--run", str(run), "--auto-approve"]

    def _rule(self, rule: dict[str, Any], pid: int) -> dict[str, Any]:
        if rule["action"].startswith("kill"):
            return {**rule, "pid": pid}
        return {**rule, "share": min(rule["share"], MOST_SHARE)}


def check(case: Case, folder: Path, seen: Any) -> None:
    """Try a case by whole commands. Raises trial.Wrong."""
    from tests.property import trial

    trial.check(case, folder, seen, Whole)
