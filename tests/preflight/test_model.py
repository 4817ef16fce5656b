"""What a check found, and what blocks."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.preflight.model import Result, Seen, Status, failed, passed, unknown, warned


def result(*seen: Seen, accepted: str = "") -> Result:
    return Result("PF99", "a check", list(seen), accepted)


def test_the_worst_decides() -> None:
    one = result(passed("a"), unknown("b"), warned("c"), unknown("d"))
    assert one.status is Status.UNKNOWN
    assert [seen.evidence for seen in one.worst] == ["b", "d"]
    assert result(unknown("a"), failed("b")).status is Status.FAIL


@pytest.mark.parametrize(
    ("make", "accepted", "blocks"),
    [
        (passed, "", False),
        (warned, "", False),
        (unknown, "", True),
        (unknown, "asked the platform team", False),
        (failed, "", True),
        (failed, "never mind", True),
    ],
)
def test_what_blocks(make: Any, accepted: str, blocks: bool) -> None:
    assert result(make("x"), accepted=accepted).blocks is blocks


def test_a_fix_and_advice() -> None:
    assert failed("e", "f", "a") == Seen(Status.FAIL, "e", "f", "a")
    assert (warned("e").fix, unknown("e").advice) == ("", "")
