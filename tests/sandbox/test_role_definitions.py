"""Role definitions, built-in and custom, and what the caller may do."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cmkmigrate.sandbox.loading import BadEstate
from tests.sandbox.conftest import Body, Inside, Running

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
PATH = "providers/Microsoft.Authorization/roleDefinitions"
PERMISSIONS = "providers/Microsoft.Authorization/permissions"
KEYS = "Microsoft.KeyVault/vaults/keys"


def definition(name: str, scope: str, **lists: list[str]) -> Body:
    return {"properties": {"roleName": name, "type": "CustomRole", "assignableScopes": [scope], "permissions": [lists]}}


def test_built_in(sandbox: Running) -> None:
    (found,) = sandbox.arm("GET", f"{PATH}?$filter=roleName%20eq%20'Key%20Vault%20Crypto%20Officer'").json["value"]
    assert found["name"] == CRYPTO_OFFICER
    assert found["id"] == f"{sandbox.subscription}/{PATH}/{CRYPTO_OFFICER}", "as in the official examples"
    assert sandbox.arm("GET", f"/{PATH}/{CRYPTO_OFFICER}").json["id"] == f"/{PATH}/{CRYPTO_OFFICER}"
    user = sandbox.arm("GET", f"{PATH}/{ENCRYPTION_USER}").json["properties"]
    assert user["type"] == "BuiltInRole"
    assert user["permissions"][0]["dataActions"] == [f"{KEYS}/read", f"{KEYS}/wrap/action", f"{KEYS}/unwrap/action"]
    assert f"{KEYS}/*" in found["properties"]["permissions"][0]["dataActions"]


def test_a_custom_role_is_made_changed_and_gone(sandbox: Running) -> None:
    id = str(uuid4())
    made = sandbox.arm("PUT", f"{PATH}/{id}", definition("looks", sandbox.subscription, actions=["*/read"]))
    assert (made.status, made.json["properties"]["type"]) == (201, "CustomRole")
    changed = definition("looks", sandbox.subscription, actions=["*/read"], notActions=["Microsoft.KeyVault/*"])
    assert sandbox.arm("PUT", f"{PATH}/{id}", changed).status == 201
    shown = sandbox.arm("GET", f"{PATH}/{id}").json["properties"]["permissions"]
    assert shown == [
        {"actions": ["*/read"], "notActions": ["Microsoft.KeyVault/*"], "dataActions": [], "notDataActions": []}
    ]
    custom = sandbox.arm("GET", f"{PATH}?$filter=type%20eq%20'CustomRole'").json["value"]
    assert [one["name"] for one in custom] == [id]
    twin = sandbox.arm("PUT", f"{PATH}/{uuid4()}", definition("looks", sandbox.subscription, actions=[]))
    assert (twin.status, twin.code) == (409, "RoleDefinitionWithSameNameExists")
    assert sandbox.arm("DELETE", f"{PATH}/{id}").status == 200
    assert sandbox.arm("DELETE", f"{PATH}/{id}").status == 204
    assert sandbox.arm("GET", f"{PATH}/{id}").code == "RoleDefinitionDoesNotExist"


def test_refusals(sandbox: Running) -> None:
    fits = definition("other", sandbox.subscription, actions=["*/read"])
    assert sandbox.arm("PUT", f"{PATH}/no-guid", fits).code == "InvalidRoleDefinitionId"
    assert sandbox.arm("PUT", f"{PATH}/{CRYPTO_OFFICER}", fits).status == 403
    assert sandbox.arm("PUT", f"{PATH}/{uuid4()}", {"properties": {"roleName": "x"}}).code == "InvalidRoleDefinition"
    wrong: Any = definition("other", sandbox.subscription, actions=[1])  # type: ignore[list-item]
    assert sandbox.arm("PUT", f"{PATH}/{uuid4()}", wrong).code == "InvalidRoleDefinition"


def test_permissions_of_the_owner(sandbox: Running) -> None:
    everything = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
    group = f"resourceGroups/{sandbox.group}"
    for scope in ("", f"{group}/", f"{group}/providers/Microsoft.KeyVault/vaults/any/"):
        assert sandbox.arm("GET", f"{scope}{PERMISSIONS}").json["value"] == [everything], scope


ESTATE: Body = {
    "roles": [
        {"name": "migrator", "actions": ["*/read", "Microsoft.Databricks/workspaces/write"]},
        {"name": "wrapper", "dataActions": [f"{KEYS}/*"], "notDataActions": [f"{KEYS}/create/action"]},
    ],
    "operator": "migrator",
    "vaults": [{"name": "kv-roles", "keys": [{"name": "k"}]}],
    "grants": [{"scope": "vaults/kv-roles", "role": "wrapper", "principal": "operator"}],
}


def test_an_operator_has_what_the_estate_gives(tmp_path: Path) -> None:
    inside = Inside(tmp_path, ESTATE)
    vault = inside.cloud.vaults["kv-roles"]
    assert len(inside.arm("GET", PERMISSIONS).json["value"]) == 1
    mine = inside.arm("GET", f"{vault.id}/{PERMISSIONS}").json["value"]
    assert [one["actions"] for one in mine] == [["*/read", "Microsoft.Databricks/workspaces/write"], []]
    assert mine[1]["notDataActions"] == [f"{KEYS}/create/action"]
    refused = inside.arm("PUT", f"resourceGroups/{uuid4()}", {"location": "westeurope"})
    assert (refused.status, refused.code) == (403, "AuthorizationFailed")
    assert "'Microsoft.Resources/subscriptions/resourceGroups/write'" in refused.json["error"]["message"]
    assert inside.arm("PATCH", inside.workspace.id, {"tags": {}}).status == 200
    assert inside.vault("GET", "kv-roles", "/keys/k").status == 200
    denied = inside.vault("POST", "kv-roles", "/keys/new/create", {"kty": "RSA"})
    assert (denied.status, denied.json["error"]["innererror"]) == (403, {"code": "ForbiddenByRbac"})
    assert f"'{KEYS}/create/action'" in denied.json["error"]["message"]


def test_admin_by_the_action_alone(tmp_path: Path) -> None:
    me = "/api/2.0/preview/scim/v2/Me"
    admitting = "Microsoft.Databricks/workspaces/assignWorkspaceAdmin/action"
    without = Inside(tmp_path / "without", ESTATE)
    named = {"x_databricks_azure_workspace_resource_id": without.workspace.id}
    assert without.databricks("GET", me, **named).status == 403
    blind = Inside(tmp_path / "blind", {"roles": [{"name": "blind", "actions": [admitting]}], "operator": "blind"})
    assert blind.databricks("GET", me, **named).status == 403
    roles = [{"name": "migrator", "actions": ["*/read", admitting]}]
    inside = Inside(tmp_path / "with", {"roles": roles, "operator": "migrator"})
    assert inside.databricks("GET", me, **named).status == 200


def test_an_operator_with_nothing(tmp_path: Path) -> None:
    inside = Inside(tmp_path, {"operator": ""})
    assert inside.arm("GET", "/subscriptions").json["value"] == []
    assert inside.arm("GET", PERMISSIONS).code == "AuthorizationFailed"


def test_what_the_operator_lacks(tmp_path: Path) -> None:
    """One action less, as a setting: for who tries each of a list."""
    inside = Inside(tmp_path)
    inside.cloud.settings.put({"operator_lacks": f"Microsoft.Databricks/workspaces/write {KEYS}/read"})
    assert inside.arm("GET", inside.workspace.id).status == 200
    assert inside.arm("PATCH", inside.workspace.id, {"tags": {}}).code == "AuthorizationFailed"
    (mine,) = inside.arm("GET", PERMISSIONS).json["value"]
    assert mine["notActions"] == ["Microsoft.Databricks/workspaces/write", f"{KEYS}/read"]
    inside.cloud.settings.put({"operator_lacks": ""})
    assert inside.arm("PATCH", inside.workspace.id, {"tags": {}}).status == 200


@pytest.mark.parametrize(
    "arm",
    [{"roles": [{}]}, {"roles": [{"name": "x", "actions": "*"}]}, {"roles": [{"name": "Owner"}]}, {"operator": "King"}],
)
def test_mistakes(tmp_path: Path, arm: Body) -> None:
    with pytest.raises(BadEstate, match=r"arm\.json"):
        Inside(tmp_path, arm)
