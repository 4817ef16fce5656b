"""Locks: those on the workspace itself, with their notes."""

from __future__ import annotations

from typing import Any

from cmkmigrate import portable
from cmkmigrate.kinds.azure.locks import Locks
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Made
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription, S, connected

KIND = Locks()
NEW = f"{S}/Microsoft.Databricks/workspaces/new"
PATH = "/providers/Microsoft.Authorization/locks"


def nothing(_: str) -> list[Entry]:
    return []


def lock(of: str, name: str = "keep", level: str = "CanNotDelete") -> dict[str, Any]:
    return {"id": f"{of}{PATH}/{name}", "name": name, "properties": {"level": level, "notes": "ask", "owners": None}}


def test_its_own_ones_alone() -> None:
    site = FakeSubscription()
    site.lists[f"{WORKSPACE}{PATH}"] = [lock(WORKSPACE), lock("/subscriptions/s/resourceGroups/g", "group")]
    (want,) = KIND.desired(connected(site), {"workspace": NEW}, nothing)
    assert isinstance(want, Asset) and want.body
    assert KIND.create(site, want) == Made(f"{NEW}{PATH}/keep")
    assert site.writes[0][2] == {"properties": {"level": "CanNotDelete", "notes": "ask"}}
    assert KIND.list(site, {"workspace": KNOWN_AFTER_APPLY}, nothing) == []
    assert KIND.list(site, {"workspace": NEW}, nothing) == []
    site.lists[f"{NEW}{PATH}"] = [lock(NEW.upper(), level="ReadOnly"), lock("/subscriptions/s", "above")]
    (have,) = KIND.list(site, {"workspace": NEW}, nothing)
    assert isinstance(have, Asset) and have.body
    assert portable.differences(KIND, KIND.fit(want.body, have.body), have.body) == ("properties.level",)
    site.lists[f"{WORKSPACE}{PATH}"] = [lock(WORKSPACE, level="ReadOnly")]
    (left,) = KIND.desired(connected(site), {"workspace": NEW}, nothing)
    assert "next pass" in left.excluded
    site.bodies[have.id] = lock(NEW)
    assert KIND.update(site, want, KIND.load(site, Entry(have.id))) == Made(f"{NEW}{PATH}/keep")
