"""A whole migration: plan writes nothing, apply accounts for every object, verify and the comparer find them equal."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.comparer.canonical import canonical
from tests.e2e.conftest import Migration

OUTCOMES = ("migrated", "excluded", "unsupported", "failed")


@pytest.fixture(params=["small", "odd", "public"])
def migration(request: pytest.FixtureRequest) -> Migration:
    """Each of the three estates, migrated."""
    found: Migration = request.getfixturevalue({"small": "undisturbed"}.get(request.param, request.param))
    return found


def test_plan_writes_nothing(migration: Migration) -> None:
    assert migration.plan.code == 0, migration.plan
    assert len(migration.plan_requests) > 100
    assert [one for one in migration.plan_requests if one["write"]] == []


def test_plan_says_what_apply_does(migration: Migration) -> None:
    """What the preview says will not be moved is what was not moved, but for what only the service can refuse."""
    said = {(one["step"], one["kind"], one["key"]): one["do"] for one in migration.plan.json["actions"]}
    moved = Counter(at[1] for at, do in said.items() if do not in ("block", "excluded", "unsupported"))
    done = {one["kind"]: one["migrated"] for one in migration.apply.json["counts"]}
    refused = Counter(one["kind"] for one in migration.apply.json["problems"] if one["state"] in ("failed", "blocked"))
    # The steps that say which key each feature has name one that is still to be made: known after apply.
    assert done.pop("keys") >= moved["keys"]
    for kind in done:
        assert done[kind] <= moved[kind] <= done[kind] + refused[kind], kind


def test_every_source_object_has_an_outcome_and_a_reason(migration: Migration) -> None:
    result = migration.apply.json
    failed = sum(one["failed"] for one in result["counts"])
    assert migration.apply.code == (3 if failed else 0), migration.apply
    for one in result["counts"]:
        assert one["source"] == sum(one[outcome] for outcome in OUTCOMES), one
        assert one["open"] == 0
    assert [one for one in result["problems"] if not one["reason"].strip()] == []


def test_the_counts_are_those_of_the_source(migration: Migration) -> None:
    """Counted by the comparer, which has its own idea of what an object is."""
    gone = {at for at in migration.left_out if at[0] == "directories"}
    objects = canonical(migration.sandbox.state(migration.source)).objects
    expected = Counter(
        kind
        for kind, key in objects
        if not (kind == "permissions" and ("directories", key.removeprefix("directories:")) in gone and "/Trash" in key)
    )
    counted = {one["kind"]: one["source"] for one in migration.apply.json["counts"] if one["kind"] in expected}
    assert counted == dict(expected)


def test_verify_finds_nothing_but_what_was_reported(migration: Migration) -> None:
    result: dict[str, Any] = migration.verify.json
    failed = sum(one["failed"] for one in migration.apply.json["counts"])
    assert migration.verify.code == (3 if failed else 0), migration.verify
    assert result["complete"] is True
    assert result["depth"] == "content"
    assert [one for one in result["findings"] if one["what"] not in ("failed", "excluded", "unsupported")] == []
    assert result["counts"] == migration.apply.json["counts"] or _as_sets(result) == _as_sets(migration.apply.json)


def _as_sets(result: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {tuple(sorted(one.items())) for one in result["counts"]}


def test_verify_writes_to_neither(migration: Migration) -> None:
    assert [one for one in migration.verify_requests if one["write"]] == []


def test_the_source_is_never_written(migration: Migration) -> None:
    assert [one for one in migration.apply_requests if one["write"] and one["host"] == migration.source] == []


def test_the_comparer_finds_them_equal(migration: Migration) -> None:
    assert [str(one) for one in migration.differences()] == []


def test_all_three_features_are_under_the_key(migration: Migration) -> None:
    arm = migration.sandbox.arm()
    made = next(
        one for one in arm["workspaces"].values() if one["properties"]["workspaceUrl"] == migration.target
    )["properties"]  # fmt: skip
    for feature in ("managedServices", "managedDisk"):
        assert made["encryption"]["entities"][feature]["keySource"] == "Microsoft.Keyvault"
    root = made["parameters"]["encryption"]["value"]
    assert root["keySource"] == "Microsoft.Keyvault"
    vault = next(one for name, one in arm["vaults"].items() if f"//{name}." in root["keyvaulturi"].lower())
    assert vault["properties"]["enablePurgeProtection"] is True
    assert [len(versions) for versions in vault["keys"].values()] == [1]
