"""What carries no marker is known by its name and its body, also while it refers to nothing yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cmkmigrate import playbook
from cmkmigrate.engine.apply import apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.model import Asset, Made
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from tests.engine import cloud
from tests.engine.conftest import TEXT


class Full(cloud.Jobs):
    """Jobs that have no room for a marker."""

    def create(self, site: cloud.Site, asset: Asset) -> Made:
        assert asset.body is not None
        return Made(site.make("jobs", asset.key, {key: value for key, value in asset.body.items() if key != "tags"}))

    def update(self, site: cloud.Site, want: Asset, have: Asset) -> Made | None:
        assert want.body is not None
        site.change("jobs", have.id, {key: value for key, value in want.body.items() if key != "tags"})
        return None


RINGS: list[dict[str, Any]] = [
    {"3": {"name": "itself", "after": [3]}},
    {"3": {"name": "ring a", "after": [4]}, "4": {"name": "ring b", "after": [3]}},
]


def carried(sites: cloud.Sites, ledger: Ledger) -> None:
    kinds = {"jobs": Full()}
    book = playbook.parse(TEXT, "contents.yaml", kinds)
    list(apply(Migration(book, playbook.fill_params(book, {}), kinds, sites), ledger, confirm={}, parallelism=2))
    rows = ledger.rows(select(item.c.key, item.c.state, item.c.reason))
    assert {row.state for row in rows} == {"done"}, rows


@pytest.mark.parametrize("ring", RINGS)
def test_what_was_made_with_a_placeholder_is_found_again(
    ring: dict[str, Any], sites: cloud.Sites, ledger: Ledger
) -> None:
    """Its answer was lost: looked for, and not made a second time."""
    target, lost = sites.sites["target"], ["lost-after"]
    sites.sites["source"].things["jobs"] = ring
    target.fault = lambda kind, name: lost.pop() if lost else ""
    carried(sites, ledger)
    assert not lost and len(target.things["jobs"]) == len(ring)
    assert all(body["after"] != [0] for body in target.things["jobs"].values())


@pytest.mark.parametrize("ring", RINGS)
def test_what_refers_to_things_whose_twins_are_not_known_is_found(
    ring: dict[str, Any], sites: cloud.Sites, ledger: Ledger, tmp_path: Path
) -> None:
    """A run that knows nothing of the one that made them makes and changes nothing."""
    sites.sites["source"].things["jobs"] = ring
    carried(sites, ledger)
    target = sites.sites["target"]
    writes = len(target.writes)
    carried(sites, Ledger.create(tmp_path / "another", {"run": "r2"}))
    assert target.writes[writes:] == [] and len(target.things["jobs"]) == len(ring)
