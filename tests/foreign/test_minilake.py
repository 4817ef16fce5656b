"""The product moves an estate between two instances of minilake, a model of the service that others wrote.

    pip install -e '.[test,foreign]' && pytest -m foreign -n 0 tests/foreign

minilake may have an environment of its own: `CMKMIGRATE_FOREIGN_BIN` names the folder of its `python`. Seeding and
judging are plain databricks-sdk calls; what the fake does otherwise than the service is in `deviations.py`, and nothing
else is forgiven.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from tests.foreign import deviations
from tests.foreign.expected import assert_moved, expected, files, secrets
from tests.foreign.minilake import Minilake
from tests.foreign.product import ROOT, Product, two_workspaces
from tests.foreign.reader import Difference, Read, differences, read

pytestmark = pytest.mark.foreign

FACTS = ROOT.parent / "shared" / "facts" / "databricks.md"
LISTED = ("global_init_scripts", "sql_warehouses")  # counted by the product, and moved by hand


@pytest.fixture(scope="module")
def empty(folder: Path) -> Iterator[WorkspaceClient]:
    """An instance that nobody has written to: what the fake is like by itself."""
    instance = Minilake(folder / "empty", "3")
    yield instance.client
    instance.close()


@pytest.fixture(scope="module")
def sides(folder: Path) -> Iterator[tuple[Minilake, Minilake]]:
    with two_workspaces(folder) as both:
        yield both


@pytest.fixture(scope="module")
def product(folder: Path, sides: tuple[Minilake, Minilake]) -> Iterator[Product]:
    made = Product(folder, *sides)
    yield made
    made.close()


@pytest.fixture(scope="module")
def before(sides: tuple[Minilake, Minilake]) -> Read:
    return read(sides[0].client)


@pytest.fixture(scope="module")
def applied(product: Product, before: Read) -> dict[str, Any]:
    """What `apply` wrote; the source was read before it."""
    return product.apply()


@pytest.mark.parametrize("one", deviations.DEVIATIONS, ids=lambda one: one.what)
def test_the_fake_still_deviates(one: deviations.Deviation, empty: WorkspaceClient) -> None:
    assert one.seen(empty), f"{one.what}: no more. Take it from the list, and show here what it kept from being shown"


@pytest.mark.parametrize("one", [one for one in deviations.DEVIATIONS if one.fact], ids=lambda one: one.what)
def test_a_deviation_is_a_known_fact(one: deviations.Deviation) -> None:
    if not FACTS.is_file():
        pytest.skip("the facts are not beside this checkout (../shared)")
    lines = [line for line in FACTS.read_text().splitlines() if one.fact in line]
    assert lines, f"no line says {one.fact!r}"


def test_the_estate_is_varied(before: Read) -> None:
    assert {kind for kind, found in before.items() if not found} == set()
    assert len(before["jobs"]["5"]["tasks"]) == 120
    assert {body["state"] for body in before["clusters"].values()} == {"TERMINATED"}
    wanted = expected(before)
    assert {(one.kind, one.path) for one in differences(before, wanted)} == {
        ("pools", "min_idle_instances"),
        ("jobs", "schedule.pause_status"),
    }, "something is to arrive otherwise than it was"


def test_only_what_the_fake_refuses_is_not_moved(applied: dict[str, Any], before: Read) -> None:
    said = {(one["kind"], one["key"]): one["reason"] for one in applied["problems"]}
    listed = {kind: said.pop((kind, key)) for kind, key in [*said] if kind in LISTED}
    assert listed == dict.fromkeys(LISTED, "not moved by this version")
    wanted = {("files", path) for path in files(before)} | {("secrets", key) for key in secrets(before)}
    assert said.keys() == wanted | {("permissions", f"files:{path}") for path in files(before)}
    for path in files(before):
        assert "Input should be a valid dictionary" in said["files", path]
    for key in secrets(before):
        assert "needs a manual value" in said["secrets", key]


def test_the_new_workspace_is_the_old_one(
    applied: dict[str, Any], before: Read, sides: tuple[Minilake, Minilake]
) -> None:
    assert_moved(before, read(sides[1].client))


def test_the_old_workspace_is_untouched(
    applied: dict[str, Any], before: Read, sides: tuple[Minilake, Minilake]
) -> None:
    assert differences(before, read(sides[0].client)) == []


def test_another_pass_changes_nothing(
    applied: dict[str, Any], product: Product, sides: tuple[Minilake, Minilake]
) -> None:
    made = read(sides[1].client)
    product.apply()
    assert differences(made, read(sides[1].client)) == []


def test_the_reader_sees_what_is_changed_behind_the_back(
    applied: dict[str, Any], sides: tuple[Minilake, Minilake]
) -> None:
    target = sides[1].client
    made = read(target)
    job = next(one for one in target.jobs.list() if one.settings and one.settings.name == "nightly")
    target.jobs.update(job.job_id or 0, fields_to_remove=["email_notifications"])
    target.secrets.delete_acl("etl", "readers")
    target.workspace.delete("/Shared/empty")
    assert {(one.kind, one.path) for one in differences(made, read(target))} == {
        ("jobs", "email_notifications"),
        ("scopes", "acls.readers"),
        ("tree", ""),
        ("permissions", ""),
    }


def test_every_difference_has_a_place() -> None:
    old: Read = {"jobs": {"1": {"a": [1, {"b": 2}]}, "2": {}}}
    new: Read = {"jobs": {"1": {"a": [1, {"b": 3}]}}, "pools": {"p": {}}}
    assert differences(old, new) == [
        Difference("jobs", "1", "a[1].b", 2, 3),
        Difference("jobs", "2", "", {}, None),
        Difference("pools", "p", "", None, {}),
    ]
