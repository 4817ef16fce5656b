"""One item at a time: what is sent again, what is waited for, what fails, and what stops the run."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from cmkmigrate.engine import carry, grants
from cmkmigrate.engine.reckon import adds_up, reckon
from cmkmigrate.errors import (
    AlreadyExists,
    Anew,
    CallError,
    Denied,
    NotAllowed,
    NotYet,
    Refused,
    Stopped,
    Throttled,
    Ungranted,
    Unknown,
)
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import Asset, Entry, Event, Made, Outcome
from cmkmigrate.run.ledger import Ledger, Where
from cmkmigrate.run.schema import item
from tests.backends import seen as on_disk
from tests.engine import cloud

Run = Callable[..., list[Event]]


@pytest.fixture
def ledger(where_ci: Where) -> Ledger:
    """On both backends."""
    return Ledger.create(where_ci, {"run": "r1"})


@pytest.fixture
def target(sites: cloud.Sites) -> cloud.Site:
    return sites.sites["target"]


@pytest.fixture
def source(sites: cloud.Sites) -> cloud.Site:
    return sites.sites["source"]


def items(ledger: Ledger, kind: str) -> dict[str, Any]:
    return {row.key: row for row in ledger.rows(select(item).where(item.c.kind == kind))}


def states(ledger: Ledger, kind: str) -> Counter[str]:
    return Counter(row.state for row in items(ledger, kind).values())


def failing(error: Callable[[], Exception], kind: str, times: int, *names: str) -> Callable[[str, str], str]:
    """A fault that raises for the first `times` writes of each thing of a kind (or only of those named)."""
    seen: Counter[str] = Counter()

    def fault(of: str, name: str) -> str:
        if of == kind and (not names or name in names):
            seen[name] += 1
            if seen[name] <= times:
                raise error()
        return ""

    return fault


# sent again


@pytest.mark.parametrize("error", [Throttled, NotYet])
def test_what_was_refused_before_any_effect_is_sent_again(
    error: type[CallError], run: Run, target: cloud.Site, ledger: Ledger
) -> None:
    target.fault = failing(lambda: error("later"), "notes", 2)
    run()
    sent = Counter(name for kind, name in target.writes if kind == "notes")
    assert sent == {f"/n{n}": 3 for n in range(20)}
    assert len(target.things["notes"]) == 20
    assert states(ledger, "notes") == {"done": 20}


def test_it_is_said_what_is_waited_for(run: Run, target: cloud.Site) -> None:
    target.fault = failing(lambda: NotYet("the grant has not taken effect"), "pools", 1, "small")
    waits = [event for event in run() if event.what == "wait"]
    assert [(event.kind, event.key, event.text) for event in waits] == [
        ("pools", "small", "the grant has not taken effect")
    ]


def test_an_old_grant_is_not_waited_for(run: Run, target: cloud.Site) -> None:
    target.fault = failing(lambda: Ungranted("may not use the key"), "pools", 1, "small")
    with pytest.raises(Stopped, match="no grant is young enough"):
        run()
    assert target.writes.count(("pools", "small")) == 1
    run()
    assert target.writes.count(("pools", "small")) == 2


def test_it_waits_as_long_as_the_service_says(run: Run, target: cloud.Site) -> None:
    at: list[float] = []
    plain = failing(lambda: Throttled("slow down", retry_after=0.4), "pools", 1, "small")

    def fault(kind: str, name: str) -> str:
        if name == "small":
            at.append(time.monotonic())
        return plain(kind, name)

    target.fault = fault
    run()
    assert len(at) == 2
    assert at[1] - at[0] >= 0.4


@pytest.mark.parametrize("error", [Throttled, NotYet])
def test_it_does_not_wait_for_ever_and_a_resume_goes_on(
    error: type[CallError], run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "BUSY_S", 0.0)
    monkeypatch.setattr(grants, "GRANT_S", 0.0)
    target.fault = failing(lambda: error("later"), "pools", 99, "small")
    with pytest.raises(Stopped, match="keeps refusing"):
        run()
    assert items(ledger, "pools")["small"].state == "planned"
    target.fault = lambda kind, name: ""
    run()
    assert sorted(body["name"] for body in target.things["pools"].values()) == ["large", "small"]


def test_waiting_here_is_no_refusal(
    run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had to wait for another operation to end, and could not leave in time then, is noted anew however long."""
    monkeypatch.setattr(carry, "BUSY_S", 0.3)

    def late() -> Exception:
        time.sleep(0.5)
        return Anew("it would have left too late")

    target.fault = failing(late, "pools", 1, "small")
    run()
    assert target.writes.count(("pools", "small")) == 2
    assert states(ledger, "pools") == {"done": 2}


