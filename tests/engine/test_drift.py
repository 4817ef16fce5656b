"""Who has changed a thing since the last pass is told right, for things with a version and for things without one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from cmkmigrate.engine import drift
from cmkmigrate.engine.apply import another_pass
from cmkmigrate.kinds import discover
from cmkmigrate.model import Do, Event, State
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from tests.engine import cloud

POOLS = discover()["instance_pools"]


def row(**more: Any) -> Any:
    usual = {"state": State.PLANNED, "do": "", "source_hint": "=s", "target_hint": "=t"}
    return SimpleNamespace(**usual | more)


def entry(hint: str = "") -> Any:
    return SimpleNamespace(hint=hint)


@pytest.mark.parametrize(
    ("item", "hints", "bodies", "said"),
    [
        (row(), ("", ""), ("=new", "=t"), ""),
        (row(), ("", ""), ("=s", "=other"), drift.EDITED),
        (row(), ("", ""), ("=new", "=other"), drift.BOTH),
        (row(target_hint=""), ("", ""), ("=new", "=other"), ""),  # never seen after it was written
        (row(source_hint="1", target_hint="8"), ("2", "8"), ("", ""), ""),
        (row(source_hint="1", target_hint="8"), ("1", "9"), ("", ""), drift.EDITED),
        (row(source_hint="1", target_hint="8"), ("2", "9"), ("", ""), drift.BOTH),
        (row(source_hint=""), ("", ""), ("=s", "=other"), ""),  # never done
        (row(do=Do.UPDATE), ("", ""), ("=s", "=other"), ""),  # this pass has written it
        (row(state=State.MADE), ("", ""), ("=s", "=other"), ""),
    ],
)
def test_who_it_was(item: Any, hints: tuple[str, str], bodies: tuple[str, str], said: str) -> None:
    assert drift.who(POOLS, item, entry(hints[0]), entry(hints[1]), *bodies) == said


def test_a_body_has_a_version_where_the_vendor_gives_none() -> None:
    one, other = ({"instance_pool_name": "a", "max_capacity": most} for most in (1, 2))
    made = drift.by_body(POOLS, entry(), one)
    assert made.startswith(drift.MARK) and made == drift.by_body(POOLS, entry(), dict(one))
    assert made != drift.by_body(POOLS, entry(), other)
    assert drift.by_body(POOLS, entry("version 1"), one) == ""
    assert drift.by_body(POOLS, entry(), one, None) == "", "a body does not say what the content is"
    assert made != drift.by_body(POOLS, entry(), one, "a digest") != drift.by_body(POOLS, entry(), one, "another")


def test_nothing_is_computed_from_a_secret() -> None:
    assert drift.by_body(discover()["secrets"], entry(), {"scope": "a", "key": "b"}) == ""


@pytest.mark.parametrize("kind", ["workspaces", "likeness", "disk_probe"])
def test_what_the_playbook_says_how_it_shall_be_is_not_followed(kind: str) -> None:
    assert not drift.followed(discover()[kind])


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_content_without_a_version_is_followed_too(
    overwrite: bool, run: Callable[..., list[Event]], sites: cloud.Sites, ledger: Ledger
) -> None:
    """The source's listing says no time: what somebody wrote in the target is told from what the source changed."""
    source, target = (sites.sites[side] for side in ("source", "target"))
    for body in source.things["notes"].values():
        body["at"] = ""
    run()
    notes = {body["path"]: body for body in target.things["notes"].values()}
    notes["/n1"]["text"] = notes["/n3"]["text"] = "theirs"
    for number in "23":
        source.things["notes"][number]["text"] = "newer"
    another_pass(ledger)
    first = len(target.writes)
    run(overwrite=overwrite)
    rows = {row.key: row for row in ledger.rows(select(item).where(item.c.kind == "notes"))}
    odd = {key: row.reason.partition(",")[0] for key, row in rows.items() if row.state == "drifted"}
    assert odd == ({} if overwrite else {"/n1": drift.EDITED, "/n3": drift.BOTH})
    there = {body["path"]: body["text"] for body in target.things["notes"].values()}
    wanted = {"/n1": "text 1", "/n2": "newer", "/n3": "newer"} if overwrite else {"/n2": "newer"}
    assert {key: there[key] for key in ("/n1", "/n2", "/n3")} == {"/n1": "theirs", "/n3": "theirs"} | wanted
    assert len(target.writes) - first == len(wanted)


@pytest.mark.parametrize("kind", discover())
def test_an_update_in_several_requests_is_known_as_one(kind: str) -> None:
    """After one of them was refused, what differs in the target may be our own."""
    one = discover()[kind]
    text = inspect.getsource(type(one).update)
    if one.at == "workspace" and drift.followed(one):
        assert one.one_write == (text.count("site.write(") < 2)
