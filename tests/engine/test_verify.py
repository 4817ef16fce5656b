"""Verify finds nothing after an apply, and sees each change made behind its back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.verify import Verification
from cmkmigrate.model import Event
from cmkmigrate.run.ledger import Ledger
from tests.engine import cloud

Run = Callable[..., list[Event]]


def found(migration: Migration, ledger: Ledger, depth: str = "content") -> dict[tuple[str, str], str]:
    verification = Verification(migration, ledger, depth)
    return {(one.kind, one.key): one.what for one in verification.run() if one.what != "failed"}


def test_clean_after_apply(run: Run, migration: Migration, ledger: Ledger, sites: cloud.Sites) -> None:
    run()
    writes = len(sites.sites["target"].writes)
    assert found(migration, ledger) == {}
    assert len(sites.sites["target"].writes) == writes
    assert ledger.first(ledger_evidence()).depth == "content"


def ledger_evidence() -> object:
    from sqlalchemy import select

    from cmkmigrate.run.schema import evidence

    return select(evidence)


def change_body(site: cloud.Site) -> None:
    next(iter(site.things["jobs"].values()))["name"] = "other"


def lose(site: cloud.Site) -> None:
    site.things["notes"].pop(next(iter(site.things["notes"])))


def edit(site: cloud.Site) -> None:
    next(iter(site.things["notes"].values()))["text"] = "edited"  # and its version says nothing


def double(site: cloud.Site) -> None:
    id, body = next(iter(site.things["jobs"].items()))
    site.things["jobs"][id + "9"] = dict(body)


def add_acl(site: cloud.Site) -> None:
    id = next(id for id in site.things["jobs"] if id not in site.things["acls"])
    site.things["acls"][id] = {"who": ["eve"]}


def add(site: cloud.Site) -> None:
    site.things["notes"]["999"] = {"path": "/foreign", "at": 1, "text": ""}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (change_body, "differs"),
        (lose, "missing"),
        (edit, "differs"),
        (double, "duplicate"),
        (add_acl, "differs"),
        (add, "extra"),
    ],
)
def test_sees_a_change(
    change: Callable[[cloud.Site], None], what: str, run: Run, migration: Migration, ledger: Ledger, sites: cloud.Sites
) -> None:
    run()
    change(sites.sites["target"])
    assert what in found(migration, ledger).values()


def test_new_in_the_source_is_said(run: Run, migration: Migration, ledger: Ledger, sites: cloud.Sites) -> None:
    run()
    sites.sites["source"].things["notes"]["77"] = {"path": "/new", "at": 1, "text": "x"}
    assert found(migration, ledger) == {("notes", "/new"): "new"}


def test_depth_metadata_reads_no_content(run: Run, migration: Migration, ledger: Ledger, sites: cloud.Sites) -> None:
    run()
    edit(sites.sites["target"])
    assert found(migration, ledger, "metadata") == {}
