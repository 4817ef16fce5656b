"""Apply on an in-memory cloud: what arrives, what is blocked and why, and that nothing is done twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select

from cmkmigrate.engine import apply as apply_module
from cmkmigrate.engine import carry
from cmkmigrate.engine.apply import another_pass, apply
from cmkmigrate.engine.brake import End, Window
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.observe import Task
from cmkmigrate.engine.reckon import adds_up, reckon
from cmkmigrate.errors import Fatal, LockHeld, Stopped
from cmkmigrate.model import Event, Outcome
from cmkmigrate.run import locks
from cmkmigrate.run.ledger import Ledger, Where
from cmkmigrate.run.schema import item, original
from tests.engine import cloud

Run = Callable[..., list[Event]]


@pytest.fixture
def ledger(where_ci: Where) -> Ledger:
    """On both backends."""
    return Ledger.create(where_ci, {"run": "r1"})


def state(site: cloud.Site) -> dict[str, Any]:
    """What a site holds, ids replaced by names and markers (so that two sites can be compared)."""
    names = {
        kind: {id: body.get("tags", {}).get("src") or id for id, body in things.items()}
        for kind, things in site.things.items()
    }
    pools = {id: body["name"] for id, body in site.things["pools"].items()}
    jobs = {}
    for id, body in site.things["jobs"].items():
        key = names["jobs"][id]
        after = [names["jobs"].get(str(one), one) for one in body.get("after", [])]
        jobs[key] = {**body, "pool": pools.get(body.get("pool", ""), ""), "after": after}
    acls = {names["jobs"].get(id, id): sorted(body["who"]) for id, body in site.things["acls"].items()}
    notes = {body["path"]: body["text"] for body in site.things["notes"].values()}
    return {"pools": sorted(pools.values()), "jobs": jobs, "acls": acls, "notes": notes}


def items(ledger: Ledger) -> dict[tuple[str, str], Any]:
    return {(row.kind, row.key): row for row in ledger.rows(select(item))}


def test_everything_arrives_once(run: Run, sites: cloud.Sites, ledger: Ledger) -> None:
    run()
    target = state(sites.sites["target"])
    assert target["pools"] == ["large", "small"]
    assert sorted(target["jobs"]) == ["1", "2", "3", "4", "5", "6"]
    assert target["jobs"]["1"]["pool"] == "small"
    assert target["jobs"]["1"]["schedule"] == {"cron": "x", "pause": "PAUSED"}
    assert target["jobs"]["2"]["pinned"] is True
    assert (target["jobs"]["3"]["after"], target["jobs"]["4"]["after"]) == (["4"], ["3"])
    assert target["jobs"]["4"]["tags"] == {"team": "x", "src": "4"}
    assert target["jobs"]["5"]["after"] == ["1", "6"]
    assert target["acls"] == {"1": ["ann"], "3": ["bob", "cy"]}
    assert target["notes"] == {f"/n{n}": f"text {n}" for n in range(20)}
    assert sites.sites["target"].things["pools"].keys() & {"p1"} == set()
    assert sites.sites["source"].writes == []
    assert sites.sites["target"].marker is None


def test_blocks_have_their_reason(run: Run, ledger: Ledger) -> None:
    run()
    rows = items(ledger)
    assert rows["jobs", "7"].reason == "pool refers to pools 'gone', which the source does not have"
    assert rows["jobs", "8"].reason.startswith("after[*] refers to jobs '7', which is blocked: pool refers")
    assert rows["jobs", "9"].reason == "warehouse refers to warehouses 'w1', which this version does not move"
    assert rows["acls", "jobs/7"].reason.startswith("jobs '7' is not in the target: pool refers")


def test_counts_add_up(run: Run, ledger: Ledger) -> None:
    run()
    counts = {count.kind: count for count in reckon(ledger)}
    assert adds_up(list(counts.values()))
    assert counts["jobs"].outcomes == {Outcome.MIGRATED: 6, Outcome.FAILED: 3}
    assert counts["notes"].source == 20


def test_originals_are_kept(run: Run, ledger: Ledger) -> None:
    run()
    kept = {(row.kind, row.key, row.path): json.loads(row.value) for row in ledger.rows(select(original))}
    assert kept == {("jobs", "1", "schedule.pause"): ["UNPAUSED"], ("pools", "small", "idle"): [3]}


def test_second_pass_writes_nothing(run: Run, sites: cloud.Sites, ledger: Ledger) -> None:
    run()
    before = list(sites.sites["target"].writes)
    another_pass(ledger)
    run()
    assert sites.sites["target"].writes == before


def test_delta_moves_what_changed(run: Run, sites: cloud.Sites, ledger: Ledger) -> None:
    run()
    before = len(sites.sites["target"].writes)
    sites.sites["source"].things["notes"]["3"].update(text="new", at=5)
    sites.sites["source"].things["jobs"]["6"]["name"] = "renamed"
    another_pass(ledger)
    run()
    assert Counter(kind for kind, _ in sites.sites["target"].writes[before:]) == {"notes": 1, "jobs": 1}
    assert state(sites.sites["target"])["notes"]["/n3"] == "new"


def test_what_is_not_ours_is_not_touched(run: Run, sites: cloud.Sites, ledger: Ledger) -> None:
    sites.sites["target"].things["pools"]["x"] = {"name": "small", "colour": "red", "state": "ACTIVE"}
    run()
    assert sites.sites["target"].things["pools"]["x"]["colour"] == "red"
    assert "not made by this run" in items(ledger)["pools", "small"].reason
    assert items(ledger)["jobs", "1"].state == "done"  # the reference is to what is there


def in_the_second_pass(
    run: Run, sites: cloud.Sites, ledger: Ledger, fault: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A pool and a note that the source changed after the first pass, and whose update `fault` stopped in the second:
    what the target has of them after somebody there changed them too."""
    source, target = sites.sites["source"], sites.sites["target"]
    run()
    another_pass(ledger)
    source.things["pools"]["p1"]["colour"] = "red"
    source.things["notes"]["3"].update(at=7, text="the source's")
    target.fault = lambda kind, name: fault if kind in ("pools", "notes") else ""
    with suppress(Stopped):
        run()
    target.fault = lambda kind, name: ""
    pool = next(one for one in target.things["pools"].values() if one["name"] == "small")
    note = next(one for one in target.things["notes"].values() if one["path"] == "/n3")
    pool["colour"] = "somebody's"
    note.update(at=9, text="somebody's")
    return pool, note


