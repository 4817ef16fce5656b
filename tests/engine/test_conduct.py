"""Kinds side by side, items in rounds: what waits for what, and that nothing waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from cmkmigrate import playbook
from cmkmigrate.engine import conduct
from cmkmigrate.engine.apply import another_pass, apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.observe import Board
from cmkmigrate.errors import Denied, NotAllowed, NotFound, Refused, Stopped, Unknown
from cmkmigrate.kinds.base import Kind
from cmkmigrate.model import Asset, Body, Entry, Event, Made, Reference
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from tests.engine import cloud
from tests.engine.conftest import TEXT

Run = Callable[..., list[Event]]
LONG_S = 120.0


@pytest.fixture
def target(sites: cloud.Sites) -> cloud.Site:
    return sites.sites["target"]


class Unbreakable(cloud.Jobs):
    """Jobs in a cycle of which none can be made first."""

    refs: ClassVar = (Reference("after[*]", ("jobs",)),)
    deferred: ClassVar = ()


def carried(kinds: Iterable[Kind], sites: cloud.Sites, ledger: Ledger, **more: Any) -> list[Event]:
    """Apply with other kinds."""
    named = {kind.name: kind for kind in kinds}
    book = playbook.parse(TEXT, "contents.yaml", named)
    migration = Migration(book, playbook.fill_params(book, {}), named, sites)
    return list(apply(migration, ledger, confirm={}, **more))


def test_a_kind_waits_for_what_it_refers_to(run: Run, target: cloud.Site) -> None:
    run()
    order = [kind for kind, _ in target.writes]
    last_pool = max(at for at, kind in enumerate(order) if kind == "pools")
    assert last_pool < order.index("jobs") < order.index("acls")


def test_kinds_that_need_nothing_of_each_other_go_side_by_side(run: Run, target: cloud.Site) -> None:
    noted, pooled = threading.Event(), threading.Event()

    def fault(kind: str, name: str) -> str:
        if kind == "pools":
            pooled.set()
            assert noted.wait(LONG_S), "pools were made and no note was"
        elif (kind, name) == ("notes", "/n0"):
            noted.set()
            assert pooled.wait(LONG_S), "a note was made and no pool was"
        return ""

    target.fault = fault
    run()


def test_no_kind_stands_behind_another(
    sites: cloud.Sites, ledger: Ledger, target: cloud.Site, migration: Migration
) -> None:
    pooled = threading.Event()

    def fault(kind: str, name: str) -> str:
        if kind == "pools":
            pooled.set()
        elif kind == "notes":
            assert pooled.wait(LONG_S), "a pool waited for a note to be done"
        return ""

    target.fault = fault
    carried(cloud.KINDS.values(), sites, ledger, parallelism=1)


class Described(cloud.Pools):
    """Pools with a field that an update sets after their making."""

    deferred: ClassVar = ("text",)

    def create(self, site: cloud.Site, asset: Asset) -> Made:
        assert asset.body is not None
        return Made(site.make("pools", asset.key, {name: v for name, v in asset.body.items() if name != "text"}))


def test_a_kind_waits_until_what_it_refers_to_is_made_and_no_longer(
    sites: cloud.Sites, ledger: Ledger, target: cloud.Site, migration: Migration
) -> None:
    for body in sites.sites["source"].things["pools"].values():
        body["text"] = "described"
    made = threading.Event()

    def fault(kind: str, name: str) -> str:
        if kind == "jobs":
            made.set()
        elif kind == "pools" and name in target.things["pools"]:  # the update, which names it by its id
            assert made.wait(LONG_S), "the jobs waited for what the pools are told after their making"
        return ""

    target.fault = fault
    carried([Described(), cloud.Jobs(), cloud.Acls(), cloud.Notes()], sites, ledger)
    assert [body["text"] for body in target.things["pools"].values()] == ["described"] * 2


def test_an_error_is_noticed_while_another_item_still_waits(
    sites: cloud.Sites, ledger: Ledger, target: cloud.Site, migration: Migration
) -> None:
    stopped = threading.Event()
    boards: list[Board] = []

    def fault(kind: str, name: str) -> str:
        if (kind, name) == ("notes", "/n0"):
            stopped.set() if boards[0].stop.wait(LONG_S) else None
        elif (kind, name) == ("notes", "/n1"):
            raise cloud.Died
        return ""

    target.fault = fault
    with pytest.raises(cloud.Died):
        carried(cloud.KINDS.values(), sites, ledger, parallelism=2, board_out=boards)
    assert stopped.is_set(), "the first item of the round had to end before the error of the second was seen"


def test_parts_follow_what_is_there_while_the_rest_is_made(run: Run, target: cloud.Site) -> None:
    followed = threading.Event()

    def fault(kind: str, name: str) -> str:
        if kind == "acls":
            followed.set()
        elif kind == "jobs" and name == "5":
            assert followed.wait(LONG_S), "no ACL was set before the last job was made"
        return ""

    target.fault = fault
    run()
    assert followed.is_set()


@pytest.mark.parametrize(
    ("error", "ends"), [(Unknown("no answer"), Stopped), (NotFound("gone"), Stopped), (Denied("no"), NotAllowed)]
)
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_listing_that_cannot_be_read_ends_the_run_and_is_never_empty(
    side: str, error: Exception, ends: type[Exception], run: Run, sites: cloud.Sites, ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def listing(self: cloud.Pools, site: cloud.Site, settings: Any, listed: Any) -> Iterable[Entry]:
        if site.name == side:
            raise error
        return iter(())

    with monkeypatch.context() as broken:
        broken.setattr(cloud.Pools, "list", listing)
        with pytest.raises(ends) as caught:
            run()
    assert getattr(caught.value, "subject", "") == f"pools of the {side}"
    assert {kind for kind, _ in sites.sites["target"].writes} <= {"notes"}
    run()
    assert len(sites.sites["target"].things["jobs"]) == 6


def test_the_first_error_is_told_after_all_have_stopped(run: Run, target: cloud.Site) -> None:
    def fault(kind: str, name: str) -> str:
        if (kind, name) == ("pools", "small"):
            raise cloud.Died
        return ""

    target.fault = fault
    with pytest.raises(cloud.Died):
        run()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(("kind-", *cloud.KINDS))] == []
    assert "jobs" not in {kind for kind, _ in target.writes}


def test_a_cycle_without_a_placeholder_is_blocked_and_the_rest_arrives(sites: cloud.Sites, ledger: Ledger) -> None:
    carried((cloud.Pools(), Unbreakable(), cloud.Notes()), sites, ledger)
    rows = {row.key: row for row in ledger.rows(select(item).where(item.c.kind == "jobs"))}
    assert {key: rows[key].reason for key in "34"} == dict.fromkeys("34", "waits for something that was never made")
    assert {rows[key].state for key in "1256"} == {"done"}


def test_only_one_of_a_cycle_is_made_with_a_placeholder(run: Run, target: cloud.Site) -> None:
    made: dict[str, Body] = {}
    make = target.make

    def keeping(kind: str, name: str, body: Body) -> str:
        if kind == "jobs":
            made[name] = body
        return make(kind, name, body)

    target.make = keeping  # type: ignore[method-assign]
    run()
    assert sorted([made["3"]["after"] == [0], made["4"]["after"] == [0]]) == [False, True]
    assert all(made[key].get("after", []) != [0] for key in ("5", "6"))


def test_what_is_in_a_cycle_and_what_only_waits_for_one() -> None:
    waits = {"a": "b", "b": "c", "c": "b", "d": "d", "e": "a", "f": "gone"}
    assert list(conduct.cycles(waits)) == [["b", "c"], ["d"]]
    assert list(conduct.cycles({})) == []


def twice(ledger: Ledger, run: Run, target: cloud.Site) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The jobs of a first pass, and what a second one writes."""
    run()
    rows = {row.key: row for row in ledger.rows(select(item).where(item.c.kind == "jobs"))}
    first = len(target.writes)
    another_pass(ledger)
    run()
    for row in ledger.rows(select(item).where(item.c.kind == "jobs")):
        assert row.state == rows[row.key].state
        assert row.state == "done" or row.reason == rows[row.key].reason
    return rows, target.writes[first:]


