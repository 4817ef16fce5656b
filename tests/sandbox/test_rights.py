"""Which action each request needs, and which data action each operation on a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmkmigrate.sandbox.arm import action_of
from cmkmigrate.sandbox.rights import data_action
from cmkmigrate.sandbox.server import Sandbox
from tests.sandbox.conftest import Inside

ROOT = "/subscriptions/7b1e0d3c-5a64-4f0e-9f43-2f8f0c6f7d10"
GROUP = f"{ROOT}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
WORKSPACE = f"{GROUP}/providers/Microsoft.Databricks/workspaces/w"
LOCATION = f"{ROOT}/providers/Microsoft.KeyVault/locations/westeurope"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", ROOT, "Microsoft.Resources/subscriptions/read"),
        ("GET", f"{ROOT}/locations", "Microsoft.Resources/subscriptions/locations/read"),
        ("GET", f"{ROOT}/providers/Microsoft.KeyVault", "Microsoft.Resources/subscriptions/providers/read"),
        ("GET", f"{ROOT}/resourceGroups", "Microsoft.Resources/subscriptions/resourceGroups/read"),
        ("HEAD", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/read"),
        ("DELETE", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/delete"),
        ("GET", f"{GROUP}/resources", "Microsoft.Resources/subscriptions/resourceGroups/resources/read"),
        ("GET", f"{ROOT}/resources", "Microsoft.Resources/subscriptions/resources/read"),
        ("GET", f"{ROOT}/providers/Microsoft.Databricks/workspaces", "Microsoft.Databricks/workspaces/read"),
        ("PUT", WORKSPACE, "Microsoft.Databricks/workspaces/write"),
        ("PATCH", WORKSPACE, "Microsoft.Databricks/workspaces/write"),
        ("DELETE", WORKSPACE, "Microsoft.Databricks/workspaces/delete"),
        ("PUT", f"{VAULT}/accessPolicies/add", "Microsoft.KeyVault/vaults/accessPolicies/write"),
        ("PUT", f"{VAULT}/keys/k", "Microsoft.KeyVault/vaults/keys/write"),
        ("GET", f"{VAULT}/keys/k/versions", "Microsoft.KeyVault/vaults/keys/versions/read"),
        ("GET", f"{ROOT}/providers/Microsoft.KeyVault/deletedVaults", "Microsoft.KeyVault/deletedVaults/read"),
        ("GET", f"{LOCATION}/deletedVaults/kv", "Microsoft.KeyVault/locations/deletedVaults/read"),
        ("POST", f"{LOCATION}/deletedVaults/kv/purge", "Microsoft.KeyVault/locations/deletedVaults/purge/action"),
        (
            "POST",
            f"{ROOT}/providers/Microsoft.KeyVault/checkNameAvailability",
            "Microsoft.KeyVault/checkNameAvailability/read",
        ),
        (
            "PUT",
            f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/n",
            "Microsoft.Authorization/roleAssignments/write",
        ),
        ("DELETE", f"{VAULT}/providers/Microsoft.Authorization/locks/n", "Microsoft.Authorization/locks/delete"),
        (
            "GET",
            f"{GROUP}/providers/Microsoft.Authorization/permissions",
            "Microsoft.Authorization/permissions/read",
        ),
    ],
)
def test_the_vendors_name_of_each_action(method: str, path: str, action: str) -> None:
    """Names: the vendor's lists of the operations of each provider."""
    found = Sandbox().app.routes["arm"].find(method, path)
    assert found is not None, "the sandbox serves it"
    named, scope = action_of(found[0], path)
    assert named == action
    assert path.startswith(scope), "and it is asked where the request goes to"


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("get", "vaults/keys/read"), ("list", "vaults/keys/read"), ("wrapKey", "vaults/keys/wrap/action"),
        ("unwrapKey", "vaults/keys/unwrap/action"), ("delete", "vaults/keys/delete"),
        ("rotate", "vaults/keys/rotate/action"), ("getrotationpolicy", "vaults/keyrotationpolicies/read"),
    ],
)  # fmt: skip
def test_data_actions(operation: str, named: str) -> None:
    assert data_action(operation) == f"Microsoft.KeyVault/{named}"


@pytest.mark.parametrize("listing", ["providers/Microsoft.Databricks/workspaces", "resources", "resourceGroups"])
def test_a_listing_is_cut_by_rights(tmp_path: Path, listing: str) -> None:
    told = {
        "operator": "",
        "workspaces": [{}, {"name": "far", "resource_group": "rg-far"}],
        "grants": [{"scope": "resourceGroups/rg-old", "role": "Reader", "principal": "operator"}],
    }
    inside = Inside(tmp_path, told)
    found = inside.arm("GET", listing)
    assert found.status == 200
    assert {one["name"].removeprefix("rg-") for one in found.json["value"]} == {"old"}, "and not a word of the other"
    assert inside.arm("GET", "resourceGroups/rg-far/providers/Microsoft.Databricks/workspaces").status == 403
    assert inside.arm("GET", "providers/Microsoft.KeyVault/deletedVaults").status == 403


def test_a_listing_without_any_right_is_refused(tmp_path: Path) -> None:
    told = {"operator": "", "grants": [{"scope": "resourceGroups/rg-old", "role": "Reader", "principal": "databricks"}]}
    inside = Inside(tmp_path, {"resource_groups": [{"name": "rg-old"}], **told})
    refused = inside.arm("GET", "providers/Microsoft.Databricks/workspaces")
    assert (refused.status, refused.code) == (403, "AuthorizationFailed")
