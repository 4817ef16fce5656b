"""The preview says what apply will do, blocks included, and writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cmkmigrate.engine import planfile
from cmkmigrate.engine.conduct import stream
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.observe import Board
from cmkmigrate.engine.preview import Preview
from cmkmigrate.errors import Fatal, Stopped, Unknown
from cmkmigrate.model import Action, Event
from cmkmigrate.run.ledger import Ledger
from tests.engine import cloud


def preview(migration: Migration, like: Ledger | None = None) -> list[Action]:
    with Ledger.scratch(like) as scratch:
        board = Board(migration, scratch, {}, preview=True)
        plan = Preview(board)
        list(stream(board, plan.run))
        return list(plan.actions())


def test_says_what_apply_will_do(migration: Migration, sites: cloud.Sites) -> None:
    actions = preview(migration)
    assert Counter((one.kind, str(one.do)) for one in actions) == {
        ("pools", "create"): 2,
        ("jobs", "create"): 6,
        ("jobs", "block"): 3,
        ("acls", "create"): 6,
        ("acls", "block"): 3,
        ("notes", "create"): 20,
    }
    assert sites.sites["target"].writes == sites.sites["source"].writes == []


def test_a_listing_that_cannot_be_read_tells_to_plan_again(
    migration: Migration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no run that could be resumed."""

    def lost(*_: object) -> object:
        raise Unknown("no answer")

    monkeypatch.setattr(migration.kinds["pools"], "list", lost)
    with pytest.raises(Stopped, match="could not list") as caught:
        preview(migration)
    assert caught.value.next == "the same command again"


def test_nothing_to_do_after_apply(migration: Migration, ledger: Ledger, run: Callable[..., list[Event]]) -> None:
    run()
    assert {str(one.do) for one in preview(migration, ledger)} == {"keep", "block"}


def test_saved_plan_is_held_to_what_it_was_made_from(migration: Migration, sites: cloud.Sites, tmp_path: Path) -> None:
    path = tmp_path / "x.cmkplan"

    def planned() -> tuple[Board, Preview]:
        board = Board(migration, scratch, {}, preview=True)
        plan = Preview(board)
        list(stream(board, plan.run))
        return board, plan

    with Ledger.scratch() as scratch:
        planfile.save(path, migration, planned()[1])
    with Ledger.scratch() as scratch:
        planfile.check(planfile.load(path), planned()[1])
    sites.sites["source"].things["notes"]["3"]["at"] = 9
    with Ledger.scratch() as scratch, pytest.raises(Fatal, match="stale") as error:
        planfile.check(planfile.load(path), planned()[1])
    assert error.value.subject.startswith("notes /n3")


def test_edited_plan_is_refused(migration: Migration, tmp_path: Path) -> None:
    path = tmp_path / "x.cmkplan"
    with Ledger.scratch() as scratch:
        board = Board(migration, scratch, {}, preview=True)
        plan = Preview(board)
        list(stream(board, plan.run))
        planfile.save(path, migration, plan)
    path.write_text(path.read_text().replace('"create"', '"keep"', 1))
    with pytest.raises(Fatal, match="edited"):
        planfile.load(path)
