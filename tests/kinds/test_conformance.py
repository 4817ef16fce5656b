"""What every moved kind owes, on the sandbox's small estate, through the real clients: one suite, no kind left out.

Applying twice changes nothing. Verify is clean, and sees a change made behind its back; the next pass reports that, and
takes it up where that is asked for. A write that is lost, before its work or after it, leaves no trace. What is not
ours is not touched. Twins stay twins. A reference to nothing is reported, and never becomes one to something else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cmkmigrate.kinds import discover
from cmkmigrate.model import Finding
from tests.comparer.canonical import CLUSTER_MARKER, JOB_MARKER
from tests.harness import Sandbox
from tests.kinds import behind
from tests.kinds.world import MOVED, PLANTED, Run, World, environment, plant_in_source, targets_estate

TARGETS = ("plain", "changed", "lost-before", "lost-after", "every-fifth", "occupied", "running")

kinds = pytest.mark.parametrize("kind", MOVED)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The source, with a few references to nothing more, and empty targets."""
    folder = tmp_path_factory.mktemp("conformance")
    box = Sandbox(folder / "sandbox", "small", targets_estate(folder / "targets", TARGETS))
    plant_in_source(box)
    with environment(box, folder):
        yield World(box, folder)
    box.close()


def migrated(world: World, name: str, *faults: dict[str, Any]) -> Run:
    """A run into the target of that name, carried out while these things go wrong."""
    run = world.run(name)
    world.box.faults(*faults)
    world.box.forget()
    run.apply()
    world.box.faults()
    return run


@pytest.fixture(scope="module")
def plain(world: World) -> Run:
    return migrated(world, "plain")


def of_kind(found: list[Any], kind: str) -> list[str]:
    return [str(one) for one in found if one.kind == kind]


def test_no_kind_is_left_out() -> None:
    assert set(behind.CHANGES) == set(behind.PLANTS) == set(behind.WRITES) == set(MOVED)


# --- twice ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twice(plain: Run, world: World) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]], list[Finding]]:
    """The target after one pass and after a second one, the second one's writes, and what verify says then."""
    before = world.box.state(plain.target)
    world.box.forget()
    plain.apply()
    writes = world.box.writes()
    return before, world.box.state(plain.target), writes, plain.verify()


@kinds
def test_applying_makes_it_equal(kind: str, plain: Run) -> None:
    assert plain.rows(kind), f"the small estate has no {kind}"
    assert of_kind(plain.differences(), kind) == []


def test_applying_twice_changes_nothing(twice: tuple[Any, Any, list[dict[str, Any]], Any]) -> None:
    before, after, writes, _ = twice
    assert after == before
    marker = ("/api/2.0/workspace/import", "/api/2.0/workspace/delete")  # the file by which a run holds its target
    assert {one["path"] for one in writes if one["status"] < 400} <= set(marker)


@kinds
def test_verify_is_clean(kind: str, twice: tuple[Any, Any, Any, list[Finding]]) -> None:
    assert of_kind(twice[3], kind) == []


# --- behind its back --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def changed(world: World) -> tuple[Run, dict[str, str], list[Finding], set[tuple[str, str]]]:
    """A run; the keys of what was then changed, what verify said, and what the comparer said."""
    run = migrated(world, "changed")
    keys = {kind: behind.key_of(run, kind, key) for kind, (_, key, _) in behind.CHANGES.items()}
    for change, _, _ in behind.CHANGES.values():
        change(run)
    compared = {(one.kind, one.key) for one in run.differences()}
    return run, keys, run.verify(), compared


@kinds
def test_verify_sees_a_change_behind_its_back(
    kind: str, changed: tuple[Run, dict[str, str], list[Finding], Any]
) -> None:
    _, keys, findings, compared = changed
    what = behind.CHANGES[kind][2]
    assert (kind, keys[kind], what) in {(one.kind, one.key, one.what) for one in findings}
    assert (kind, keys[kind]) in compared
    others = [one for one in findings if one.kind == kind and one.key != keys[kind]]
    if kind in ("secrets", "secret_acls", "permissions"):  # those of what is missing are missing too
        others = [one for one in others if one.what != "missing"]
    assert others == []


