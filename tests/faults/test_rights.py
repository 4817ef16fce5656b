"""R20: a right is taken away in the middle of a run: of one thing, of everything, in Resource Manager."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.azure import INCOMPLETE, NOT_ALLOWED, STOPPED, WORKSPACE, Move, sandbox_of, wait_for
from tests.harness import Launcher, Sandbox

pytestmark = pytest.mark.ci
FEATURES = 3
ASSIGN = "Microsoft.Authorization/roleAssignments/write"
DENIED = 3  # in a row stop a run
AT_ONCE = 10  # things of each kind are under way when it stops
WRITES = {"host": "adb-*", "write": True}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = sandbox_of(tmp_path_factory.mktemp("rights"))
    yield made
    made.close()


def test_of_one_thing(small: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> None:
    one = Move(small, launcher, tmp_path_factory.mktemp("one"), "r-one")
    one.box.faults({"match": {"host": "adb-*", "path": "/api/2.*/jobs/create"}, "action": "refuse", "status": 403})
    done = one.apply("-o", "json")
    assert done.code == INCOMPLETE, done
    refused = [each for each in done.json["problems"] if each["reason"].startswith("403")]
    assert [each["kind"] for each in refused] == ["jobs"], done
    one.box.faults()
    one.box.forget()
    again = one.resume("--retry-failed", "-o", "json")
    assert not [each for each in again.json["problems"] if each["reason"].startswith("403")], again
    jobs = [each for each in one.box.writes(small.host_of(one.name)) if each["path"].endswith("/jobs/create")]
    assert len(jobs) == 1


def test_of_everything(small: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> None:
    one = Move(small, launcher, tmp_path_factory.mktemp("all"), "r-all")
    one.box.faults({"match": WRITES, "offset": 60, "count": -1, "action": "refuse", "status": 403})
    ended = one.apply()
    assert ended.code == STOPPED and "were refused for lack of rights" in ended.err, ended
    assert "--retry-failed" in ended.err
    refused = [each["path"] for each in one.box.requests() if each["fault"]]
    numbers = one.place("status", str(one.run), "-o", "json").json["numbers"]
    kinds = [kind for step in numbers.values() for kind, states in step.items() if {"failed", "made"} & states.keys()]
    # What is under way of each kind that was met, and what was refused before; the run's marker is taken away, too.
    assert DENIED <= len(refused) <= AT_ONCE * len(kinds) + DENIED, (numbers, refused)
    one.box.faults({"match": WRITES, "count": -1, "action": "refuse", "status": 403})
    still = one.resume("--retry-failed")
    assert still.code == NOT_ALLOWED, still  # of this process nothing was allowed
    one.box.faults()
    done = one.resume("--retry-failed", "-o", "json")
    assert done.code == INCOMPLETE, done
    assert not [each for each in done.json["problems"] if "403" in each["reason"]], done
    verified = one.place("verify", str(one.run))
    assert "all that was moved is equal" in verified.out, verified


def test_in_resource_manager(box: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> None:
    one = Move(box, launcher, tmp_path_factory.mktemp("arm"), "r-arm")
    one.box.faults({"match": WORKSPACE, "action": "operation", "how": "never"})
    started = one.begin()
    wait_for(lambda: len(one.polls()) > 2)
    one.box.control("PUT", "settings", {"operator_lacks": ASSIGN})
    one.box.faults()
    ended = one.end(started)
    assert ended.code == STOPPED and ASSIGN.lower() in ended.err.lower(), ended
    assert len(one.refusals("/roleAssignments/")) == 1, "all that follows stands on it"
    still = one.resume("--retry-failed")
    assert still.code == NOT_ALLOWED, still
    one.box.control("PUT", "settings", {"operator_lacks": ""})
    done = one.resume("--retry-failed")
    assert done.code == 0 and one.features() == FEATURES, done
