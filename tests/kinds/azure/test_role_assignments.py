"""Roles on the workspace itself: under the same GUID each time, and none that is inherited or of nobody."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import NotYet, Refused
from cmkmigrate.kinds.azure.role_assignments import RoleAssignments
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription, S, connected

KIND = RoleAssignments()
NEW = f"{S}/Microsoft.Databricks/workspaces/new"
PATH = "/providers/Microsoft.Authorization/roleAssignments"
ROLE = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/reader"


def nothing(_: str) -> list[Entry]:
    return []


def assignment(scope: str, principal: str = "somebody", type: str = "User", **more: Any) -> dict[str, Any]:
    properties = {"scope": scope, "principalId": principal, "principalType": type, "roleDefinitionId": ROLE}
    properties |= {"createdBy": "x", "description": "for the audit", "condition": None}
    return {"id": f"{scope}{PATH}/name", "scope": scope, "properties": {**properties, **more}}


def test_its_own_ones_alone() -> None:
    site = FakeSubscription()
    gone = assignment(WORKSPACE, "gone", "Unknown")
    site.lists[f"{WORKSPACE}{PATH}"] = [assignment(WORKSPACE), assignment("/subscriptions/s", "inherited"), gone]
    want, nobody = KIND.desired(connected(site), {"workspace": NEW}, nothing)
    assert isinstance(want, Asset) and want.body and not want.unsupported and nobody.unsupported
    first, second = KIND.create(site, want), KIND.create(site, want)
    assert first == second and first.id.startswith(f"{NEW}{PATH}/")
    sent = {
        "roleDefinitionId": ROLE,
        "principalId": "somebody",
        "principalType": "User",
        "description": "for the audit",
    }
    assert site.writes[0][1:] == (NEW, {"properties": sent})
    assert KIND.list(site, {"workspace": KNOWN_AFTER_APPLY}, nothing) == []
    site.assignments = [assignment(NEW, "SOMEBODY", description="changed"), assignment("/subscriptions/s")]
    (have,) = KIND.list(site, {"workspace": NEW}, nothing)
    assert isinstance(have, Asset) and have.body and have.key == want.key
    changed = portable.differences(KIND, KIND.fit(want.body, have.body), have.body)
    assert changed == ("properties.description",)
    site.bodies[have.id] = site.assignments[0]
    KIND.update(site, want, KIND.load(site, Entry(have.id)))
    assert site.writes[-1][0] == "name", "a role that is there is changed under its own name"


def test_a_principal_that_is_not_seen_yet() -> None:
    site = FakeSubscription()
    site.lists[f"{WORKSPACE}{PATH}"] = [assignment(WORKSPACE)]
    (want,) = KIND.desired(connected(site), {"workspace": NEW}, nothing)
    assert isinstance(want, Asset)
    for code, error in (("PrincipalNotFound", NotYet), ("Other", Refused)):
        site.refusal = Refused("no", status=400, code=code)
        with pytest.raises(error):
            KIND.create(site, want)
