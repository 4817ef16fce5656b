"""R23, and the next pass of every kind: what the source has changed moves, nothing else is written, nothing is deleted.

`pytest -m ci tests/delta` changes one thing after the other, with a pass for each.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from cmkmigrate.engine.drift import WRITES
from cmkmigrate.run.schema import entry, event
from tests.comparer.compare import Difference
from tests.delta.changes import EDITS, OTHERS, AtSource
from tests.kinds.world import MOVED, Run, World

PAGE = Path(__file__).resolve().parents[2] / "docs" / "delta.md"
MOST = 4  # writes that one thing takes, without the marker of the run


def written(run: Run) -> set[tuple[str, str]]:
    return {(row.kind, row.key) for row in run.rows() if row.do in WRITES}


def named_as_gone(run: Run) -> set[tuple[str, str]]:
    rows = run.ledger.rows(select(event).where(event.c.what == "note"))
    return {(row.kind, row.key) for row in rows if "gone from the source" in row.text}


def left(run: Run, gone: set[tuple[str, str]]) -> list[Difference]:
    """What the comparer finds, without what is gone from the source and has to be in the target still."""
    found = run.differences()
    of_it = {("permissions", f"{kind}:{key}") for kind, key in gone} | gone
    extra = {(one.kind, one.key) for one in found if one.what == "extra"}
    assert gone <= extra, f"was deleted without being asked: {gone - extra}"
    return [one for one in found if (one.kind, one.key) not in of_it]


def writes(run: Run) -> int:
    """Writes to the target, without the marker."""
    marker = ("/api/2.0/workspace/import", "/api/2.0/workspace/delete")
    found = run.box.writes(run.target)
    return len(found) - (2 if [one["path"] for one in (found[:1] + found[-1:])] == list(marker) else 0)


@pytest.fixture(scope="module")
def whole(world: World) -> Run:
    run = world.run("all")
    run.apply()
    return run


def test_an_unchanged_estate_is_not_written(whole: Run) -> None:
    whole.box.forget()
    whole.apply()
    assert whole.box.writes() == []
    assert written(whole) == set()
    reads = whole.box.requests()
    of_source = sum(one["host"] == whole.source for one in reads)
    sys.stderr.write(
        f"an unchanged estate: {len(whole.rows())} things, {len(reads)} reads, {of_source} of the source\n"
    )


def test_the_page_says_how_a_change_is_seen(whole: Run) -> None:
    """Per kind: by the vendor's version where its listing gives one, by content where it does not."""
    e = entry.c
    rows = whole.ledger.rows(select(e.kind).where(e.side == "source", e.hint != "").distinct())
    by_version = {row.kind for row in rows}
    said = dict(re.findall(r"^\| `(\w+)` \| (version|content) ", PAGE.read_text("utf-8"), re.MULTILINE))
    assert said == {kind: "version" if kind in by_version else "content" for kind in MOVED}


def test_all_that_changed_moves_in_one_pass_and_nothing_else(whole: Run) -> None:
    at = AtSource(whole)
    wanted = {key for change in EDITS.values() for key in change.make(at)}
    whole.box.forget()
    whole.apply()
    assert written(whole) == wanted
    assert writes(whole) <= MOST * len(wanted)
    assert [str(one) for one in left(whole, set())] == []
    assert whole.verify() == []


@pytest.mark.ci
def test_each_change_by_itself(world: World) -> None:
    run = world.run("each")
    run.apply()
    gone: set[tuple[str, str]] = set()
    wrong: dict[str, str] = {}
    for name, change in OTHERS.items():
        wanted = set(change.make(AtSource(run)))
        gone |= set(change.gone)
        run.box.forget()
        run.apply()
        if written(run) != wanted or writes(run) > MOST * max(1, len(wanted)) or (not wanted and run.box.writes()):
            wrong[name] = f"wrote {written(run)}, not {wanted}, in {writes(run)} requests"
        found = left(run, gone)
        if found:
            wrong[name] = f"{wrong.get(name, '')} {[str(one) for one in found]}"
    assert wrong == {}
    assert named_as_gone(run) == gone
