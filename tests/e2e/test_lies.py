"""A service that lies: operations that say too much, addresses of other hosts, pages that never end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness import Commands, Result, Sandbox, params_of

STOPPED = 5
WORKSPACE = {"method": "PUT", "host": "management.*", "path": "*/workspaces/*"}
FIRST = {"match": WORKSPACE, "count": 1}


def applied(small: Sandbox, place: Commands, name: str, *rules: dict[str, Any]) -> Result:
    """A whole migration to a workspace of that name, under these rules."""
    params = params_of(small, place.folder / "params.yaml", target_name=name, vault_name=f"kv-{name}")
    small.faults(*rules)
    return place(
        "apply", "cmk-migration", "--params", str(params), "--run", str(place.folder / "run"), "--auto-approve"
    )


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("lied-to", {"action": "operation", "how": "lie"}),
        ("sent-away", {"action": "foreign", "to": "operations.example.com"}),
    ],
)
def test_a_workspace_is_made_whatever_its_operation_says(
    name: str, rule: dict[str, Any], small: Sandbox, commands: Callable[[Sandbox, str], Commands]
) -> None:
    place = commands(small, name)
    small.forget()
    done = applied(small, place, name, FIRST | rule)
    assert done.code == 3, done  # the small estate has things that cannot be moved
    assert [one for one in small.requests() if one["fault"]], "nothing was lied about"
    assert {one["host"] for one in small.requests()}.isdisjoint({"operations.example.com"})
    target = next(one for one in small.arm()["workspaces"].values() if one["name"] == name)
    entities = target["properties"]["encryption"]["entities"]
    assert {each["keySource"] for each in entities.values()} == {"Microsoft.Keyvault"} and len(entities) == 2
    verified = place("verify", str(place.folder / "run"))
    assert verified.code in (0, 3), verified


def test_pages_that_bring_nothing_new_end_the_run(small: Sandbox, commands: Callable[[Sandbox, str], Commands]) -> None:
    place = commands(small, "in-circles")
    rule = {"match": {"path": "/api/2.0/preview/scim/v2/*", "query": "*startIndex*"}, "count": -1, "action": "page"}
    small.forget()
    done = applied(small, place, "in-circles", rule)
    assert done.code == STOPPED, done
    assert "brings nothing new" in done.err and "next:" in done.err, done
    assert len(small.requests()) < 1000
