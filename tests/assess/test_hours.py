"""Hours at the limits of the API: the arithmetic, and that the table of calls is what a migration really sends."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from cmkmigrate.assess import hours
from cmkmigrate.clients.pace import family
from cmkmigrate.kinds import discover
from cmkmigrate.playbook import all_kinds
from tests.cli.transcript import Terminal
from tests.harness import Commands, Launcher, Sandbox


def test_every_kind_that_moves_has_its_calls() -> None:
    kinds = discover()
    moving = {name for name in all_kinds(kinds) if not kinds[name].unsupported}
    assert hours.table().keys() == moving
    for name, sides in hours.table().items():
        assert sides.keys() == {"read", "write"}, name
        assert sides["write"], name
        assert all(call.split(" ")[0] in ("GET", "POST", "PUT") for calls in sides.values() for call in calls), name


def test_the_slowest_family_of_a_kind_counts() -> None:
    """A notebook: two exports at a third of 60 a second, and an import at 30 a second."""
    assert hours.hours({"notebooks": 36_000}) == pytest.approx(36_000 * 2 / 20 / 3600)
    assert hours.hours({"jobs": 3_600}) == pytest.approx(3_600 / (50 / 3) / 3600), "reading is slower than making"
    assert hours.hours({"secrets": 1_100}) == pytest.approx(3 / 60), "1,100 a minute, a third of it"
    both = {"notebooks": 10, "secrets": 10}
    assert hours.hours(both) == pytest.approx(hours.hours({"notebooks": 10}) + hours.hours({"secrets": 10}))
    assert hours.hours({}) == hours.hours({"dashboards": 5}) == 0.0


def test_guessed_limits_are_named() -> None:
    assert hours.assumed({"secrets": 3}) == ()
    assert hours.assumed({"secrets": 3, "instance_pools": 1}) == ("instance-pools write",)
    assert hours.assumed({"instance_pools": 0}) == ()


@pytest.mark.slow
def test_a_migration_sends_what_the_table_says(launcher: Launcher, tmp_path: Path) -> None:
    """For each family that is called often: between half and twice as many calls as were foretold."""
    sandbox = Sandbox(tmp_path / "sandbox", "generate:100")
    try:
        terminal = Terminal(Commands(launcher, tmp_path, sandbox.env))
        terminal.write("params.yaml", json.dumps(sandbox.params))
        kinds = terminal("assess --contents -o json").json["workspaces"][0]["size"]["kinds"]
        sandbox.forget()
        assert terminal("apply cmk-migration --params params.yaml --auto-approve").code == 0
        sent = [one for one in sandbox.requests() if one["method"] != "CONNECT" and one["host"].startswith("adb-")]
        source = sandbox.source_host
    finally:
        sandbox.close()
    found = Counter((one["host"] == source, family(one["method"], one["path"]).name) for one in sent)
    foretold: Counter[tuple[bool, str]] = Counter()
    for kind, number in kinds.items():
        for side, calls in hours.table()[kind].items():
            for call in calls:
                foretold[side == "read", family(*call.split(" ", 1)).name] += number
    del foretold[False, "permissions write"]  # only what differs is written: the table has the most
    often = {name for name in {*found, *foretold} if max(found[name], foretold[name]) >= 50}
    assert len(often) >= 4
    wrong = {name: (foretold[name], found[name]) for name in often if not 0.5 <= foretold[name] / found[name] <= 2}
    assert wrong == {}