@pytest.mark.parametrize("gone", [{"after": [77]}, {"pool": "gone"}, {"after": [7]}])
@pytest.mark.parametrize(("bad", "other"), ["34", "43"])
def test_nothing_is_made_of_a_cycle_of_which_one_cannot_be(
    bad: str, other: str, gone: dict[str, Any], run: Run, sites: cloud.Sites, target: cloud.Site, ledger: Ledger
) -> None:
    """Whichever comes first by its key, and though what it waits for is looked at before what it cannot have."""
    source = sites.sites["source"].things["jobs"]
    source[bad] |= {**gone, "after": [int(other), *gone.get("after", [])]}
    source["10"] = {"name": "runs a ring", "after": [3]}
    rows, again = twice(ledger, run, target)
    assert {key: rows[key].state for key in ("3", "4", "10")} == dict.fromkeys(("3", "4", "10"), "blocked")
    assert rows[other].reason == f"after[*] refers to jobs '{bad}', which is blocked: {rows[bad].reason}"
    assert {"ring a", "ring b", "runs a ring"}.isdisjoint(body["name"] for body in target.things["jobs"].values())
    assert again == []


def test_the_reason_is_the_first_one_in_whatever_order_things_become_known(
    run: Run, sites: cloud.Sites, target: cloud.Site, ledger: Ledger
) -> None:
    """The first reference waits while the second is known to lead nowhere."""
    source = sites.sites["source"].things["jobs"]
    source["30"] = {"name": "runs two", "after": [31, 77]}
    source["31"] = {"name": "has no pool", "pool": "gone"}
    rows, again = twice(ledger, run, target)
    assert rows["30"].reason == f"after[*] refers to jobs '31', which is blocked: {rows['31'].reason}"
    assert again == []


