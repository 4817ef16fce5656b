"""What is decided about references: an entry of a list that points at nothing is left out, the rest is made."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from cmkmigrate import playbook
from cmkmigrate.engine.apply import apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.errors import Refused
from cmkmigrate.model import Asset, Body, Entry, Event, Made, Reference
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from tests.engine import cloud
from tests.engine.conftest import TEXT


class Teams(cloud.Pools):
    """Groups, as it were: their members are pools, by id."""

    name = "teams"
    refs: ClassVar = (Reference("members[*].value", ("pools",), missing="drop"),)
    arriving: ClassVar = {}

    def create(self, site: cloud.Site, asset: Asset) -> Made:
        assert asset.body is not None
        return Made(site.make("teams", asset.key, asset.body))


@pytest.fixture
def teams(sites: cloud.Sites, monkeypatch: pytest.MonkeyPatch) -> cloud.Site:
    for site in sites.sites.values():
        site.things["teams"] = {}
    sites.sites["source"].things["teams"] = {
        "t1": {"name": "all", "members": [{"value": "p1"}, {"value": "p2"}, {"value": "gone"}]}
    }
    return sites.sites["target"]


def carried(sites: cloud.Sites, ledger: Ledger, **more: Any) -> list[Event]:
    kinds = {"pools": cloud.Pools(), "teams": Teams()}
    book = playbook.parse(TEXT, "contents.yaml", kinds)
    migration = Migration(book, playbook.fill_params(book, {}), kinds, sites)
    return list(apply(migration, ledger, confirm={}, parallelism=2, **more))


def members(target: cloud.Site) -> list[str]:
    (team,) = target.things["teams"].values()
    return [target.things["pools"][one["value"]]["name"] for one in team["members"]]


def row(ledger: Ledger) -> Any:
    return ledger.first(select(item).where(item.c.kind == "teams"))


def test_what_the_source_does_not_have_is_left_out(sites: cloud.Sites, teams: cloud.Site, ledger: Ledger) -> None:
    carried(sites, ledger)
    assert members(teams) == ["small", "large"]
    said = json.loads(row(ledger).notes)
    assert said == ["'gone' is left out: it refers to pools 'gone', which the source does not have"]


def test_what_did_not_arrive_is_left_out(sites: cloud.Sites, teams: cloud.Site, ledger: Ledger) -> None:
    def fault(kind: str, name: str) -> str:
        if (kind, name) == ("pools", "large"):
            raise Refused("too large", status=400)
        return ""

    teams.fault = fault
    carried(sites, ledger)
    assert members(teams) == ["small"]
    assert row(ledger).state == "done"
    said = json.loads(row(ledger).notes)
    assert said[0] == "'p2' is left out: it refers to pools 'large', which is failed: 400: too large"
    assert len(said) == 2


def test_what_arrives_after_all_is_put_in_by_a_retry(sites: cloud.Sites, teams: cloud.Site, ledger: Ledger) -> None:
    """What was made without it is looked at again, and not what failed alone."""

    def fault(kind: str, name: str) -> str:
        if (kind, name) == ("pools", "large"):
            raise Refused("too large", status=400)
        return ""

    teams.fault = fault
    carried(sites, ledger)
    teams.fault = lambda kind, name: ""
    carried(sites, ledger, retry_failed=True)
    assert members(teams) == ["small", "large"]
    assert len(json.loads(row(ledger).notes)) == 1


class Boxes(cloud.Pools):
    """Each may be in another one; the inner one's name comes first."""

    name = "boxes"
    arriving: ClassVar = {}

    def _entry(self, id: str, body: Body) -> Entry:
        of = ("boxes", body["in"]) if body.get("in") else None
        return Asset(id, body["name"], body["name"], of=of, body=body)

    def create(self, site: cloud.Site, asset: Asset) -> Made:
        assert asset.body is not None
        return Made(site.make("boxes", asset.key, asset.body))


@pytest.mark.parametrize(
    ("said", "made"), [({"exclude": ["z"]}, ["z"]), ({"include": ["a"]}, ["z", "a"]), ({}, ["z", "a", "b"])]
)
def test_a_thing_waits_for_the_fate_of_what_it_is_in(
    said: dict[str, Any], made: list[str], sites: cloud.Sites, ledger: Ledger
) -> None:
    """Also where the target has that one already: it is not known yet whether it is left out."""
    kinds = {"boxes": Boxes()}
    for site in sites.sites.values():
        site.things["boxes"] = {"99": {"name": "z"}}
    sites.sites["source"].things["boxes"] |= {"2": {"name": "a", "in": "z"}, "3": {"name": "b", "in": "z"}}
    text = f"{TEXT}    {json.dumps(said)[1:-1]}\n" if said else TEXT
    book = playbook.parse(text, "contents.yaml", kinds)
    list(apply(Migration(book, playbook.fill_params(book, {}), kinds, sites), ledger, confirm={}, parallelism=1))
    assert sorted(one["name"] for one in sites.sites["target"].things["boxes"].values()) == sorted(made)
