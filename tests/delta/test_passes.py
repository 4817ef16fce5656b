"""R17, R18 and R23 as an operator meets them: commands, what they say beforehand, and their exit codes."""

from __future__ import annotations

import base64
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.comparer.compare import compare
from tests.harness import Commands, Launcher, Result, Sandbox
from tests.kinds.world import targets_estate

DRIFTED = 3
SEED = 5
SHARE = 0.05  # of the notebooks that are edited, added, deleted or renamed under the run
LONGEST_S = 300.0


class Place:
    """A migration into one target: its commands, and a hand in both workspaces."""

    def __init__(self, box: Sandbox, launcher: Launcher, folder: Path, name: str) -> None:
        self.box, self.commands = box, Commands(launcher, folder, box.env)
        self.run = folder / "run"
        target = next(one for one in box.arm()["workspaces"].values() if one["name"] == name)
        self.source, self.target = box.source_host, str(target["properties"]["workspaceUrl"])
        self.params = folder / "p.yaml"
        self.params.write_text(yaml.safe_dump({"source": box.params["source"], "target": target["id"]}))

    def words(self, command: str, *more: str) -> tuple[str, ...]:
        return (command, "contents-only", "--params", str(self.params), "--run", str(self.run), *more)

    def apply(self, *more: str) -> Result:
        return self.commands(*self.words("apply", "--auto-approve", *more))

    def verify(self) -> Result:
        return self.commands("verify", str(self.run))

    def notebooks(self, host: str) -> list[str]:
        tree = self.box.state(host)["tree"]
        return sorted(path for path, one in tree.items() if one["object_type"] == "NOTEBOOK")

    def text(self, host: str, path: str) -> str:
        return self.box.export(host, path).decode()

    def edit(self, host: str, path: str, text: str) -> None:
        content = base64.b64encode(f"# Databricks notebook source\n{text}".encode()).decode()
        body = {"path": path, "format": "SOURCE", "language": "PYTHON", "overwrite": True, "content": content}
        self.box.call(host, "POST", "/api/2.0/workspace/import", body)

    def delete(self, host: str, path: str) -> None:
        self.box.call(host, "POST", "/api/2.0/workspace/delete", {"path": path})

    def differences(self, *gone: str) -> list[str]:
        """What the comparer finds; gone: notebooks that are in the target alone, as nobody asked for a deletion."""
        found = compare(
            self.box.state(self.source),
            self.box.state(self.target),
            operator=self.box.operator,
            exports=self.box.exports(self.source, self.target),
        )
        extra = {f"notebooks:{path}" for path in gone} | set(gone)
        assert extra >= {one.key for one in found if one.what == "extra"} and set(gone) <= {one.key for one in found}
        return [str(one) for one in found if one.what != "extra"]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("passes")
    made = Sandbox(folder / "sandbox", "generate:60", targets_estate(folder / "targets", ["quiet", "busy"]))
    yield made
    made.close()


def reasons(plan: Result) -> dict[str, Any]:
    return {one["key"]: one for one in plan.json["actions"] if one["kind"] == "notebooks"}


@pytest.mark.ci
def test_both_sides_are_told_before_anything_is_written(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    place = Place(box, launcher, tmp_path, "quiet")
    first = place.apply()
    assert first.code == 0, first
    box.forget()
    second = place.apply()
    assert second.code == 0 and "Nothing to do" in second.err, second
    assert box.writes() == []
    ours, theirs, both, dropped = place.notebooks(place.source)[:4]
    for path in (ours, both):
        place.edit(place.source, path, f"print('from the old {path}')")
    for path in (theirs, both):
        place.edit(place.target, path, f"print('from the new {path}')")
    place.delete(place.target, dropped)
    box.forget()
    plan = reasons(place.commands(*place.words("plan", "-o", "json")))
    assert plan[ours]["do"] == "update"
    assert (plan[theirs]["do"], plan[both]["do"], plan[dropped]["do"]) == ("block", "block", "block")
    assert "changed in the target since it was made" in plan[theirs]["reason"]
    assert "changed in the source and in the target" in plan[both]["reason"]
    assert "deleted in the target" in plan[dropped]["reason"]
    assert box.writes() == []
    third = place.apply()
    assert third.code == DRIFTED and "--on-conflict overwrite" in third.out, third
    assert place.text(place.target, ours) == place.text(place.source, ours)
    assert "from the new" in place.text(place.target, theirs)
    assert "from the new" in place.text(place.target, both)
    assert dropped not in place.notebooks(place.target)
    assert place.verify().code == DRIFTED
    again = place.commands("resume", str(place.run), "--retry-failed")
    assert again.code == DRIFTED and "from the new" in place.text(place.target, both), again
    last = place.apply("--on-conflict", "overwrite")
    assert last.code == 0, last
    assert place.differences() == []
    assert place.verify().code == 0


@pytest.mark.ci
def test_a_source_that_changes_under_the_run(box: Sandbox, launcher: Launcher, tmp_path: Path) -> None:
    """R17: 5 % of the notebooks, seeded, from when a part of them has been moved."""
    place, chance = Place(box, launcher, tmp_path, "busy"), random.Random(SEED)
    paths = place.notebooks(place.source)
    number = max(2, round(SHARE * len(paths) / 4))
    chosen = chance.sample(paths, 3 * number)
    edited, deleted, renamed = (chosen[at::3] for at in range(3))
    box.faults({"match": {"path": "/api/2.0/workspace/import"}, "action": "delay", "seconds": 0.2, "count": -1})
    box.forget()
    started = place.commands.start(*place.words("apply", "--auto-approve"))
    place.commands.launcher.order(do="go", pid=started[0])
    until = time.monotonic() + LONGEST_S
    while len([one for one in box.writes(place.target) if one["path"].endswith("/import")]) < len(paths) // 4:
        assert time.monotonic() < until, Path(f"{started[1]}.err").read_text()
        time.sleep(0.02)
    for path in edited:
        place.edit(place.source, path, f"print('edited under the run', {path!r})")
    for at in range(number):
        place.edit(place.source, f"/Shared/added under the run {at}", "print('added')")
    for path in renamed:
        text = place.text(place.source, path).partition("\n")[2]
        place.edit(place.source, f"{path} renamed", text)
    for path in (*deleted, *renamed):
        place.delete(place.source, path)
    first = place.commands.wait(started)
    box.faults()
    assert first.code in (0, DRIFTED), first
    seen = place.verify()
    assert seen.code == DRIFTED, seen
    box.forget()
    delta = place.apply()
    assert delta.code == 0, f"{delta.out}\n{delta.err}"
    moved = [one for one in box.writes(place.target) if one["path"].endswith("/import")]
    assert len(moved) <= 1 + len(edited) + 2 * number + len(renamed), "more than what changed was written"
    gone = [path for path in (*deleted, *renamed) if path in place.notebooks(place.target)]
    assert all(re.search(rf"notebooks {re.escape(path)}: gone from the source", delta.err) for path in gone), delta
    assert place.differences(*gone) == []
    assert place.verify().code == 0
