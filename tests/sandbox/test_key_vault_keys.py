"""The data plane of a vault: the challenge, keys and their versions, who may."""

from __future__ import annotations

from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient

from tests.sandbox.conftest import Body, Running

OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"


def operator(sandbox: Running) -> str:
    found = sandbox.arm("GET", "providers/Microsoft.Authorization/roleAssignments").json["value"]
    return str(found[0]["properties"]["principalId"])


def policy(sandbox: Running, *keys: str) -> list[Body]:
    permissions = {"keys": list(keys)}
    tenant = sandbox.env["AZURE_TENANT_ID"]
    return [{"tenantId": tenant, "objectId": operator(sandbox), "permissions": permissions}]


def test_challenge(sandbox: Running) -> None:
    sandbox.put_vault("kv-challenge")
    answer = sandbox.send("POST", "kv-challenge.vault.azure.test", "/keys/k/create?api-version=2025-07-01")
    assert (answer.status, answer.code) == (401, "Unauthorized")
    authority = f"https://login.microsoftonline.test/{sandbox.env['AZURE_TENANT_ID']}"
    assert answer.headers["www-authenticate"] == (
        f'Bearer authorization="{authority}", resource="https://vault.azure.test"'
    )
    assert answer.json["error"]["message"].startswith("AKV10000: ")


def test_rbac_and_policies_are_asked(sandbox: Running) -> None:
    scope = sandbox.put_vault("kv-rbac").json["id"]
    answer = sandbox.vault("POST", "kv-rbac", "/keys/k/create", {"kty": "RSA"})
    assert (answer.status, answer.json["error"]["innererror"]["code"]) == (403, "ForbiddenByRbac")
    role = {"roleDefinitionId": f"/x/{OFFICER}", "principalId": operator(sandbox), "principalType": "ServicePrincipal"}
    sandbox.arm("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}", {"properties": role})
    sandbox.now_effective()
    assert sandbox.vault("POST", "kv-rbac", "/keys/k/create", {"kty": "RSA"}).status == 200

    sandbox.put_vault("kv-policy", enableRbacAuthorization=False, accessPolicies=policy(sandbox, "Get"))
    answer = sandbox.vault("POST", "kv-policy", "/keys/k/create", {"kty": "RSA"})
    assert (answer.status, answer.json["error"]["innererror"]["code"]) == (403, "AccessDenied")
    assert "does not have keys create permission on key vault 'kv-policy;" in answer.json["error"]["message"]
    assert sandbox.vault("GET", "kv-policy", "/keys/k").code == "KeyNotFound"


@pytest.mark.parametrize(
    ("days", "protected", "level"),
    [
        (90, True, "Recoverable"),
        (90, False, "Recoverable+Purgeable"),
        (7, True, "CustomizedRecoverable"),
        (7, False, "CustomizedRecoverable+Purgeable"),
    ],
)
def test_recovery_level(sandbox: Running, days: int, protected: bool, level: str) -> None:
    name, extra = f"kv-level-{days}-{protected}".lower(), {"enablePurgeProtection": True} if protected else {}
    policies = policy(sandbox, "all")
    sandbox.put_vault(
        name, softDeleteRetentionInDays=days, enableRbacAuthorization=False, accessPolicies=policies, **extra
    )
    key = sandbox.vault("POST", name, "/keys/k/create", {"kty": "RSA", "key_size": 3072}).json
    assert key["attributes"]["recoveryLevel"] == level and key["attributes"]["recoverableDays"] == days
    assert key["key"]["key_ops"] == ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]


def test_a_deleted_key_holds_its_name(sandbox: Running) -> None:
    sandbox.put_vault("kv-keys", enableRbacAuthorization=False, accessPolicies=policy(sandbox, "all"))
    sandbox.vault("POST", "kv-keys", "/keys/k/create", {"kty": "RSA"})
    assert sandbox.vault("DELETE", "kv-keys", "/keys/k").status == 200
    again = sandbox.vault("POST", "kv-keys", "/keys/k/create", {"kty": "RSA"})
    assert (again.status, again.json["error"]["innererror"]["code"]) == (409, "ObjectIsDeletedButRecoverable")
    assert sandbox.vault("POST", "kv-keys", "/deletedkeys/k/recover").status == 200
    assert sandbox.vault("GET", "kv-keys", "/keys/k").status == 200


def test_firewall(sandbox: Running) -> None:
    policies = {"enableRbacAuthorization": False, "accessPolicies": policy(sandbox, "all")}
    closed = {"defaultAction": "Deny", "bypass": "AzureServices"}
    sandbox.put_vault("kv-wall", networkAcls=closed, **policies)
    answer = sandbox.vault("GET", "kv-wall", "/keys")
    assert answer.json["error"]["innererror"]["code"] == "ForbiddenByFirewall"
    sandbox.put_vault("kv-wall", networkAcls={**closed, "ipRules": [{"value": "203.0.113.10/32"}]}, **policies)
    assert sandbox.vault("GET", "kv-wall", "/keys").status == 200
    sandbox.put_vault("kv-wall", publicNetworkAccess="Disabled", **policies)
    assert sandbox.vault("GET", "kv-wall", "/keys").json["error"]["innererror"]["code"] == "ForbiddenByConnection"


def test_azure_keyvault_keys(clients: Running) -> None:
    """With the client's own check that the challenge belongs to the vault."""
    env = clients.env
    made = clients.put_vault("kv-sdk", enableRbacAuthorization=False, accessPolicies=policy(clients, "all"))
    credential = ClientSecretCredential(
        env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"],
        authority=env["CMKMIGRATE_AUTHORITY"], disable_instance_discovery=True,
    )  # fmt: skip
    with credential, KeyClient(made.json["properties"]["vaultUri"], credential) as client:
        first = client.create_rsa_key("k", size=3072, key_operations=["wrapKey", "unwrapKey"], tags={"a": "b"})
        second = client.create_rsa_key("k", size=3072)
        assert client.get_key("k").properties.version == second.properties.version
        assert client.get_key("k", first.properties.version).properties.tags == {"a": "b"}
        assert len(list(client.list_properties_of_key_versions("k"))) == 2
        assert [one.name for one in client.list_properties_of_keys()] == ["k"]
        off = client.update_key_properties("k", first.properties.version, enabled=False)
        assert off.properties.enabled is False
        assert client.rotate_key("k").properties.version not in (first.properties.version, second.properties.version)
        with pytest.raises(ResourceNotFoundError, match="KeyNotFound"):
            client.get_key("none")
        with pytest.raises(HttpResponseError):
            client.create_rsa_key("weak", size=1024)
