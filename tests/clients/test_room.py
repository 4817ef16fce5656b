"""Few hold a large body at a time, each until its item is done; and nothing waits for ever."""

from __future__ import annotations

import threading

import pytest

from cmkmigrate.clients import room

LONGEST_S = 120.0


def crowd(number: int, size: int, held: threading.Event) -> tuple[list[threading.Thread], list[int]]:
    """So many items that each want room for `size`, and keep it until `held` is set; who has been given it."""
    given: list[int] = []

    def carry(at: int) -> None:
        with room.for_item():
            room.wanted(size)
            room.wanted(size)  # the next block of the same: one place is enough
            given.append(at)
            held.wait(LONGEST_S)

    threads = [threading.Thread(target=carry, args=(at,)) for at in range(number)]
    for one in threads:
        one.start()
    return threads, given


def ended(threads: list[threading.Thread]) -> None:
    for one in threads:
        one.join(LONGEST_S)
    assert not any(one.is_alive() for one in threads)


def test_few_at_a_time_and_all_in_the_end() -> None:
    held = threading.Event()
    threads, given = crowd(3 * room.PLACES, room.LARGE + 1, held)
    while len(given) < room.PLACES:
        pass
    assert not room._places.acquire(timeout=0.2) and len(given) == room.PLACES
    held.set()
    ended(threads)
    assert sorted(given) == list(range(3 * room.PLACES))
    for _ in range(room.PLACES):
        assert room._places.acquire(blocking=False), "all places were given back"
    room._places.release(room.PLACES)


def test_what_is_small_waits_for_nobody() -> None:
    held = threading.Event()
    threads, given = crowd(3 * room.PLACES, room.LARGE, held)
    while len(given) < 3 * room.PLACES:
        pass
    held.set()
    ended(threads)


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE_S", 0.05)
    held = threading.Event()
    threads, given = crowd(3 * room.PLACES, room.LARGE + 1, held)
    while len(given) < 3 * room.PLACES:  # they go on without a place
        pass
    held.set()
    ended(threads)
    assert room._places.acquire(blocking=False), "and give back none that they did not have"
    room._places.release()


def test_outside_of_an_item_nothing_waits() -> None:
    for _ in range(3 * room.PLACES):
        room.wanted(room.LARGE + 1)
    assert room._places.acquire(blocking=False)
    room._places.release()