@pytest.fixture(scope="module")
def left_alone(changed: tuple[Run, Any, Any, Any], world: World) -> tuple[list[dict[str, Any]], dict[Any, str]]:
    """What another pass of the same run wrote, and how its items ended."""
    run = changed[0]
    world.box.forget()
    run.apply()
    return world.box.writes(run.target), {(row.kind, row.key): row.state for row in run.rows()}


@kinds
def test_the_next_pass_reports_it_and_leaves_it_alone(
    kind: str, changed: tuple[Run, dict[str, str], Any, Any], left_alone: tuple[list[Any], dict[Any, str]]
) -> None:
    assert left_alone[0] == []
    assert left_alone[1][kind, changed[1][kind]] == "drifted"


@pytest.fixture(scope="module")
def taken_up(changed: tuple[Run, Any, Any, Any], left_alone: Any) -> Run:
    """The same run after a pass that may overwrite."""
    changed[0].apply(overwrite=True)
    return changed[0]


@kinds
def test_it_is_taken_up_where_that_is_asked_for(kind: str, taken_up: Run) -> None:
    assert of_kind(taken_up.differences(), kind) == []


def test_verify_sees_what_is_there_twice_and_what_runs(world: World) -> None:
    run = migrated(world, "running")
    job = behind.job_of(run, "forecast")
    cluster = behind.one(run, "clusters", cluster_name="islands")
    same = {
        name: cluster[name]
        for name in ("cluster_name", "spark_version", "custom_tags", "num_workers", "node_type_id")
        if name in cluster
    }
    run.call("POST", "/api/2.2/jobs/create", job["settings"])
    made = run.call("POST", "/api/2.1/clusters/create", same | {"node_type_id": "Standard_DS3_v2", "num_workers": 1})
    run.call("POST", "/api/2.1/clusters/delete", made)
    found = {(one.kind, one.key.partition(" ")[0], one.what) for one in run.verify()}
    assert ("jobs", job["settings"]["tags"][JOB_MARKER], "duplicate") in found
    assert ("clusters", cluster["custom_tags"][CLUSTER_MARKER], "duplicate") in found


# --- lost writes ------------------------------------------------------------------------------------------------------


def losing(action: str) -> list[dict[str, Any]]:
    """The first write of every sort goes wrong."""
    routes = sorted({route for routes in behind.WRITES.values() for route in routes})
    return [{"match": {"method": method, "path": path}, "action": action} for method, path in routes]


@pytest.fixture(scope="module")
def lost_before(world: World) -> tuple[Run, list[dict[str, Any]]]:
    return migrated(world, "lost-before", *losing("reset")), world.box.requests()


@pytest.fixture(scope="module")
def lost_after(world: World) -> tuple[Run, list[dict[str, Any]]]:
    return migrated(world, "lost-after", *losing("lose")), world.box.requests()


@pytest.fixture(scope="module")
def every_fifth(world: World) -> tuple[Run, list[dict[str, Any]]]:
    """Every fifth write of all does its work and is not answered."""
    rules = [{"match": {"write": True, "host": "adb-*"}, "offset": at, "action": "lose"} for at in range(5, 300, 5)]
    return migrated(world, "every-fifth", *rules), world.box.requests()


@kinds
@pytest.mark.parametrize("where", ["lost_before", "lost_after"])
def test_a_lost_write_leaves_no_trace(kind: str, where: str, request: pytest.FixtureRequest, plain: Run) -> None:
    run, requests = request.getfixturevalue(where)
    hit = {(one["method"], one["path"]) for one in requests if one["fault"]}
    for method, path in behind.WRITES[kind]:
        assert any(method == m and p.startswith(path.rstrip("*")) for m, p in hit), f"no {method} {path} was lost"
    assert of_kind(run.differences(), kind) == []
    assert _ends(run, kind) == _ends(plain, kind)


@kinds
def test_many_lost_writes_leave_no_trace(kind: str, every_fifth: tuple[Run, list[dict[str, Any]]], plain: Run) -> None:
    run, requests = every_fifth
    assert sum(bool(one["fault"]) for one in requests) >= 20
    assert of_kind(run.differences(), kind) == []
    assert _ends(run, kind) == _ends(plain, kind)


def _ends(run: Run, kind: str) -> dict[str, str]:
    """State by key, with the reason of what was not done."""
    return {row.key: f"{row.state} {row.reason if row.state != 'done' else ''}" for row in run.rows(kind)}


