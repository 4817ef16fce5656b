"""Whether role assignments are enough, by built-in roles, by other roles, and where nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.audit import roles

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
OTHER = "99999999-0000-4000-8000-000000000000"


def given(role: str, principal: str = "ME", **more: Any) -> dict[str, Any]:
    definition = f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"roleDefinitionId": definition, "principalId": principal, **more}}


def definition(**permission: Any) -> dict[str, Any]:
    return {"properties": {"permissions": [permission]}}


def never(_: str) -> dict[str, Any]:
    raise AssertionError("a built-in role is not looked up")


@pytest.mark.parametrize(
    ("assignments", "said"),
    [
        ([given(ENCRYPTION_USER)], "yes"),
        ([given(ENCRYPTION_USER.upper())], "yes"),
        ([given(ENCRYPTION_USER, "you")], "no"),
        ([given(OWNER)], "no"),
        ([given("21090545-7ca7-4776-b22c-e363652d74d2")], "no"),
        ([], "no"),
        ([given(ENCRYPTION_USER, condition="x")], "the grant is bound"),
        ([given(ENCRYPTION_USER, "team", principalType="Group")], "a group"),
        ([given(OWNER, "team", principalType="Group")], "no"),
        ([given(ENCRYPTION_USER, "team", principalType="Group"), given(ENCRYPTION_USER)], "yes"),
    ],
)
def test_built_in_roles(assignments: list[dict[str, Any]], said: str) -> None:
    assert roles.allows(assignments, "me", never).startswith(said)


@pytest.mark.parametrize(
    ("permission", "said"),
    [
        ({"dataActions": ["Microsoft.KeyVault/vaults/*"]}, "yes"),
        ({"dataActions": ["microsoft.keyvault/vaults/keys/*"], "notDataActions": ["*/unwrap/action"]}, "no"),
        ({"actions": ["*"]}, "no"),
        ({"dataActions": list(roles.NEEDED)}, "yes"),
        ({"dataActions": list(roles.NEEDED[:2])}, "no"),
    ],
)
def test_other_roles_are_judged_by_their_definition(permission: dict[str, Any], said: str) -> None:
    assert roles.allows([given(OTHER)], "me", lambda _: definition(**permission)) == said


def test_two_roles_together() -> None:
    made = {"a": definition(dataActions=[roles.NEEDED[0]]), "b": definition(dataActions=list(roles.NEEDED[1:]))}
    assert roles.allows([given("a"), given("b")], "me", lambda id: made[id[-1]]) == "yes"


def test_who_sees_all_workspaces() -> None:
    assert roles.sees_all([given(OWNER)], never)
    assert not roles.sees_all([], never)
    assert not roles.sees_all([given(OTHER)], lambda _: definition(actions=["Microsoft.KeyVault/*/read"]))
    assert roles.sees_all([given(OTHER)], lambda _: definition(actions=["*/read"]))
    hides = definition(actions=["*"], notActions=["Microsoft.Databricks/*"])
    assert not roles.sees_all([given(OTHER)], lambda _: hides)
