"""The arithmetic of the pace, with a clock that moves only when somebody sleeps."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cmkmigrate.clients.pace import Family, Pace, Paces, family
from cmkmigrate.errors import Mistake, Throttled


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds


def pace(clock: Clock, per_s: float) -> Pace:
    return Pace("host", Family("x", "", "", per_s), per_s, clock, clock.sleep)


@pytest.mark.parametrize(
    ("method", "path", "name", "per_s", "assumed"),
    [
        ("POST", "/api/2.2/jobs/create", "jobs create", 20, False),
        ("GET", "/api/2.2/jobs/list", "jobs read", 50, True),
        ("GET", "/api/2.0/permissions/jobs/1", "permissions read", 100, False),
        ("PUT", "/api/2.0/permissions/sql/warehouses/1", "permissions write", 30, False),
        ("POST", "/api/2.0/secrets/put", "secrets", 1100 / 60, False),
        ("GET", "/api/2.0/preview/scim/v2/Users", "scim read", 255 / 60, False),
        ("PATCH", "/api/2.0/preview/scim/v2/Groups/1", "scim patch", 2, True),
        ("GET", "/api/2.0/workspace/export", "workspace export", 60, False),
        ("POST", "/api/2.0/workspace/import", "workspace import", 30, False),
        ("POST", "/api/2.0/workspace/mkdirs", "workspace write", 20, True),
        ("POST", "/api/2.0/mlflow/runs/search", "mlflow search", 7, False),
        ("GET", "/somewhere", "other read", 50, True),
    ],
)
def test_families(method: str, path: str, name: str, per_s: float, assumed: bool) -> None:
    found = family(method, path)
    assert (found.name, found.per_s, found.assumed) == (name, per_s, assumed)


def test_calls_are_spread_at_the_ceiling() -> None:
    clock = Clock()
    one = pace(clock, 10)
    starts = [one.wait() for _ in range(21)]
    assert starts[20] - starts[0] == pytest.approx(2.0, abs=0.11)  # a tenth of a second may be taken in advance
    assert one.seen().calls == 21


def test_no_ceiling_never_waits() -> None:
    clock = Clock()
    one = pace(clock, math.inf)
    for _ in range(1000):
        one.wait()
    assert clock.now == 1000.0


def test_a_429_slows_down_to_a_little_under_what_was_served_and_climbs_back() -> None:
    clock = Clock()
    one = pace(clock, 100)
    for _ in range(100):  # the service lets 10 a second through
        started = one.wait()
        one.served()
        clock.now += 0.09
    one.throttled(started)
    assert one.seen().rate == pytest.approx(9, rel=0.2)
    clock.sleep(1 + 10)  # the hold of a second, then ten seconds of 2 % of the ceiling
    one.wait()
    assert one.seen().rate == pytest.approx(9 + 10 * 0.02 * 100, rel=0.1)
    clock.sleep(1000)
    one.wait()
    assert one.seen().rate == 100


def test_the_same_news_counts_once() -> None:
    clock = Clock()
    one = pace(clock, 100)
    started = [one.wait() for _ in range(5)]
    one.throttled(started[0])
    rate = one.seen().rate
    for at in started[1:]:
        one.throttled(at)
    assert one.seen().rate == rate
    assert one.seen().throttled == 5


@pytest.mark.parametrize(("asked", "held"), [(7, 7), (0, 1), (3600, 120)])
def test_retry_after_is_kept_up_to_two_minutes(asked: float, held: float) -> None:
    clock = Clock()
    one = pace(clock, 100)
    before = one.wait()
    one.throttled(before, asked)
    assert one.wait() - before == pytest.approx(held, abs=0.1)


def test_a_turn_too_far_off_is_not_taken() -> None:
    clock = Clock()
    one = pace(clock, 100)
    one.throttled(one.wait(), 60)
    with pytest.raises(Throttled) as refused:
        one.wait(longest=6)
    assert refused.value.retry_after == pytest.approx(60, abs=0.1)
    assert clock.now == 1000.0 and one.seen().calls == 1


def test_many_threads_share_one_rate() -> None:
    clock = Clock()
    one = pace(clock, 50)
    with ThreadPoolExecutor(16) as pool:
        starts = sorted(pool.map(lambda _: one.wait(), range(200)))
    assert starts[-1] - starts[0] >= 199 / 50 - 0.2


@pytest.mark.parametrize(
    ("environ", "target", "source"),
    [
        ({}, 20, 20 / 3),
        ({"CMKMIGRATE_PACE": "3"}, 60, 60),
        ({"CMKMIGRATE_PACE": "off"}, math.inf, math.inf),
        ({"CMKMIGRATE_PACE": "3", "CMKMIGRATE_PACE_SOURCE": "0.5"}, 60, 10),
        ({"CMKMIGRATE_PACE_SOURCE": "1"}, 20, 20),
    ],
)
def test_factors(environ: dict[str, str], target: float, source: float) -> None:
    paces = Paces.from_env(environ)
    paces.of("new", "POST", "/api/2.2/jobs/create")
    paces.of("old", "POST", "/api/2.2/jobs/create", source=True)
    assert {seen.host: seen.ceiling for seen in paces.seen()} == {"new": target, "old": pytest.approx(source)}


@pytest.mark.parametrize("text", ["fast", "0", "-1", "nan"])
def test_mistakes(text: str) -> None:
    with pytest.raises(Mistake, match="CMKMIGRATE_PACE"):
        Paces.from_env({"CMKMIGRATE_PACE": text})


def test_a_turn_from_before_a_429_is_given_back() -> None:
    """Nothing starts while a 429 holds, though it had its turn already."""
    clock = Clock()
    one = pace(clock, 1)
    first = one.wait()
    one._sleep = lambda seconds: _meet(one, clock, first, seconds)
    assert one.wait() >= first + 60
    assert one.seen().calls == 2


def _meet(one: Pace, clock: Clock, started: float, seconds: float) -> None:
    """The first sleep is broken by a 429 of the call that is out."""
    if not one.seen().throttled:
        one.throttled(started, 60)
    clock.now += seconds


def test_who_would_wait_too_long_gives_its_turn_back() -> None:
    clock = Clock()
    one = pace(clock, 1)
    first = one.wait()
    one._sleep = lambda seconds: _meet(one, clock, first, seconds)
    with pytest.raises(Throttled):
        one.wait(5)


def test_a_long_hold_is_said_once() -> None:
    clock, told = Clock(), list[str]()
    one = Pace("host", Family("x", "", "", 10), 10, clock, clock.sleep, told.append)
    started = one.wait()
    for asked in (1, 60, 60, 3600):
        one.throttled(started, asked)
    assert len(told) == 2 and "60 s" in told[0] and "120 s" in told[1]