# --- what is not ours -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def occupied(world: World) -> tuple[Run, dict[str, Any]]:
    """A run into a workspace in which somebody else is at home; what was there before."""
    run = world.run("occupied")
    for plant, _, _ in behind.PLANTS.values():
        plant(run)
    world.box.state(run.target)  # a cluster that was just made is running
    before = {kind: behind.shown(run, kind, key) for kind, (_, key, _) in behind.PLANTS.items()}
    run.apply()
    return run, before


@kinds
def test_what_is_not_ours_is_not_touched(kind: str, occupied: tuple[Run, dict[str, Any]]) -> None:
    run, before = occupied
    _, key, wanted = behind.PLANTS[kind]
    volatile = ("state", "state_message", "cluster_cores", "last_state_loss_time")
    assert _without(behind.shown(run, kind, key), volatile) == _without(before[kind], volatile)
    assert before[kind] is not None
    if wanted:
        row = next(row for row in run.rows(kind) if row.key == key)
        assert (row.state, "not made by this run" in row.reason) == ("blocked", True), row.reason


def test_the_rest_of_it_is_moved_all_the_same(occupied: tuple[Run, Any]) -> None:
    run, _ = occupied
    foreign = {(kind, key) for kind, (_, key, _) in behind.PLANTS.items()}
    found = [one for one in run.differences() if (one.kind, one.key) not in foreign and one.what != "extra"]
    found = [one for one in found if not one.key.startswith("~")]  # a cluster of somebody else's
    assert [str(one) for one in found] == []


def _without(body: Any, names: tuple[str, ...]) -> Any:
    return {name: value for name, value in body.items() if name not in names} if isinstance(body, dict) else body


# --- twins, and references to nothing ---------------------------------------------------------------------------------


def test_twins_stay_twins(plain: Run) -> None:
    """Things with one name: as many as there were, each with its own marker, each as its own original."""
    old, new = plain.box.state(plain.source), plain.box.state(plain.target)
    for kind in (name for name in MOVED if discover()[name].marker_path):
        done = {row.key for row in plain.rows(kind, "done")}
        names = {"jobs": lambda one: one["settings"]["name"], "clusters": lambda one: one["cluster_name"]}[kind]
        ids = {"jobs": "job_id", "clusters": "cluster_id"}[kind]
        expected = Counter(names(one) for one in old[kind] if str(one[ids]) in done)
        assert Counter(names(one) for one in new[kind]) == expected
        assert max(expected.values()) > 1, f"the small estate has no {kind} with one name"


NOTHING = {
    "clusters": ("instance_pool_id", "policy_id"),
    "jobs": ("existing_cluster_id", "run_job_task.job_id", "run_as.user_name"),
    "cluster_policies": ("definition",),
}


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in NOTHING.items() for path in paths])
def test_a_reference_to_nothing_is_reported(kind: str, path: str, plain: Run) -> None:
    reasons = [row.reason for row in plain.rows(kind, "blocked")]
    assert [reason for reason in reasons if path in reason and "refers to" in reason], reasons


@kinds
def test_no_reference_to_nothing_became_one_to_something(kind: str, plain: Run) -> None:
    """What refers to nothing is blocked or says so; what is in the target refers to what is there (by the comparer)."""
    for row in plain.rows(kind, "done"):
        assert all(
            "refers to" in note or "left out" in note or "path to nothing" in note for note in json.loads(row.notes)
        )
    declared = [ref for ref in discover()[kind].refs if ref.form == "id" and ref.missing == "block"]
    if declared:
        assert kind in NOTHING, f"{kind} has references by id, and the small estate none to nothing"


def test_an_acl_entry_of_nobody_is_left_out_and_said(plain: Run) -> None:
    notes = [note for row in plain.rows("permissions", "done", "blocked") for note in json.loads(row.notes)]
    assert [note for note in notes if "is left out" in note]


def test_the_source_was_never_written(world: World, plain: Run) -> None:
    log = [json.loads(line) for line in world.box.log.read_text().splitlines()]
    planted = [one["path"] for one in log if one["write"] and one["host"] == plain.source]
    assert len(planted) == PLANTED


def test_a_sandbox_is_what_all_this_ran_on(world: World) -> None:
    assert isinstance(world.box, Sandbox)
    assert {one["host"].rpartition(".")[2] for one in world.box.requests()} <= {"test"}