def test_what_the_service_refuses_of_a_cycle_is_said_of_what_was_made_for_it(
    run: Run, target: cloud.Site, ledger: Ledger
) -> None:
    make = target.make

    def refusing(kind: str, name: str, body: Body) -> str:
        if (kind, name) == ("jobs", "4"):
            target.writes.append((kind, name))
            raise Refused("no", status=400)
        return make(kind, name, body)

    target.make = refusing  # type: ignore[method-assign]
    rows, again = twice(ledger, run, target)
    assert rows["4"].state == "failed" and again == [("jobs", "4")], "what was refused is tried again, and nothing else"
    assert rows["3"].state == "blocked"
    assert rows["3"].reason.startswith("after[*] refers to jobs '4', which is failed: ")
    assert rows["3"].reason.endswith("; the target has it with nothing in that place")
    target.make = make  # type: ignore[method-assign]
    run(retry_failed=True)
    made = {body["name"]: (int(id), body["after"]) for id, body in target.things["jobs"].items() if "after" in body}
    assert made["ring a"][1] == [made["ring b"][0]] and made["ring b"][1] == [made["ring a"][0]]


def test_what_is_there_never_gets_a_placeholder(
    run: Run, sites: cloud.Sites, target: cloud.Site, ledger: Ledger
) -> None:
    """A job that comes to run a new cycle waits until it is there; it comes first by its key."""
    run()
    jobs = sites.sites["source"].things["jobs"]
    jobs["1"]["after"] = [21]
    jobs |= {"21": {"name": "new a", "after": [22]}, "22": {"name": "new b", "after": [21]}}
    written: list[Body] = []
    change = target.change

    def keeping(kind: str, id: str, body: Body) -> None:
        written.append(body)
        change(kind, id, body)

    target.change = keeping  # type: ignore[method-assign]
    another_pass(ledger)
    run()
    assert sorted(body["name"] for body in written) == ["new a", "twin"]
    assert [0] not in [body["after"] for body in written]


def test_a_chain_needs_no_update(run: Run, target: cloud.Site) -> None:
    updates: list[str] = []
    change = target.change

    def keeping(kind: str, id: str, body: Body) -> None:
        if kind == "jobs":
            updates.append(body["name"])
        change(kind, id, body)

    target.change = keeping  # type: ignore[method-assign]
    run()
    assert len(updates) == 2
    assert set(updates) & {"chain", "link"} == set()


def test_more_items_than_places_all_come_through(sites: cloud.Sites, ledger: Ledger) -> None:
    source = sites.sites["source"]
    source.things["notes"] = {str(n): {"path": f"/n{n}", "at": 1, "text": str(n)} for n in range(120)}
    under_way, most = [0], [0]
    lock = threading.Lock()
    make = sites.sites["target"].make

    def counting(kind: str, name: str, body: Body) -> str:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        try:
            return make(kind, name, body)
        finally:
            with lock:
                under_way[0] -= 1

    sites.sites["target"].make = counting  # type: ignore[method-assign]
    carried((cloud.Notes(),), sites, ledger, parallelism=3)
    assert len(sites.sites["target"].things["notes"]) == 120
    assert most[0] <= 3


# the stream


def board(migration: Migration, scratch: Ledger) -> Board:
    return Board(migration, scratch, {})


def test_the_stream_tells_what_happens_and_then_raises(migration: Migration) -> None:
    with Ledger.scratch() as scratch:
        made = board(migration, scratch)

        def work() -> None:
            made.tell("note", text="one")
            made.tell("note", text="two")
            raise NotFound("gone")

        seen = []
        with pytest.raises(NotFound, match="gone"):
            for event in conduct.stream(made, work):
                seen.append(event.text)
        assert seen == ["one", "two"]


def test_who_stops_listening_stops_the_run(migration: Migration) -> None:
    with Ledger.scratch() as scratch:
        made = board(migration, scratch)
        ended = threading.Event()

        def work() -> None:
            made.tell("note")
            assert made.stop.wait(LONG_S)
            ended.set()

        for _ in conduct.stream(made, work):
            break
        assert ended.wait(LONG_S)


def test_a_run_that_is_stopped_goes_on_where_it_was(
    migration: Migration, ledger: Ledger, run: Run, target: cloud.Site
) -> None:
    boards: list[Board] = []

    def fault(kind: str, name: str) -> str:
        boards[0].stop.set()
        return ""

    target.fault = fault
    with pytest.raises(Stopped, match="stopped in good order") as caught:
        list(apply(migration, ledger, confirm={}, parallelism=4, board_out=boards))
    assert str(ledger.directory) in caught.value.next
    assert len(target.writes) <= 8
    assert ledger.unfinished()
    target.fault = lambda kind, name: ""
    run()
    assert not ledger.unfinished()
    assert (len(target.things["jobs"]), len(target.things["notes"])) == (6, 20)
