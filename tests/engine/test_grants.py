"""Only young grants are waited for: those that this run made a moment ago, or that the service says are new."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cmkmigrate.engine.grants import patience, worn_out
from cmkmigrate.errors import NotYet, Ungranted
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item

LIMIT_S = 100.0
NO = Ungranted("no right")


def task(ledger: Ledger, *grants: dict[str, Any]) -> Any:
    """A task whose run has these grants, on a site that waits LIMIT_S."""
    for number, one in enumerate(grants):
        row = {"step": "s", "kind": "g", "key": str(number), "side": "target", "pass": 1, "state": "done", "name": "n"}
        with ledger.locked("me"):
            ledger.commit(item.insert(), [row | {"at": time.time()} | one])
    kinds = {"g": SimpleNamespace(grants=True), "other": SimpleNamespace(grants=False)}
    board = SimpleNamespace(ledger=ledger, migration=SimpleNamespace(kinds=kinds))
    return SimpleNamespace(target=SimpleNamespace(grant_s=LIMIT_S), board=board)


def hint(age_s: float) -> str:
    return datetime.fromtimestamp(time.time() - age_s, UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("grant", "waits"),
    [
        ({"ours": 1}, True),
        ({"ours": 1, "at": 1.0}, False),
        ({"ours": 1, "state": "failed"}, False),
        ({"ours": 0}, False),
        ({"ours": 0, "target_hint": 5}, True),
        ({"ours": 0, "target_hint": LIMIT_S * 2}, False),
        ({"ours": 1, "target_hint": LIMIT_S * 2}, False),
        ({"ours": 1, "kind": "other"}, False),
    ],
)
def test_young_or_old(grant: dict[str, Any], waits: bool, ledger: Ledger) -> None:
    """target_hint: so many seconds ago, of now and not of when the tests were collected."""
    made = task(ledger, grant | ({"target_hint": hint(grant["target_hint"])} if "target_hint" in grant else {}))
    with ledger.locked("me"):
        assert patience(made, NO, first=True) == (LIMIT_S if waits else 0.0)


def test_what_is_no_matter_of_a_grant_is_waited_for(ledger: Ledger) -> None:
    with ledger.locked("me"):
        assert patience(task(ledger), NO, first=True) == 0.0
        assert patience(task(ledger), NotYet("busy"), first=True) == LIMIT_S
        assert patience(task(ledger), NO, first=False) == LIMIT_S


def test_what_is_said_in_the_end() -> None:
    row = SimpleNamespace(key="k")
    assert "within 100 s" in worn_out(row, NO, LIMIT_S).what
    assert "young enough" in worn_out(row, NO, 0.0).what
    assert worn_out(row, NotYet("busy"), LIMIT_S).what == "the service keeps refusing"
