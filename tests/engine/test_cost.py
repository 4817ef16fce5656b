"""What an item costs of the ledger does not depend on how many there are. Counted in statements, rows and the steps of
SQLite's own machine, never in time; the same of whole migrations, with memory and open files: tests/scale."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from cmkmigrate import playbook
from cmkmigrate.engine import conduct, names, references
from cmkmigrate.engine.apply import apply
from cmkmigrate.engine.migration import Migration
from cmkmigrate.run.ledger import Ledger
from cmkmigrate.run.schema import item
from tests.engine import cloud
from tests.engine.conftest import TEXT

FEW, MANY = 30, 150  # of each kind
STEP = 20  # steps of SQLite's machine from one count to the next
SAME = 1.25  # what is done once for a run weighs more with few
POLLED = 2.0  # what is looked for again and again while others are made is bounded by the time it takes
ONE_ROW = ("SCAN CONSTANT ROW", "SCAN lock")
EACH = 0.5  # asked for every second item and more: asked for each


@dataclass
class Cost:
    """items: of all kinds. written, read: steps. asked: how often each statement, with the values of one time."""

    items: int = 0
    rows: int = 0
    written: int = 0
    read: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    values: dict[str, Any] = field(default_factory=dict)


def source(number: int) -> cloud.Site:
    """So many notes, jobs that use pools, and access lists of them."""
    site = cloud.Site("source", first=100_000)
    things = site.things
    things["pools"] = {f"p{at}": {"name": f"pool {at}", "state": "ACTIVE"} for at in range(number)}
    things["jobs"] = {str(at): {"name": f"job {at}", "pool": f"p{at}"} for at in range(number)}
    things["acls"] = {str(at): {"who": ["ann"]} for at in range(number)}
    things["notes"] = {str(at): {"path": f"/n{at}", "at": 1, "text": f"text {at}"} for at in range(number)}
    return site


def migrated(folder: Path, number: int) -> tuple[Cost, Ledger]:
    """What a migration of so many things costs."""
    cost, ledger = Cost(), Ledger.create(folder / f"run-{number}", {"run": f"r{number}"})

    def counted() -> None:
        if threading.current_thread().name == "ledger-writer":
            cost.written += STEP
        else:
            cost.read += STEP

    @event.listens_for(ledger.engine, "checkout")
    def opened(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(counted, STEP)

    @event.listens_for(ledger.engine, "before_cursor_execute")
    def asked(_: Any, __: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        times = len(values) if many else 1
        cost.asked[statement] += times
        cost.rows += times if threading.current_thread().name == "ledger-writer" else 0
        cost.values[statement] = values[0] if many else values

    sites = cloud.Sites(source=source(number), target=cloud.Site("target", first=1))
    book = playbook.parse(TEXT, "contents.yaml", cloud.KINDS)
    for _ in apply(Migration(book, playbook.fill_params(book, {}), cloud.KINDS, sites), ledger, confirm={}):
        pass
    assert len(sites.sites["target"].things["jobs"]) == len(sites.sites["target"].things["notes"]) == number
    event.remove(ledger.engine, "before_cursor_execute", asked)
    cost.items = int(ledger.first(select(func.count()).select_from(item))[0])
    return cost, ledger


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cost, Cost, Ledger]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cost")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setattr(conduct, "PAGE", 2)  # as in a workspace that is much larger than what is remembered at a time
        patch.setattr(names, "REMEMBERED", 8)
        patch.setattr(references, "REMEMBERED", 8)
        few, _ = migrated(folder, FEW)
        return few, *migrated(folder, MANY)


def test_a_checkpoint_costs_the_same_whatever_is_there(costs: tuple[Cost, Cost, Ledger]) -> None:
    few, many, _ = costs
    assert many.items == 5 * few.items >= 4 * MANY
    for what in ("rows", "written"):
        each = [getattr(one, what) / one.items for one in (few, many)]
        assert 0 < each[1] <= SAME * each[0], (what, each)


def test_looking_costs_about_the_same(costs: tuple[Cost, Cost, Ledger]) -> None:
    few, many, _ = costs
    assert 0 < many.read / many.items <= POLLED * few.read / few.items, (few.read / few.items, many.read / many.items)


def test_no_statement_of_an_item_reads_a_table_through(costs: tuple[Cost, Cost, Ledger]) -> None:
    _, cost, ledger = costs
    of_items = [
        one for one, times in cost.asked.items() if times >= EACH * MANY and not one.startswith(("BEGIN", "COMMIT"))
    ]
    assert len(of_items) >= 4, cost.asked.most_common(20)
    through: dict[str, list[str]] = {}
    with ledger.engine.connect() as connection:
        for one in of_items:
            plan = connection.exec_driver_sql(f"explain query plan {one}", cost.values[one]).fetchall()
            scans = [row[3] for row in plan if row[3].startswith("SCAN ") and row[3] not in ONE_ROW]
            through |= {one: scans} if scans else {}
    assert through == {}