@pytest.mark.parametrize("fault", ["refused", "busy"])
def test_what_somebody_changed_while_an_update_was_refused_is_left_alone(
    fault: str, run: Run, sites: cloud.Sites, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "BUSY_S", 0.0)
    before = in_the_second_pass(run, sites, ledger, fault)
    run(retry_failed=True)
    assert before[0] in sites.sites["target"].things["pools"].values()
    assert before[1] in sites.sites["target"].things["notes"].values()
    found = [items(ledger)[at] for at in (("pools", "small"), ("notes", "/n3"))]
    assert [(row.state, "changed in the source and in the target" in row.reason) for row in found] == [
        ("drifted", True)
    ] * 2


def test_of_an_update_in_several_requests_nobody_can_tell(
    run: Run, sites: cloud.Sites, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them may have been accepted before another was refused: it is finished, and not called somebody else's."""
    monkeypatch.setattr(cloud.Pools, "one_write", False)
    in_the_second_pass(run, sites, ledger, "refused")
    run(retry_failed=True)
    assert [one.get("colour") for one in sites.sites["target"].things["pools"].values()].count("red") == 1


def test_one_who_was_overtaken_is_told_so_and_not_that_his_ledger_is_old(ledger: Ledger) -> None:
    """A later process of the run has left its marker; to repair the ledger would be wrong while that is at work."""

    def old() -> None:
        raise Fatal("the ledger is older than what was written with it")

    marker: Any = SimpleNamespace(guard=old)
    guard = apply_module._guard(cast(Any, SimpleNamespace(guard=lambda: None)), marker, ledger)
    with ledger.locked("me"):
        with pytest.raises(Fatal):
            guard()
        locks.take(ledger.engine, "ann@there", force=True)
        with pytest.raises(LockHeld, match="taken over"):
            guard()


@pytest.mark.parametrize("what", ["another pass", "a retry"])
def test_killed_while_more_is_asked_for_the_run_is_as_before_or_not_finished(
    what: str, run: Run, sites: cloud.Sites, migration: Migration, where_ci: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(ledger: Ledger) -> None:
        if what == "another pass":
            another_pass(ledger, {"params": "new"})
        else:
            with ledger.locked("me"):
                apply_module._retry(ledger)

    sites.sites["target"].fault = lambda kind, name: "refused" if name == "small" else ""
    run()
    before = Ledger.open(where_ci).meta()
    assert before["finished"]
    commit, left = Ledger.commit, [0]

    def killed(self: Ledger, statement: Any = None, rows: Any = None) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise cloud.Died
        commit(self, statement, rows)

    ledger = Ledger.open(where_ci)
    for number in range(9):
        left[0] = number
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "commit", killed)
            try:
                begin(Ledger.open(where_ci))
            except cloud.Died:
                after = Ledger.open(where_ci).meta()
                undone = [row for row in items(ledger).values() if row.state == "planned"]
                assert not after["finished"] or (after == before and not undone), number
                continue
        return
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("fault", ["lost-before", "lost-after"])
def test_each_lost_write_ends_the_same(fault: str, run: Run, sites: cloud.Sites) -> None:
    seen: set[tuple[str, str]] = set()

    def lose(kind: str, name: str) -> str:
        first = (kind, name) not in seen
        seen.add((kind, name))
        return fault if first else ""

    sites.sites["target"].fault = lose
    run()
    twin = cloud.Sites(source=sites.sites["source"], target=sites.sites["target"])
    target = state(twin.sites["target"])
    assert sorted(target["jobs"]) == ["1", "2", "3", "4", "5", "6"]
    assert len(target["notes"]) == len(sites.sites["target"].things["notes"]) == 20
    assert target["acls"] == {"1": ["ann"], "3": ["bob", "cy"]}
    assert len(sites.sites["target"].things["jobs"]) == 6


@pytest.mark.parametrize("when", ["die-before", "die-after"])
@pytest.mark.parametrize("at", range(0, 31, 3))
def test_killed_and_resumed(at: int, when: str, run: Run, sites: cloud.Sites, migration: Migration) -> None:
    left = [at]

    def die(kind: str, name: str) -> str:
        left[0] -= 1
        return when if left[0] == -1 else ""

    sites.sites["target"].fault = die
    with pytest.raises(cloud.Died):
        run()
    sites.sites["target"].fault = lambda kind, name: ""
    run()
    reference = cloud.Sites(source=sites.sites["source"], target=cloud.Site("target", first=500))
    assert len(sites.sites["target"].things["jobs"]) == 6
    assert len(sites.sites["target"].things["notes"]) == 20
    target = state(sites.sites["target"])
    assert target["acls"] == {"1": ["ann"], "3": ["bob", "cy"]}
    assert (target["jobs"]["3"]["after"], target["jobs"]["4"]["after"]) == (["4"], ["3"])
    assert reference.sites["target"].writes == []
    assert sites.sites["source"].writes == []


def test_a_lost_create_without_a_marker_is_found_by_its_body(
    run: Run, sites: cloud.Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud.Site, "make", forgetful(cloud.Site.make))
    lost: set[str] = set()

    def lose(kind: str, name: str) -> str:
        first = kind == "jobs" and name in ("1", "2") and name not in lost
        lost.add(name)
        return "lost-after" if first else ""

    sites.sites["target"].fault = lose
    run()
    assert Counter(body["name"] for body in sites.sites["target"].things["jobs"].values())["twin"] == 2


def forgetful(make: Any) -> Any:
    """A service that keeps no marker on jobs named `twin`."""

    def made(site: cloud.Site, kind: str, name: str, body: dict[str, Any]) -> str:
        kept = {key: value for key, value in body.items() if not (key == "tags" and body.get("name") == "twin")}
        return str(make(site, kind, name, kept))

    return made


def test_a_run_that_knows_nothing_of_the_first_makes_nothing_twice(
    run: Run, migration: Migration, sites: cloud.Sites, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cloud.Site, "make", forgetful(cloud.Site.make))
    run()
    before = list(sites.sites["target"].writes)
    list(apply(migration, Ledger.create(tmp_path / "another", {"run": "r2"}), confirm={}, parallelism=4))
    assert sites.sites["target"].writes == before


def test_a_step_that_cannot_go_on_is_told_and_one_that_was_stopped_is_not(
    migration: Migration, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(task: Task) -> None:
        raise Stopped("could not list", subject="jobs", why="no answer")

    told: list[Event] = []
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(Task, "list_source", gone)
        apply_until_it_ends(migration, ledger, told)
    assert [(one.step, one.text) for one in told if one.what == "error"] == [
        ("contents", "could not list: jobs: no answer")
    ]
    stopped: list[Event] = []
    with pytest.raises(Stopped, match="in good order"):
        apply_until_it_ends(migration, ledger, stopped, Window((End(0.0, "--not-after 05:30"),)))
    assert [one.what for one in stopped][:1] == ["begin"] and "error" not in {one.what for one in stopped}


def apply_until_it_ends(migration: Migration, ledger: Ledger, told: list[Event], window: Window | None = None) -> None:
    """Puts what it tells into `told`, also where it ends with an error."""
    for event in apply(migration, ledger, confirm={}, window=window):
        told.append(event)