# not sent again


def test_a_refusal_fails_its_item_and_no_other(run: Run, target: cloud.Site, ledger: Ledger) -> None:
    target.fault = failing(lambda: Refused("too large", status=400, code="BAD"), "notes", 1, "/n3")
    run()
    assert target.writes.count(("notes", "/n3")) == 1
    row = items(ledger, "notes")["/n3"]
    assert (row.state, row.reason) == ("failed", "400 BAD: too large")
    assert states(ledger, "notes") == {"done": 19, "failed": 1}


def test_what_appeared_in_between_is_drifted(run: Run, target: cloud.Site, ledger: Ledger) -> None:
    target.fault = failing(lambda: AlreadyExists("taken", status=409), "notes", 99, "/n3")
    run()
    row = items(ledger, "notes")["/n3"]
    assert (row.state, row.tries, target.writes.count(("notes", "/n3"))) == ("drifted", 0, 1)
    assert row.reason == "appeared in the target between the plan and the write: 409: taken"
    counts = reckon(ledger)
    assert adds_up(counts)
    assert next(count for count in counts if count.kind == "notes").outcomes[Outcome.FAILED] == 1


@pytest.mark.parametrize("answer", ["lost-after", ""])
def test_what_was_made_is_ours_though_a_listing_is_old(
    answer: str, run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look for it is answered from a cache, whether the answer to the write was lost or not."""
    hidden, lost = ["small"], [answer]
    listing = cloud.Pools.list

    def old(self: Any, site: cloud.Site, *given: Any) -> Iterator[Entry]:
        found = list(listing(self, site, *given))
        if site is target and hidden and any(one.key in hidden for one in found):
            name = hidden.pop()
            return iter([one for one in found if one.key != name])
        return iter(found)

    monkeypatch.setattr(cloud.Pools, "list", old)
    target.fault = lambda kind, name: lost.pop() if name == "small" and lost else ""
    run()
    row = items(ledger, "pools")["small"]
    assert (row.state, row.ours, hidden) == ("done", 1, []), row.reason
    assert target.writes.count(("pools", "small")) == 1


def test_a_lost_answer_is_never_sent_again_without_a_look(run: Run, target: cloud.Site, ledger: Ledger) -> None:
    sent: list[int] = []

    def fault(kind: str, name: str) -> str:
        if (kind, name) != ("notes", "/n3"):
            return ""
        sent.append(sum(body["path"] == "/n3" for body in target.things["notes"].values()))
        return "lost-before" if len(sent) < 3 else "lost-after"

    target.fault = fault
    run()
    assert sent == [0, 0, 0]
    assert items(ledger, "notes")["/n3"].state == "done"


def test_what_is_lost_again_and_again_fails(run: Run, target: cloud.Site, ledger: Ledger) -> None:
    target.fault = failing(lambda: Unknown("no answer"), "notes", 99, "/n3")
    run()
    row = items(ledger, "notes")["/n3"]
    assert row.state == "failed"
    assert row.reason == f"written {carry.TRIES} times, and never there: no answer"
    assert target.writes.count(("notes", "/n3")) == carry.TRIES


def test_a_content_that_cannot_be_read_is_no_lost_write(
    run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = cloud.Notes.load

    def loaded(self: cloud.Notes, site: cloud.Site, entry: Entry) -> Asset:
        found = load(self, site, entry)

        def content() -> Iterator[bytes]:
            if entry.key == "/n3":
                raise Unknown("the answer broke off")
            yield b"text"

        return replace(found, content=content)

    monkeypatch.setattr(cloud.Notes, "load", loaded)
    run()
    row = items(ledger, "notes")["/n3"]
    assert (row.state, row.reason) == ("failed", "could not be read: the answer broke off")
    assert ("notes", "/n3") not in target.writes


# intents


def test_the_intent_and_the_original_are_on_disk_before_the_write(run: Run, target: cloud.Site, ledger: Ledger) -> None:
    seen: dict[tuple[str, str], Any] = {}

    def fault(kind: str, name: str) -> str:
        which = f"where kind = '{kind}' and key = '{name}'"
        of_item = on_disk(ledger, f'select state, "do", lands_by - at from item {which}')
        originals = on_disk(ledger, f"select path, value from original {which}")
        seen.setdefault((kind, name), (of_item, dict(originals)))
        return ""

    target.fault = fault
    run()
    for (kind, name), (of_item, _) in seen.items():
        if kind in ("pools", "notes"):
            ((state, do, left),) = of_item
            assert (state, do, 0 < left < 5) == ("intent", "create", True), (kind, name)
    assert seen["pools", "small"][1] == {"idle": "[3]"}
    assert seen["jobs", "1"][1] == {"schedule.pause": '["UNPAUSED"]'}


# what stops the run


@pytest.mark.parametrize(("allowed", "ends"), [(0, NotAllowed), (4, Stopped)])
def test_three_refusals_of_a_right_in_a_row_stop_the_run(
    allowed: int, ends: type[Exception], run: Run, target: cloud.Site, ledger: Ledger
) -> None:
    """What was never allowed lacks a right; what was allowed before has lost it, and can be resumed."""

    def fault(kind: str, name: str) -> str:
        while kind != "notes" and not target.things["notes"] and allowed:
            time.sleep(0.001)  # the first notes come first
        if kind != "notes" or len(target.things["notes"]) >= allowed:
            raise Denied("no", status=403, code="PERMISSION_DENIED")
        return ""

    target.fault = fault
    with pytest.raises(ends, match=r"^[3-7] requests in a row were refused for lack of rights") as caught:
        run()
    assert caught.value.why == "403 PERMISSION_DENIED: no"
    assert "--retry-failed" in caught.value.next
    assert states(ledger, "notes")["failed"] < 20
    target.fault = lambda kind, name: ""
    run(retry_failed=True)
    assert states(ledger, "notes") == {"done": 20}
    assert len(target.things["notes"]) == 20


def test_two_refusals_of_a_right_do_not(run: Run, target: cloud.Site, ledger: Ledger) -> None:
    target.fault = failing(lambda: Denied("no", status=403), "notes", 1, "/n1", "/n12")
    run()
    assert states(ledger, "notes") == {"done": 18, "failed": 2}


def unreadable(monkeypatch: pytest.MonkeyPatch, *keys: str, error: Callable[[], Exception]) -> None:
    load = cloud.Notes.load

    def broken(self: cloud.Notes, site: Any, entry: Entry) -> Asset:
        if not keys or entry.key in keys:
            raise error()
        return load(self, site, entry)

    monkeypatch.setattr(cloud.Notes, "load", broken)


def test_five_unreadable_answers_in_a_row_stop_the_run(
    run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        unreadable(broken, error=lambda: Unknown("no answer", status=503))
        with pytest.raises(Stopped) as caught:
            run()
    assert (caught.value.what, caught.value.why) == ("the service does not answer", "503: no answer")
    assert carry.UNREADABLE == 5
    assert states(ledger, "notes")["failed"] <= 4, "one by itself, while others could be read"
    assert target.things["notes"] == {}
    run(retry_failed=True)
    assert states(ledger, "notes") == {"done": 20}


def test_those_that_stop_the_run_have_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was the service: `resume` takes them up again, without --retry-failed."""
    monkeypatch.setattr(carry, "end", lambda *_, **__: True)
    written: list[dict[str, Any]] = []
    board = SimpleNamespace(ledger=SimpleNamespace(set_item=written.append))
    task: Any = SimpleNamespace(board=board, kind=SimpleNamespace(at="workspace"))
    carrier = carry.Carrier(lambda: None)
    key = {"step": "s", "kind": "notes", "side": "both"}
    rows = [SimpleNamespace(**key, key=str(number), state="planned", reason="") for number in range(5)]
    for row in rows[:4]:
        assert carrier._unread(task, row, Unknown("no answer")) and not written
    with pytest.raises(Stopped):
        carrier._unread(task, rows[4], Unknown("no answer"))
    assert [(one["key"], one["state"]) for one in written] == [(str(number), "planned") for number in range(5)]


def test_four_unreadable_answers_do_not(run: Run, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable(monkeypatch, "/n1", "/n2", "/n3", "/n4", error=lambda: Unknown("no answer"))
    run()
    assert states(ledger, "notes") == {"done": 16, "failed": 4}
    assert items(ledger, "notes")["/n2"].reason == "could not be read: no answer"


def test_what_may_not_be_read_fails_with_its_reason(run: Run, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable(monkeypatch, "/n1", error=lambda: Refused("bad", status=400))
    run()
    assert items(ledger, "notes")["/n1"].reason == "could not be read: 400: bad"


# updates and settling


def test_an_update_that_does_not_converge_fails_after_its_tries(
    run: Run, source: cloud.Site, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.things["jobs"] = {"2": source.things["jobs"]["2"]}
    updates: list[str] = []
    monkeypatch.setattr(target, "change", lambda kind, id, body: updates.append(f"{kind} {body.get('pinned')}"))
    run()
    row = items(ledger, "jobs")["2"]
    assert (row.state, row.reason) == ("failed", f"written {carry.TRIES} times, and still differs in pinned")
    assert updates[: carry.TRIES] == ["jobs True"] * carry.TRIES
    assert updates.count("jobs True") == carry.TRIES
    assert len(target.things["jobs"]) == 1


def shared(
    source: cloud.Site, monkeypatch: pytest.MonkeyPatch, *, arrives: bool
) -> tuple[list[str], list[str], list[carry.Carrier]]:
    """Let a list of twenty be written with a request for each that is missing, of which every fifth is lost (all of
    them, where nothing arrives); what is in the target, what was requested, and who carries it."""
    everybody = [f"user {number:02}" for number in range(20)]
    source.things["jobs"] = {"1": source.things["jobs"]["1"]}
    source.things["acls"] = {"1": {"who": everybody}}
    there: list[str] = []
    asked: list[str] = []
    used: list[carry.Carrier] = []

    def update(self: Kind, site: cloud.Site, want: Asset, have: Asset) -> Made | None:
        assert want.body is not None and have.body is not None
        for name in [name for name in want.body["who"] if name not in have.body["who"]]:
            asked.append(name)
            if len(asked) % 5 == 0 or not arrives:
                raise Unknown("no answer")
            there.append(name)
            site.things["acls"][have.id] = {"who": list(there)}
        return None

    monkeypatch.setattr(cloud.Acls, "update", update)
    begin = carry.Carrier.__init__

    def begun(self: carry.Carrier, guard: Any) -> None:
        begin(self, guard)
        used.append(self)

    monkeypatch.setattr(carry.Carrier, "__init__", begun)
    return there, asked, used


def test_an_update_of_many_requests_goes_on_as_long_as_it_comes_further(
    run: Run, source: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, asked, used = shared(source, monkeypatch, arrives=True)
    run()
    (row,) = items(ledger, "acls").values()
    assert (row.state, len(there), len(asked)) == ("done", 20, 24), row.reason
    assert [one._further for one in used] == [{}], "what was kept of it is not kept for ever"


def test_what_comes_no_further_fails_after_its_tries(
    run: Run, source: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, asked, used = shared(source, monkeypatch, arrives=False)
    run()
    (row,) = items(ledger, "acls").values()
    assert (row.state, row.reason) == ("failed", f"written {carry.TRIES} times, and still differs in who")
    assert len(asked) == carry.TRIES
    assert [one._further for one in used] == [{}]


def test_what_shows_another_state_each_time_does_not_go_on_for_ever(
    run: Run, source: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared(source, monkeypatch, arrives=True)
    times: list[str] = []

    def update(self: Kind, site: cloud.Site, want: Asset, have: Asset) -> Made | None:
        times.append(have.id)
        site.things["acls"][have.id] = {"who": [f"somebody {len(times)}"]}
        raise Unknown("no answer")

    monkeypatch.setattr(cloud.Acls, "update", update)
    run()
    (row,) = items(ledger, "acls").values()
    assert row.state == "failed" and len(times) == carry.MOST_TRIES
    assert row.reason == f"written {carry.MOST_TRIES} times, and still differs in who"


def test_what_is_not_usable_yet_is_waited_for_and_made_once(
    run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[str] = Counter()

    def settle(self: Kind, site: cloud.Site, asset: Asset, made: Made) -> None:
        seen[asset.key] += 1
        if asset.key == "small" and seen["small"] < 4:
            raise NotYet("still starting")

    monkeypatch.setattr(cloud.Pools, "settle", settle)
    events = run()
    assert seen == {"small": 4, "large": 2}  # what is made is looked at again
    assert target.writes.count(("pools", "small")) == 1
    assert items(ledger, "pools")["small"].state == "done"
    assert [event.text for event in events if event.what == "wait"] == ["still starting"] * 3


def test_what_never_becomes_usable_fails(run: Run, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(self: Kind, site: cloud.Site, asset: Asset, made: Made) -> None:
        raise Refused("out of capacity")

    monkeypatch.setattr(cloud.Pools, "settle", settle)
    run()
    assert items(ledger, "pools")["small"].reason == "made, but did not become usable: out of capacity"


def test_too_many_requests_while_settling_are_waited_for(
    run: Run, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[str] = Counter()

    def settle(self: Kind, site: cloud.Site, asset: Asset, made: Made) -> None:
        seen[asset.key] += 1
        if asset.key == "small" and seen["small"] < 3:
            raise Throttled("slowly")

    monkeypatch.setattr(cloud.Pools, "settle", settle)
    run()
    assert seen == {"small": 3, "large": 2}
    assert items(ledger, "pools")["small"].state == "done"


def test_what_could_not_be_settled_is_settled_when_it_is_tried_again(
    run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[str] = []

    def settle(self: Kind, site: cloud.Site, asset: Asset, made: Made) -> None:
        settled.append(asset.key)
        if settled.count("small") == 1 and asset.key == "small":
            raise Refused("cannot be stopped now")

    monkeypatch.setattr(cloud.Pools, "settle", settle)
    run()
    assert items(ledger, "pools")["small"].state == "failed"
    settled.append("again")
    run(retry_failed=True)
    assert settled[settled.index("again") + 1 :] == ["small"], "it is there, and may be running"
    assert items(ledger, "pools")["small"].state == "done" and len(target.things["pools"]) == 2


def test_settling_is_taken_up_after_a_kill(
    run: Run, target: cloud.Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[str] = []

    def settle(self: Kind, site: cloud.Site, asset: Asset, made: Made) -> None:
        settled.append(made.id)
        if len(settled) == 1:
            raise cloud.Died

    monkeypatch.setattr(cloud.Pools, "settle", settle)
    with pytest.raises(cloud.Died):
        run()
    run()
    assert len(target.things["pools"]) == 2
    assert set(settled) == set(target.things["pools"])
    assert settled.count(settled[0]) == 2


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() <= before
