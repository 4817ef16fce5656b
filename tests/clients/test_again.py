"""Reading again: which errors, how often, how long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cmkmigrate.clients.again import ATTEMPTS, FIRST_S, RETRY_AFTER_CAP_S, read_again, retry_after, seconds
from cmkmigrate.errors import CallError, Denied, NotFound, Throttled, Unknown


def failing(*errors: CallError) -> tuple[Callable[[], str], list[CallError]]:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "read"

    return call, left


def test_until_it_is_read() -> None:
    slept: list[float] = []
    call, left = failing(Unknown("lost"), Throttled("slow", retry_after=3), Throttled("slow", retry_after=3600))
    assert read_again(call, sleep=slept.append) == "read"
    assert not left
    assert slept[0] >= FIRST_S and slept[1] >= 3 and slept[2] == RETRY_AFTER_CAP_S


@pytest.mark.parametrize("error", [Denied("no"), NotFound("none")])
def test_a_refusal_is_final(error: CallError) -> None:
    call, left = failing(error, Unknown("never reached"))
    with pytest.raises(type(error)):
        read_again(call, sleep=lambda _: None)
    assert len(left) == 1


def test_the_last_error_is_raised() -> None:
    call, left = failing(*(Unknown(str(number)) for number in range(20)))
    with pytest.raises(Unknown, match=str(ATTEMPTS - 1)):
        read_again(call, sleep=lambda _: None)
    assert len(left) == 20 - ATTEMPTS


def test_seconds() -> None:
    assert [seconds(text) for text in ("3", "0.5", None, "", "-2", "tomorrow", "3600")] == [3, 0.5, 0, 0, 0, 0, 120]
    assert [seconds(text) for text in ("nan", "inf")] == [0, 0]


@pytest.mark.parametrize(
    ("date", "wanted"),
    [
        ("Sat, 01 Jan 2000 00:00:00 GMT", 30),
        ("Sat, 01 Jan 2000 00:00:40 GMT", 0),
        ("Fri, 31 Dec 1999 00:00:00 GMT", RETRY_AFTER_CAP_S),
        ("soon", 0),
        (None, 0),
    ],
)
def test_a_date_counts_from_the_date_of_its_answer(date: str | None, wanted: float) -> None:
    headers = {"Retry-After": "Sat, 01 Jan 2000 00:00:30 GMT", **({"Date": date} if date else {})}
    assert retry_after(headers) == wanted
