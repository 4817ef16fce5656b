"""Rate limits, on a clock that stands still."""

from __future__ import annotations

import json

import pytest

from cmkmigrate.sandbox.limits import Limits
from cmkmigrate.sandbox.wire import Request, Response, Route


def handler(state: object, request: Request) -> Response:
    return Response()


def a_route(method: str, pattern: str) -> Route:
    return Route(method, pattern, handler, "", False, False)


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


JOBS = a_route("POST", "/api/2.2/jobs/create")


def passed(limits: Limits, route: Route, tries: int, kind: str = "databricks", host: str = "h") -> int:
    return sum(limits.check(kind, host, route) is None for _ in range(tries))


@pytest.mark.parametrize(
    ("kind", "method", "pattern", "rate", "documented"),
    [
        ("databricks", "POST", "/api/2.1/jobs/create", 20, True),
        ("databricks", "GET", "/api/2.0/permissions/{type}/{id}", 100, True),
        ("databricks", "PATCH", "/api/2.0/permissions/{type}/{id}", 30, True),
        ("databricks", "POST", "/api/2.0/secrets/put", 1100 / 60, True),
        ("databricks", "GET", "/api/2.0/preview/scim/v2/Users", 255 / 60, True),
        ("databricks", "GET", "/api/2.0/workspace/export", 60, True),
        ("databricks", "POST", "/api/2.0/workspace/import", 30, True),
        ("databricks", "POST", "/api/2.0/instance-pools/create", 20, False),
        ("databricks", "GET", "/api/2.0/instance-pools/list", 50, False),
        ("arm", "PUT", "/subscriptions/{subscription}/x", 10, True),
        ("vault", "POST", "/keys/{name}/create", 1, True),
    ],
)
def test_table(kind: str, method: str, pattern: str, rate: float, documented: bool) -> None:
    limit = Limits().limit_of(kind, a_route(method, pattern))
    assert (limit.rate, limit.documented) == (rate, documented)


def test_off_lets_everything_pass() -> None:
    assert passed(Limits("off"), JOBS, 1000) == 1000


@pytest.mark.parametrize(("mode", "rate"), [("documented", 20), ("x3", 60), ("x0.5", 10)])
def test_a_second_of_it_at_once_then_as_time_goes_by(mode: str, rate: int) -> None:
    time = Time()
    limits = Limits(mode, time)
    assert passed(limits, JOBS, 200) == rate
    time.now += 0.5
    assert passed(limits, JOBS, 200) == rate // 2
    time.now += 60
    assert passed(limits, JOBS, 200) == rate


def test_hosts_and_families_have_their_own() -> None:
    limits = Limits("documented", Time())
    assert passed(limits, JOBS, 50, host="a") == passed(limits, JOBS, 50, host="b") == 20
    assert passed(limits, a_route("GET", "/api/2.2/jobs/list"), 60, host="a") == 50
    assert passed(limits, a_route("GET", "/api/2.2/jobs/get"), 60, host="a") == 0, "one family with list"


def test_refusal_with_and_without_retry_after() -> None:
    limits = Limits("documented", Time())
    passed(limits, JOBS, 20)
    answers = [limits.check("databricks", "h", JOBS) for _ in range(4)]
    assert [one is not None and one.headers.get("retry-after") for one in answers] == [None, "1", None, "1"]
    assert answers[0] is not None and answers[0].status == 429
    assert json.loads(answers[0].body)["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    for setting, expected in (("always", "1"), ("never", None), ("absurd", "31536000")):
        limits.put("documented", setting)
        passed(limits, JOBS, 20)
        answer = limits.check("databricks", "h", JOBS)
        assert answer is not None and answer.headers.get("retry-after") == expected


def test_refusal_with_a_date() -> None:
    limits = Limits("documented", Time(), wall=lambda: 1_800_000_000.0)
    limits.put("documented", "date")
    passed(limits, JOBS, 20)
    answer = limits.check("databricks", "h", JOBS)
    assert answer is not None and answer.headers["retry-after"] == "Fri, 15 Jan 2027 08:00:01 GMT"
    with pytest.raises(ValueError, match="retry_after is"):
        limits.put("documented", "soon")


def test_assumed_families_are_marked() -> None:
    limits = Limits("documented", Time())
    limits.limit_of("databricks", a_route("GET", "/api/2.0/policies/clusters/list"))
    families = limits.as_json()["families"]
    assert families["policies-read"]["source"] == "assumed" and families["jobs-create"]["source"] == "documented"


@pytest.mark.parametrize("mode", ["", "x0", "xx", "3", "on"])
def test_unknown_mode(mode: str) -> None:
    with pytest.raises(ValueError, match="off, documented or xN"):
        Limits(mode)
