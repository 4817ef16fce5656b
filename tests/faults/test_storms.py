"""R4: a service that is too busy for a long time. `pytest -m night tests/faults/test_storms.py`

Five minutes of it are played in a few seconds: in the product's process time runs twenty times faster
(`patches.faster`: every clock and every wait), and what is measured on the sandbox's clock is multiplied by that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cmkmigrate.clients.again import ATTEMPTS, RETRY_AFTER_CAP_S
from cmkmigrate.clients.pace import Paces, family
from tests.e2e.conftest import Migration
from tests.faults.runs import Run, run
from tests.harness import Commands, Sandbox

pytestmark = [pytest.mark.night]  # how fast it asks is measured: not beside other tests
TIMES, SHARE = 20, 0.3
WORKSPACES = {"host": "adb-*"}
NOISE_S = 3.0  # of the machine, twenty times a seventh of a second


def refusal(name: str, seed: int, share: float, **more: Any) -> dict[str, Any]:
    rule = {"match": WORKSPACES, "count": -1, "share": share, "seed": seed, "action": "refuse", "status": 429}
    return {"name": name, **rule, **more}


BUSY = {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Too many requests."}
# All that a 429 was ever seen to look like, together three in ten. The rules are drawn one after the other: each takes
# its part of what those before it let pass.
STORM = [
    refusal("asks for 1", 1, 0.06, retry_after=1),
    refusal("asks for 7", 2, 0.04, retry_after=7),
    refusal("asks for 60", 3, 0.004, retry_after=60),
    refusal("asks for nothing", 4, 0.07),
    refusal("asks for 0", 5, 0.04, retry_after=0),
    refusal("asks for a date", 6, 0.04, retry_after="date:9"),
    refusal("asks for 3600", 7, 0.003, retry_after=3600),
    refusal("has no body", 8, 0.05, body=""),
    refusal("looks like a 200", 9, 0.05, status=200, body=BUSY),
]
ASKED = {
    "asks for 1": 1.0,
    "asks for 7": 7.0,
    "asks for 60": 60.0,
    "asks for a date": 8.0,
    "asks for 3600": RETRY_AFTER_CAP_S,
}


@pytest.fixture(scope="module")
def storm(
    undisturbed: Migration, commands: Callable[[Sandbox, str], Commands], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """A whole migration in it."""
    box, place = undisturbed.sandbox, commands(undisturbed.sandbox, "storm")
    reference = box.state(undisturbed.target)
    yield run(
        box,
        place,
        "storm",
        STORM,
        undisturbed.apply,
        reference,
        patch=f"faster:{TIMES}",
        CMKMIGRATE_PACE="1",
        CMKMIGRATE_TIMEOUT_S=f"{10 * TIMES}",
    )


def by_family(requests: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found = defaultdict(list)
    for one in requests:
        if one["host"].startswith("adb-"):
            found[one["host"], family(one["method"], one["path"]).name].append(one)
    return found


def test_nothing_is_lost(storm: Run, undisturbed: Migration) -> None:
    assert len(storm.hit) > 200
    assert storm.codes == [undisturbed.apply.code], "it went through in one go"
    assert storm.wrong(undisturbed.apply) == []


def test_no_family_is_called_faster_than_its_limit(storm: Run) -> None:
    """Over any ten seconds: the sandbox's log, against the published or assumed limit."""
    over = {}
    for (host, name), requests in by_family(storm.requests).items():
        limit = Paces(1.0, 1.0).ceiling(requests[0]["method"], requests[0]["path"])
        times = [one["at"] * TIMES for one in requests]
        most = max(sum(at <= one < at + 10 for one in times) for at in times)
        if most > 10 * limit + limit * NOISE_S + 2:
            over[host, name] = (most / 10, limit)
    assert over == {}


def test_what_a_429_asks_for_is_given(storm: Run) -> None:
    """After it, its family gets nothing new for so long; what was out already is answered, at most ten requests."""
    broken, held = {}, 0
    for at, requests in by_family(storm.requests).items():
        for number, one in enumerate(requests):
            asked = ASKED.get(one["fault"], 0.0)
            if not asked:
                continue
            held += 1
            soon = [each for each in requests[number + 1 :] if (each["at"] - one["at"]) * TIMES < asked - NOISE_S]
            if len(soon) > 10:
                broken[at, one["fault"]] = len(soon)
    assert broken == {} and held > 10


def test_a_long_wait_is_said(storm: Run) -> None:
    assert "it gets none for 120 s, as it asks" in storm.ends[0].err
    assert "it gets none for 60 s, as it asks" in storm.ends[0].err


def test_as_much_is_sent_again_as_was_refused(storm: Run, undisturbed: Migration) -> None:
    """Retries are bounded: one for each refusal, and each request comes to its end."""
    assert len(storm.requests) <= len(undisturbed.apply_requests) + len(storm.hit) + 150, "looks that follow take time"
    row: dict[tuple[str, str, str, str], int] = defaultdict(int)
    longest = 0
    for one in storm.requests:
        at = (one["method"], one["host"], one["path"], one["query"])
        row[at] = row[at] + 1 if one["fault"] and not one["write"] else 0
        longest = max(longest, row[at])
    assert longest < ATTEMPTS


def test_they_do_not_come_back_all_at_once(storm: Run) -> None:
    """After a hold, the requests of a family begin one after the other: no ten within what the limit allows for one."""
    crowds = {}
    for at, requests in by_family(storm.requests).items():
        limit = Paces(1.0, 1.0).ceiling(requests[0]["method"], requests[0]["path"])
        for number, one in enumerate(requests[1:], 1):
            gap = (one["at"] - requests[number - 1]["at"]) * TIMES
            if gap < 5.0:
                continue  # no hold ended here
            together = [each for each in requests[number:] if (each["at"] - one["at"]) * TIMES < 1.0]
            if len(together) > limit + NOISE_S * limit:
                crowds[at] = len(together)
    assert crowds == {}
