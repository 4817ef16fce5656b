"""R13: long-running operations that fail, never end or lie; what is sent is counted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.azure import KILLED, STOPPED, WORKSPACE, Move, sandbox_of, wait_for
from tests.harness import Launcher, Sandbox

FEATURES = 3
pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = sandbox_of(tmp_path_factory.mktemp("operations"))
    made.control("PUT", "settings", {"operation_s": 0.5})  # nobody asks about what is forgotten
    yield made
    made.close()


@pytest.fixture
def move(box: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Move]:
    return lambda name, **params: Move(box, launcher, tmp_path_factory.mktemp(name), name, **params)


def operation(how: str, **more: Any) -> dict[str, Any]:
    return {"match": WORKSPACE, "action": "operation", "how": how, **more}


def test_that_fails_after_a_while(move: Callable[..., Move]) -> None:
    one = move("fails")
    one.box.faults(operation("fail", message="No capacity in the region."))
    failed = one.apply()
    assert failed.code == STOPPED and "No capacity in the region." in failed.err, failed
    assert "--retry-failed" in failed.err and len(one.puts()) == 1, failed
    again = one.resume()
    assert again.code == STOPPED and len(one.puts()) == 1, again
    done = one.resume("--retry-failed")
    assert done.code == 0 and one.features() == FEATURES, done


def test_that_never_ends_is_waited_for_as_long_as_is_said(move: Callable[..., Move]) -> None:
    one = move("never")
    one.box.faults(operation("never"))
    ended = one.apply("--lro-timeout", "2s")
    assert ended.code == STOPPED and "more than 2 s" in ended.err and one.name in ended.err, ended
    assert "--lro-timeout" in ended.err and len(one.puts()) == 1, ended
    (first,) = set(one.polls())
    one.box.forget()
    still = one.resume("--lro-timeout", "1s")
    assert still.code == STOPPED and "more than 1 s" in still.err, still
    assert one.puts() == [] and set(one.polls()) == {first}, "the same operation, and no PUT while it goes on"
    one.box.faults()
    done = one.resume()
    assert done.code == 0 and one.features() == FEATURES, done
    assert len(one.puts()) == 1, "of the key of the root alone"


def test_killed_while_it_waits_takes_up_the_same_operation(move: Callable[..., Move]) -> None:
    one = move("killed")
    one.box.faults(operation("never"))
    started = one.begin()
    wait_for(lambda: len(one.polls()) > 2)
    os.kill(started[0], signal.SIGKILL)
    assert one.end(started).code == KILLED
    (saved,) = set(one.polls())
    one.box.forget()
    resumed = one.begin(argv=("resume", str(one.run)))
    wait_for(lambda: bool(one.polls()))
    assert one.puts() == []
    one.box.faults()
    done = one.end(resumed)
    assert done.code == 0 and one.features() == FEATURES, done
    assert one.polls()[0] == saved and len(one.puts()) == 1, "of the key of the root alone"


@pytest.mark.parametrize("how", ["forgotten", "early"])
def test_whose_status_is_not_to_be_had_or_comes_too_early(how: str, move: Callable[..., Move]) -> None:
    one = move(how)
    one.box.faults(operation(how, count=-1))
    done = one.apply()
    assert done.code == 0 and one.features() == FEATURES, done
    assert len(one.puts()) == 2, "one for the workspace, one for the key of its root"


def test_that_says_succeeded_and_did_nothing(move: Callable[..., Move]) -> None:
    one = move("lies")
    one.box.faults(operation("lie", count=-1))
    ended = one.apply()
    assert ended.code == STOPPED and "written 3 times" in ended.err and "encryption" in ended.err, ended
    assert len(one.puts()) <= 1 + 3
    one.box.faults()
    done = one.resume("--retry-failed")
    assert done.code == 0 and one.features() == FEATURES, done


def test_at_a_foreign_host(move: Callable[..., Move]) -> None:
    one = move("foreign")
    one.box.faults({"match": WORKSPACE, "count": -1, "action": "foreign", "to": "operations.example.com"})
    done = one.apply()
    assert done.code == 0 and one.features() == FEATURES, done
    assert one.polls() == [] and {each["host"] for each in one.box.requests()}.isdisjoint({"operations.example.com"})


@pytest.mark.parametrize("given", ["0s", "25h", "soon"])
def test_no_such_time(given: str, move: Callable[..., Move]) -> None:
    refused = move("no-time").apply("--lro-timeout", given)
    assert refused.code == 64 and "--lro-timeout" in refused.err, refused
