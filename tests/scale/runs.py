"""A migration into an empty workspace, and what it took: of the ledger, of files that are open, of memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.comparer.compare import compare
from tests.harness import Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

MOST_MIB = 500.0  # of memory, whatever the workspace holds
AT_ONCE = 10  # writes under way, where nobody says otherwise
KILLED = -9
IMPORT = "/api/2.0/workspace/import"
MOST_DESCRIPTORS = 256  # of open files and connections; a shell allows 1024 by default


@dataclass(frozen=True)
class Moved:
    """How it ended. items: source objects and access lists. seen: of the process, as `patches.watch` says it; nothing
    where it was killed."""

    end: Result
    items: int
    seen: Mapping[str, float]

    def each(self, what: str) -> float:
        """How much of something an item took."""
        return self.seen[what] / self.items


@contextmanager
def served(folder: Path, estate: str | Path, *targets: str) -> Iterator[tuple[Sandbox, Launcher]]:
    """A sandbox of that estate with empty workspaces beside it, and a parent of commands."""
    box, launcher = Sandbox(folder / "sandbox", estate, targets_estate(folder / "targets", targets)), Launcher()
    try:
        yield box, launcher
    finally:
        launcher.close()
        box.close()


def words(box: Sandbox, place: Commands, target: str) -> tuple[str, ...]:
    """The command that migrates into that workspace, in the folder `run` of the place."""
    ids = {one["name"]: one["id"] for one in box.arm()["workspaces"].values()}
    params = place.folder / "p.yaml"
    params.write_text(yaml.safe_dump({"source": box.params["source"], "target": ids[target]}))
    run = str(place.folder / "run")
    return ("apply", "contents-only", "--params", str(params), "--run", run, "--auto-approve", "-o", "json")


def moved(place: Commands, argv: tuple[str, ...], seconds: float = 900.0) -> Moved:
    """The command, watched."""
    file = place.folder / "seen.json"
    file.unlink(missing_ok=True)
    end = place(*argv, patch=f"watch:{file}", seconds=seconds)
    seen = json.loads(file.read_text()) if file.exists() else {}
    return Moved(end, sum(one["source"] for one in end.json["counts"]) if end.out else 0, seen)


def killed(
    box: Sandbox, place: Commands, argv: tuple[str, ...], match: Mapping[str, str], number: int, seconds: float
) -> float:
    """The command, killed when the `number`-th of these requests is done, before it hears of it; its life in seconds.
    Raises RuntimeError where it came to its end before."""
    started = place.start(*argv)
    box.faults({"match": match, "offset": number - 1, "count": 1, "action": "kill_after", "pid": started[0]})
    dead = place.finish(started, argv, seconds)
    box.faults()
    if dead.code != KILLED:
        raise RuntimeError(f"it was not killed: {dead}")
    return dead.seconds


def sent_again(box: Sandbox, target: str, end: Result) -> dict[str, int]:
    """How much was sent to the target beyond once for each notebook, file and access list, since the last `forget`.
    The marker, which every process leaves there, is among the imports."""
    sent = Counter(one["path"] for one in box.writes(box.host_of(target)))
    lists = [number - 1 for path, number in sent.items() if path.startswith("/api/2.0/permissions/")]
    once = sum(one["migrated"] for one in end.json["counts"] if one["kind"] in ("notebooks", "files"))
    return {"imports": sent[IMPORT] - once, "access lists": sum(lists)}


def differences(box: Sandbox, target: str, end: Result) -> list[str]:
    """What the comparer finds that the run has not said itself, and what was written to the source."""
    source, host = box.source_host, box.host_of(target)
    left = [(one["kind"], one["key"]) for one in end.json["problems"]]
    found = compare(
        box.state(source), box.state(host),
        left_out=left, operator=box.operator, exports=box.exports(source, host),
    )  # fmt: skip
    return [*map(str, found), *(f"written to the source: {one['path']}" for one in box.writes(source))]


def unaccounted(end: Result) -> dict[str, int]:
    """Kinds of which not every source object has an outcome, with how many have none."""
    outcomes = ("migrated", "excluded", "unsupported", "failed")
    rows: list[dict[str, Any]] = end.json["counts"]
    left = {one["kind"]: one["source"] - sum(one[name] for name in outcomes) for one in rows}
    return {kind: number for kind, number in left.items() if number}
