"""Vaults in ARM: properties, soft delete, names, access policies."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.keyvault import KeyVaultManagementClient

from tests.sandbox.conftest import ARM, Answer, Running

PROVIDER = "providers/Microsoft.KeyVault"


def name_check(sandbox: Running, name: str) -> Any:
    body = {"name": name, "type": "Microsoft.KeyVault/vaults"}
    return sandbox.arm("POST", f"{PROVIDER}/checkNameAvailability", body).json


def test_create_and_update(sandbox: Running) -> None:
    made = sandbox.put_vault("kv-plain", softDeleteRetentionInDays=7)
    properties = made.json["properties"]
    assert made.status == 200 and properties["vaultUri"] == "https://kv-plain.vault.azure.test/"
    assert "enablePurgeProtection" not in properties and properties["enableSoftDelete"] is True
    protected = sandbox.put_vault("kv-plain", softDeleteRetentionInDays=7, enablePurgeProtection=True)
    assert protected.json["properties"]["enablePurgeProtection"] is True
    assert sandbox.put_vault("kv-plain", softDeleteRetentionInDays=7).json["properties"]["enablePurgeProtection"]
    tagged = sandbox.arm("PATCH", made.json["id"], {"tags": {"a": "b"}})
    assert tagged.json["tags"] == {"a": "b"} and tagged.json["properties"]["enablePurgeProtection"]
    listed = sandbox.arm("GET", f"{PROVIDER}/vaults").json["value"]
    assert made.json["id"] in {one["id"] for one in listed}


def test_rbac_is_the_default_of_new_versions_only(sandbox: Running) -> None:
    path = f"resourceGroups/{sandbox.group}/{PROVIDER}/vaults/"
    tenant = sandbox.env["AZURE_TENANT_ID"]
    properties = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    body = {"location": "westeurope", "properties": properties}
    for version, expected in (("2026-05-15", True), ("2023-07-01", False)):
        made = sandbox.arm("PUT", f"{path}kv-{version[:4]}", body, version=version)
        assert made.json["properties"]["enableRbacAuthorization"] is expected


@pytest.mark.parametrize(
    "properties",
    [
        {"enablePurgeProtection": False},
        {"enableSoftDelete": False},
        {"softDeleteRetentionInDays": 6},
        {"softDeleteRetentionInDays": 91},
        {"sku": {"family": "A", "name": "gold"}},
        {"tenantId": "00000000-0000-4000-8000-000000000001"},
    ],
)
def test_refused_properties(sandbox: Running, properties: dict[str, Any]) -> None:
    assert sandbox.put_vault("kv-bad", **properties).status == 400


@pytest.mark.parametrize("name", ["kv", "1kv", "kv--x", "kv-", "k" * 25, "kv_x"])
def test_refused_names(sandbox: Running, name: str) -> None:
    assert sandbox.put_vault(name).code == "VaultNameNotValid"
    assert name_check(sandbox, name)["reason"] == "AccountNameInvalid"


def test_a_deleted_vault_holds_its_name(sandbox: Running) -> None:
    assert name_check(sandbox, "kv-again") == {"nameAvailable": True}
    of = sandbox.put_vault("kv-again").json["id"]
    assert name_check(sandbox, "KV-again")["reason"] == "AlreadyExists"
    assert sandbox.arm("DELETE", of).status == 200
    assert sandbox.arm("GET", of).status == 404
    assert name_check(sandbox, "kv-again")["reason"] == "AlreadyExists"
    taken = sandbox.put_vault("kv-again")
    assert (taken.status, taken.code) == (409, "ConflictError")
    deleted = sandbox.arm("GET", f"{PROVIDER}/locations/westeurope/deletedVaults/kv-again").json["properties"]
    assert deleted["vaultId"] == of and deleted["scheduledPurgeDate"] > deleted["deletionDate"]
    assert sandbox.put_vault("kv-again", createMode="recover").status == 200
    assert sandbox.arm("GET", of).status == 200


def purge(sandbox: Running, name: str) -> Answer:
    return sandbox.arm("POST", f"{PROVIDER}/locations/westeurope/deletedVaults/{name}/purge")


def test_purge_is_refused_while_protected(sandbox: Running) -> None:
    for name, status in (("kv-purged", 200), ("kv-kept", 403)):
        of = sandbox.put_vault(name, **({"enablePurgeProtection": True} if status == 403 else {})).json["id"]
        sandbox.arm("DELETE", of)
        assert purge(sandbox, name).status == status
    assert name_check(sandbox, "kv-purged") == {"nameAvailable": True}
    assert purge(sandbox, "kv-purged").status == 404


def test_a_vault_of_another_group_is_in_the_way(sandbox: Running) -> None:
    sandbox.put_vault("kv-elsewhere")
    sandbox.arm("PUT", "resourceGroups/rg-other", {"location": "westeurope"})
    tenant = sandbox.env["AZURE_TENANT_ID"]
    properties = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}}
    body = {"location": "westeurope", "properties": properties}
    taken = sandbox.arm("PUT", f"resourceGroups/rg-other/{PROVIDER}/vaults/kv-elsewhere", body)
    assert (taken.status, taken.code) == (409, "VaultAlreadyExists")


def test_access_policies(sandbox: Running) -> None:
    of = sandbox.put_vault("kv-open", enableRbacAuthorization=False, accessPolicies=[]).json["id"]

    def change(how: str, *keys: str) -> Any:
        policy = {
            "tenantId": sandbox.env["AZURE_TENANT_ID"],
            "objectId": "someone",
            "permissions": {"keys": list(keys)},
        }
        return sandbox.arm("PUT", f"{of}/accessPolicies/{how}", {"properties": {"accessPolicies": [policy]}}).json

    change("add", "get")
    assert change("add", "wrapKey")["properties"]["accessPolicies"][0]["permissions"]["keys"] == ["get", "wrapKey"]
    assert change("replace", "list")["properties"]["accessPolicies"][0]["permissions"]["keys"] == ["list"]
    assert change("remove")["properties"]["accessPolicies"] == []
    assert sandbox.arm("PUT", f"{of}/accessPolicies/merge", {}).status == 400


def test_azure_mgmt_keyvault(clients: Running) -> None:
    env, arm = clients.env, f"https://{ARM}"
    credential = ClientSecretCredential(
        env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"],
        authority=env["CMKMIGRATE_AUTHORITY"], disable_instance_discovery=True,
    )  # fmt: skip
    subscription = env["AZURE_SUBSCRIPTION_ID"]
    with (
        credential,
        KeyVaultManagementClient(
            credential, subscription, base_url=arm, credential_scopes=[f"{arm}/.default"]
        ) as client,
    ):
        properties = {"tenantId": env["AZURE_TENANT_ID"], "sku": {"family": "A", "name": "premium"}}
        body = {"location": "westeurope", "properties": {**properties, "enablePurgeProtection": True}}
        made = client.vaults.begin_create_or_update(clients.group, "kv-sdk", body).result()
        assert made.properties.enable_purge_protection and made.properties.enable_rbac_authorization
        assert "kv-sdk" in {one.name for one in client.vaults.list_by_subscription()}
        assert "kv-sdk" in {one.name for one in client.vaults.list()}
        client.vaults.delete(clients.group, "kv-sdk")
        assert client.vaults.get_deleted("kv-sdk", "westeurope").properties.purge_protection_enabled
        with pytest.raises(HttpResponseError, match="ConflictError"):
            client.vaults.begin_create_or_update(clients.group, "kv-sdk", body).result()
