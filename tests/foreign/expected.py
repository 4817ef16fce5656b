"""What has to be in the new workspace, given what was read from the old one."""

from __future__ import annotations

import copy

from tests.foreign.reader import Read, differences

Spot = tuple[str, str, str]  # kind, name, path


def expected(source: Read) -> Read:
    """The source as it is to arrive: nothing idle in pools, nothing scheduled running (docs/reference/kinds.md)."""
    wanted = copy.deepcopy(source)
    for pool in wanted["pools"].values():
        pool["min_idle_instances"] = 0
    for job in wanted["jobs"].values():
        for holder in (job.get(name) for name in ("schedule", "continuous", "trigger")):
            if holder:
                holder["pause_status"] = "PAUSED"
    return wanted


def files(source: Read) -> set[str]:
    """The paths of files."""
    return {path for path, one in source["tree"].items() if one["type"] == "FILE"}


def secrets(source: Read) -> set[str]:
    """The secrets, as SCOPE/KEY."""
    return {f"{name}/{key}" for name, scope in source["scopes"].items() for key in scope["keys"]}


def not_movable(source: Read) -> set[Spot]:
    """What the fake takes from nobody: files with their access lists, and values of secrets."""
    lost = {("tree", path, "") for path in files(source)}
    lost |= {("permissions", f"files {path}", "") for path in files(source)}
    return lost | {("scopes", name, f"keys.{key}") for name, scope in source["scopes"].items() for key in scope["keys"]}


def assert_moved(source: Read, target: Read) -> None:
    """Everything is there and equal, but for what cannot be moved, which is not there."""
    found = differences(expected(source), target)
    missing = {(one.kind, one.name, one.path) for one in found if one.target is None}
    assert [one for one in found if (one.kind, one.name, one.path) not in missing & not_movable(source)] == []
    assert missing == not_movable(source)
