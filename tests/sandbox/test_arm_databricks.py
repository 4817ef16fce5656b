"""Workspaces in ARM: their operations, and what customer-managed keys need before they are accepted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.databricks import AzureDatabricksManagementClient

from tests.sandbox.conftest import ARM, GRAPH, Answer, Body, Running

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
PROVIDER = "providers/Microsoft.Databricks/workspaces"


def path(sandbox: Running, name: str) -> str:
    return f"resourceGroups/{sandbox.group}/{PROVIDER}/{name}"


def wanted(sandbox: Running, name: str, **properties: Any) -> Body:
    managed = f"{sandbox.subscription}/resourceGroups/managed-{name}"
    return {
        "location": "westeurope",
        "sku": {"name": "premium"},
        "properties": {"computeMode": "Hybrid", "managedResourceGroupId": managed, **properties},
    }


def put(sandbox: Running, name: str, body: Body) -> Answer:
    return sandbox.arm("PUT", path(sandbox, name), body)


def get(sandbox: Running, name: str) -> Body:
    return dict(sandbox.arm("GET", path(sandbox, name)).json)


def grant(sandbox: Running, scope: str, principal: str) -> None:
    role = f"{sandbox.subscription}/providers/Microsoft.Authorization/roleDefinitions/{ENCRYPTION_USER}"
    properties = {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}
    name = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
    assert sandbox.arm("PUT", name, {"properties": properties}).status == 201
    sandbox.now_effective()


class Key:
    """A key in a vault of its own."""

    def __init__(self, sandbox: Running, vault: str, **properties: Any) -> None:
        self.id = sandbox.put_vault(vault, **properties).json["id"]
        body = {"properties": {"kty": "RSA", "keySize": 3072, "keyOps": ["wrapKey", "unwrapKey"]}}
        made = sandbox.arm("PUT", f"{self.id}/keys/cmk", body).json["properties"]
        self.scope, self.version = f"{self.id}/keys/cmk", made["keyUriWithVersion"].rsplit("/", 1)[1]
        self.uri = f"https://{vault}.vault.azure.test/"

    @property
    def entity(self) -> Body:
        fields = {"keyVaultUri": self.uri, "keyName": "cmk", "keyVersion": self.version}
        return {"keySource": "Microsoft.Keyvault", "keyVaultProperties": fields}

    @property
    def root(self) -> Body:
        value = {"keySource": "Microsoft.Keyvault", "KeyName": "cmk", "keyversion": self.version}
        return {"value": {**value, "keyvaulturi": self.uri}}


@pytest.fixture(scope="module")
def key(sandbox: Running) -> Key:
    return Key(sandbox, "kv-cmk", enablePurgeProtection=True)


@pytest.fixture(scope="module")
def databricks(sandbox: Running) -> str:
    headers = {"authorization": f"Bearer {sandbox.token(f'https://{GRAPH}')}"}
    where = "/v1.0/servicePrincipals(appId='2ff814a6-3304-4ab8-85cb-cd0e6f879c1d')"
    return str(sandbox.send("GET", GRAPH, where, headers=headers).json["id"])


def test_the_estates_workspace_is_there(sandbox: Running) -> None:
    body = sandbox.arm("GET", sandbox.params["source"]).json
    assert body["sku"] == {"name": "premium"} and "encryption" not in body["properties"]
    number = int(body["properties"]["workspaceId"])
    assert body["properties"]["workspaceUrl"].startswith(f"adb-{number}.")
    assert body["properties"]["provisioningState"] == "Succeeded"


def test_create_read_tag_delete(sandbox: Running) -> None:
    made = put(sandbox, "plain", wanted(sandbox, "plain"))
    assert made.status == 201 and "location" not in made.headers
    assert made.json["properties"]["provisioningState"] == "Accepted"
    assert not {"workspaceUrl", "workspaceId", "parameters"} & set(made.json["properties"])
    assert get(sandbox, "plain")["properties"]["provisioningState"] == "Accepted"
    assert put(sandbox, "plain", wanted(sandbox, "plain")).status == 409
    assert sandbox.settle(made) == {"status": "Succeeded"}
    body = get(sandbox, "plain")["properties"]
    number = int(body["workspaceId"])
    assert body["workspaceUrl"] == f"adb-{number}.{number % 20}.azuredatabricks.test"
    assert not {"encryption", "storageAccountIdentity", "managedDiskIdentity"} & set(body)

    tagged = sandbox.arm("PATCH", path(sandbox, "plain"), {"tags": {"a": "b"}})
    assert tagged.status == 200 and tagged.json["tags"] == {"a": "b"}
    assert sandbox.arm("PATCH", path(sandbox, "plain"), {"properties": {}}).status == 400

    gone = sandbox.arm("DELETE", path(sandbox, "plain"))
    assert gone.status == 202 and "azure-asyncoperation" not in gone.headers
    assert get(sandbox, "plain")["properties"]["provisioningState"] == "Deleting"
    assert sandbox.settle(gone) == {"status": "Succeeded"}
    assert sandbox.arm("GET", path(sandbox, "plain")).code == "ResourceNotFound"
    assert sandbox.arm("DELETE", path(sandbox, "plain")).status == 204


def test_a_patch_carries_tags_only(sandbox: Running, key: Key, databricks: str) -> None:
    grant(sandbox, key.scope, databricks)
    sandbox.settle(put(sandbox, "tagged", wanted(sandbox, "tagged")))
    entities = {"encryption": {"entities": {"managedServices": key.entity}}}
    refused = sandbox.arm("PATCH", path(sandbox, "tagged"), {"tags": {"a": "b"}, "properties": entities})
    assert refused.status == 400
    shown = get(sandbox, "tagged")
    assert "tags" not in shown and "encryption" not in shown["properties"], "nothing of it was done"
    sandbox.arm("PATCH", path(sandbox, "tagged"), {"tags": {"a": "b"}})
    assert get(sandbox, "tagged")["tags"] == {"a": "b"}


@pytest.fixture
def unhurried(sandbox: Running) -> Iterator[None]:
    """Operations end by being asked about, not by the time that a busy machine takes."""
    sandbox.control("PUT", "settings", {"operation_s": 3600.0})
    yield
    sandbox.control("PUT", "settings", {"operation_s": 5.0})


def test_identities_appear_only_after_the_put(sandbox: Running, key: Key, unhurried: None) -> None:
    identities = {"storageAccountIdentity", "managedDiskIdentity", "diskEncryptionSetId"}
    sandbox.settle(put(sandbox, "faceless", wanted(sandbox, "faceless")))
    assert not identities & set(get(sandbox, "faceless")["properties"])
    both = {
        "parameters": {"prepareEncryption": {"value": True}},
        "encryption": {"entities": {"managedDisk": key.entity}},
    }
    going = put(sandbox, "faceless", wanted(sandbox, "faceless", **both))
    assert (
        going.json["properties"]["managedDiskIdentity"] == {}
        and "storageAccountIdentity" not in going.json["properties"]
    )
    assert not identities & set(get(sandbox, "faceless")["properties"]), "not while the operation goes on"
    sandbox.settle(going)
    shown = get(sandbox, "faceless")["properties"]
    assert identities <= set(shown) and shown["storageAccountIdentity"]["principalId"] != ""
    assert shown["storageAccountIdentity"]["principalId"] != shown["managedDiskIdentity"]["principalId"]


def test_a_put_that_drops_the_disk_block_is_refused(sandbox: Running, key: Key) -> None:
    entities = {"encryption": {"entities": {"managedDisk": key.entity}}}
    sandbox.settle(put(sandbox, "kept", wanted(sandbox, "kept", **entities)))
    dropped = put(sandbox, "kept", wanted(sandbox, "kept", parameters={"prepareEncryption": {"value": True}}))
    assert (dropped.status, dropped.code) == (400, "DiskEncryptionPropertiesRequired")
    assert (
        dropped.json["error"]["message"] == "Existing Disk Encryption Properties must be specified in the PUT request"
    )
    assert get(sandbox, "kept")["properties"]["provisioningState"] == "Succeeded"
    prepared = {**entities, "parameters": {"prepareEncryption": {"value": True}}}
    assert sandbox.settle(put(sandbox, "kept", wanted(sandbox, "kept", **prepared)))["status"] == "Succeeded"


@pytest.mark.parametrize(
    ("rules", "passes"),
    [
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, True),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, False),
        ({"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "AzureServices"}}, True),
        ({"publicNetworkAccess": "SecuredByPerimeter", "networkAcls": {"bypass": "AzureServices"}}, False),
    ],
)
def test_a_vaults_firewall_and_its_bypass(sandbox: Running, databricks: str, rules: Body, passes: bool) -> None:
    name = f"wall{uuid4().hex[:8]}"
    mine = Key(sandbox, name, enablePurgeProtection=True, **rules)
    grant(sandbox, mine.scope, databricks)
    body = wanted(sandbox, name, encryption={"entities": {"managedServices": mine.entity}})
    ended = sandbox.settle(put(sandbox, name, body))
    assert ended["status"] == ("Succeeded" if passes else "Failed")
    assert passes or "ForbiddenBy" in ended["error"]["message"]


def test_a_deletion_takes_its_time(sandbox: Running) -> None:
    sandbox.settle(put(sandbox, "slow", wanted(sandbox, "slow")))
    sandbox.control("PUT", "settings", {"polls": 40, "operation_s": 600.0})
    try:
        url = sandbox.arm("DELETE", path(sandbox, "slow")).headers["location"]
        for _ in range(20):
            told = sandbox.arm("GET", url.removeprefix(f"https://{ARM}"))
            assert told.status == 202
            url = told.headers["location"]
        assert get(sandbox, "slow")["properties"]["provisioningState"] == "Deleting"
        assert sandbox.arm("GET", "resourceGroups/managed-slow").status == 200
        sandbox.control("PUT", "clock", {"advance": 601})
        assert sandbox.arm("GET", url.removeprefix(f"https://{ARM}")).json == {"status": "Succeeded"}
        assert sandbox.arm("GET", "resourceGroups/managed-slow").status == 404
    finally:
        sandbox.control("PUT", "settings", {"polls": 2, "operation_s": 5.0})


@pytest.mark.parametrize("forced", [False, True])
def test_data_of_unity_catalog_is_left_behind(sandbox: Running, forced: bool) -> None:
    name = f"catalog-{forced}".lower()
    sandbox.settle(put(sandbox, name, wanted(sandbox, name)))
    sandbox.control("PUT", "settings", {"catalog_data": "kept"})
    try:
        words = f"?api-version=2026-01-01&forceDeletion={str(forced).lower()}"
        sandbox.settle(sandbox.arm("DELETE", path(sandbox, name) + words))
        group = f"resourceGroups/managed-{name}"
        assert sandbox.arm("GET", path(sandbox, name)).status == 404
        assert sandbox.arm("GET", group).status == (404 if forced else 200)
        if not forced:
            left = {one["type"] for one in sandbox.arm("GET", f"{group}/resources").json["value"]}
            assert left == {"Microsoft.Storage/storageAccounts", "Microsoft.Databricks/accessConnectors"}
            assert put(sandbox, "after", wanted(sandbox, name)).code == "ManagedResourceGroupAlreadyExists"
            assert sandbox.arm("DELETE", group).status == 200
            assert sandbox.arm("GET", group).status == 404
    finally:
        sandbox.control("PUT", "settings", {"catalog_data": "none"})


def test_an_operation_ends_without_being_asked(sandbox: Running) -> None:
    put(sandbox, "alone", wanted(sandbox, "alone"))
    sandbox.control("PUT", "clock", {"advance": 60})
    assert get(sandbox, "alone")["properties"]["provisioningState"] == "Succeeded"


def test_a_created_workspace_answers(sandbox: Running) -> None:
    sandbox.settle(put(sandbox, "live", wanted(sandbox, "live")))
    host = get(sandbox, "live")["properties"]["workspaceUrl"]
    token = sandbox.token("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d")
    headers = {"authorization": f"Bearer {token}"}
    me = sandbox.send("GET", host, "/api/2.0/preview/scim/v2/Me", headers=headers)
    assert me.status == 200 and me.headers["x-databricks-org-id"] in host


def test_lists_come_in_pages(sandbox: Running) -> None:
    sandbox.control("PUT", "settings", {"page": 1})
    try:
        first = sandbox.arm("GET", PROVIDER).json
        assert len(first["value"]) == 1 and "nextLink" in first
        second = sandbox.arm("GET", first["nextLink"].removeprefix(f"https://{ARM}")).json
        assert second["value"][0]["id"] != first["value"][0]["id"]
    finally:
        sandbox.control("PUT", "settings", {"page": 200})


BAD: list[tuple[Body, str]] = [
    ({"sku": {"name": "gold"}}, "InvalidDatabricksSku"),
    ({"properties": {"computeMode": None}}, "InvalidComputeMode"),
    ({"properties": {"managedResourceGroupId": None}}, "ManagedResourceGroupIdRequired"),
    ({"properties": {"computeMode": "Serverless", "managedResourceGroupId": None, "parameters": {}}},
     "FeatureNotSupportedForServerlessWorkspace"),
    ({"properties": {"parameters": {"prepareEncryption": True}}}, "InvalidRequestContent"),
    ({"properties": {"encryption": {"entities": {"managedServices": {"keySource": "Microsoft.Keyvault"}}}}},
     "InvalidEncryptionEntitiesKeyVaultValue"),
    ({"properties": {"encryption": {"entities": {"managedDisk": {
        "keySource": "Microsoft.Keyvault", "keyVaultProperties": {"keyName": "k", "keyVersion": None}}}}}},
     "InvalidEncryptionEntitiesKeyVaultValue"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), BAD)
def test_refused_at_once(sandbox: Running, changes: Body, code: str) -> None:
    body = wanted(sandbox, "bad")
    body["properties"] |= changes.get("properties", {})
    answer = put(sandbox, "bad", {**body, **{k: v for k, v in changes.items() if k != "properties"}})
    assert (answer.status, answer.code) == (400, code)
    assert sandbox.arm("GET", path(sandbox, "bad")).status == 404


def test_what_an_update_may_not_change(sandbox: Running) -> None:
    sandbox.settle(put(sandbox, "fixed", wanted(sandbox, "fixed")))
    elsewhere = {**wanted(sandbox, "fixed"), "location": "eastus"}
    assert put(sandbox, "fixed", elsewhere).code == "InvalidResourceLocation"
    assert put(sandbox, "fixed", wanted(sandbox, "other")).code == "ManagedResourceGroupIdMismatch"
    doubly = wanted(sandbox, "fixed", parameters={"requireInfrastructureEncryption": {"value": True}})
    assert put(sandbox, "fixed", doubly).status == 400
    assert put(sandbox, "next", wanted(sandbox, "fixed")).code == "ManagedResourceGroupAlreadyExists"


def test_managed_services_need_the_grant_first(sandbox: Running, databricks: str) -> None:
    mine = Key(sandbox, "kv-services", enablePurgeProtection=True)
    body = wanted(sandbox, "services", encryption={"entities": {"managedServices": mine.entity}})
    failed = sandbox.settle(put(sandbox, "services", body))
    assert failed["status"] == "Failed"
    assert "PERMISSION_DENIED: Invalid permissions on the specified KeyVault" in failed["error"]["message"]
    assert "[Get, Wrap, Unwrap]" in failed["error"]["message"]
    assert get(sandbox, "services")["properties"]["provisioningState"] == "Failed"

    grant(sandbox, mine.scope, databricks)
    assert sandbox.settle(put(sandbox, "services", body))["status"] == "Succeeded"
    shown = get(sandbox, "services")["properties"]
    assert shown["encryption"]["entities"]["managedServices"] == mine.entity
    dropped = put(sandbox, "services", wanted(sandbox, "services"))
    assert (dropped.status, dropped.code) == (400, "DiskEncryptionPropertiesRequired")


def test_access_policies_are_grants_too(sandbox: Running, databricks: str) -> None:
    tenant = sandbox.env["AZURE_TENANT_ID"]
    policy = {"tenantId": tenant, "objectId": databricks, "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]}}
    mine = Key(sandbox, "kv-policies", enableRbacAuthorization=False, accessPolicies=[policy])
    body = wanted(sandbox, "policies", encryption={"entities": {"managedServices": mine.entity}})
    assert sandbox.settle(put(sandbox, "policies", body))["status"] == "Succeeded"


def test_managed_disk_as_recorded_and_strict(sandbox: Running) -> None:
    """The recorded service accepts a key that nobody can use; users have met a check."""
    fields = {"keyVaultUri": "https://kv-none.vault.azure.net/", "keyName": "k", "keyVersion": "0" * 32}
    entity = {"keySource": "Microsoft.Keyvault", "keyVaultProperties": fields}
    body = wanted(sandbox, "disks", encryption={"entities": {"managedDisk": entity}})
    sandbox.control("PUT", "settings", {"disk_check": "strict"})
    failed = sandbox.settle(put(sandbox, "disks", body))
    assert "Unable to access key vault 'https://kv-none.vault.azure.net/keys/k'" in failed["error"]["message"]
    sandbox.control("PUT", "settings", {"disk_check": "recorded"})
    accepted = put(sandbox, "disks", body)
    assert accepted.json["properties"]["managedDiskIdentity"] == {}
    assert sandbox.settle(accepted)["status"] == "Succeeded"
    shown = get(sandbox, "disks")["properties"]
    assert shown["managedDiskIdentity"]["type"] == "SystemAssigned" and shown["diskEncryptionSetId"]


def test_root_encryption_in_its_two_steps(sandbox: Running, key: Key) -> None:
    sandbox.settle(put(sandbox, "root", wanted(sandbox, "root")))
    encrypted = wanted(sandbox, "root", parameters={"prepareEncryption": {"value": True}, "encryption": key.root})
    failed = sandbox.settle(put(sandbox, "root", encrypted))
    assert "Missing pre-requisites" in failed["error"]["message"]

    prepared = wanted(sandbox, "root", parameters={"prepareEncryption": {"value": True}})
    assert sandbox.settle(put(sandbox, "root", prepared))["status"] == "Succeeded"
    identity = get(sandbox, "root")["properties"]["storageAccountIdentity"]["principalId"]
    failed = sandbox.settle(put(sandbox, "root", encrypted))
    assert "authentication issue on the keyvault" in failed["error"]["message"]

    grant(sandbox, key.scope, identity)
    assert sandbox.settle(put(sandbox, "root", encrypted))["status"] == "Succeeded"
    shown = get(sandbox, "root")["properties"]["parameters"]["encryption"]
    assert shown == {"type": "Object", **key.root}

    reverted = copy.deepcopy(encrypted)
    reverted["properties"]["parameters"]["encryption"]["value"]["keySource"] = "Default"
    sandbox.settle(put(sandbox, "root", reverted))
    shown = get(sandbox, "root")["properties"]["parameters"]["encryption"]
    assert shown == {"type": "Object", "value": {"keySource": "Default"}}


def test_root_encryption_wants_a_purge_protected_vault(sandbox: Running) -> None:
    weak = Key(sandbox, "kv-weak")
    prepared = wanted(sandbox, "weak", parameters={"prepareEncryption": {"value": True}})
    sandbox.settle(put(sandbox, "weak", prepared))
    grant(sandbox, weak.scope, get(sandbox, "weak")["properties"]["storageAccountIdentity"]["principalId"])
    prepared["properties"]["parameters"]["encryption"] = weak.root
    failed = sandbox.settle(put(sandbox, "weak", prepared))
    assert "Missing pre-requisites" in failed["error"]["message"]
    assert get(sandbox, "weak")["properties"]["provisioningState"] == "Failed"


@pytest.fixture
def client(clients: Running) -> Iterator[AzureDatabricksManagementClient]:
    env, arm = clients.env, f"https://{ARM}"
    credential = ClientSecretCredential(
        env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"],
        authority=env["CMKMIGRATE_AUTHORITY"], disable_instance_discovery=True,
    )  # fmt: skip
    with (
        credential,
        AzureDatabricksManagementClient(
            credential, env["AZURE_SUBSCRIPTION_ID"], base_url=arm, credential_scopes=[f"{arm}/.default"]
        ) as made,
    ):
        yield made


def test_azure_mgmt_databricks(clients: Running, client: AzureDatabricksManagementClient) -> None:
    """With the polling interval as it comes, 30 s: the sandbox says how long to wait."""
    group = clients.group
    made = client.workspaces.begin_create_or_update(group, "sdk", wanted(clients, "sdk")).result()
    assert made.properties.workspace_url
    assert "sdk" in {one.name for one in client.workspaces.list_by_resource_group(group)}
    fields = {"keyVaultUri": "https://kv-none.vault.azure.net/", "keyName": "k", "keyVersion": "0" * 32}
    entity = {"keySource": "Microsoft.Keyvault", "keyVaultProperties": fields}
    body = wanted(clients, "sdk", encryption={"entities": {"managedServices": entity}})
    with pytest.raises(HttpResponseError, match="PERMISSION_DENIED"):
        client.workspaces.begin_create_or_update(group, "sdk", body).result()
    client.workspaces.begin_delete(group, "sdk").result()
    assert "sdk" not in {one.name for one in client.workspaces.list_by_subscription()}
