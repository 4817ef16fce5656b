"""The new workspace: the body from the old one, the PUT from a GET, and how operations end."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, CallError, Mistake, NotYet, Refused, Stopped, Ungranted
from cmkmigrate.kinds.azure.workspaces import Workspaces, merged, sendable
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry, Made
from tests.kinds.azure.fake_subscription import WORKSPACE, FakeSubscription, S, source

KIND = Workspaces()
NEW = f"{S}/Microsoft.Databricks/workspaces/new"
KEY = {"key_uri": "https://kv.vault.azure.test/", "key_name": "cmk", "key_version": "v1"}
SETTINGS: dict[str, Any] = {"name": "new", "existing": "", "resource_group": "g", **KEY}
ENTITY = {
    "keySource": "Microsoft.Keyvault",
    "keyVaultProperties": {"keyVaultUri": KEY["key_uri"], "keyName": "cmk", "keyVersion": "v1"},
}
VNET = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/vnet"
OPERATION = "https://management.azure.test/operation"
NO_RIGHT = {
    "code": "ApplianceUpdateFailed",
    "message": "failed : 'PERMISSION_DENIED: Invalid permissions on the specified KeyVault https://kv.vault.azure.test/.'",
}


def nothing(_: str) -> list[Entry]:
    return []


def wanted(old: Any = None, **settings: Any) -> Asset:
    (found,) = KIND.desired(old or source(), {**SETTINGS, **settings}, nothing)
    assert isinstance(found, Asset)
    return found


def made(**properties: Any) -> dict[str, Any]:
    """The new workspace as ARM shows it once it is made."""
    body = copy.deepcopy(wanted().body or {})
    body["id"], body["name"], body["systemData"] = NEW, "new", {"createdAt": "now"}
    for one in body["properties"]["parameters"].values():
        one["type"] = "String"
    body["properties"] |= {
        "workspaceUrl": "adb-2.2.azuredatabricks.test",
        "workspaceId": "2",
        "managedDiskIdentity": {"principalId": "disk"},
        "storageAccountIdentity": {"principalId": "storage"},
        "authorizations": [{"principalId": "p"}],
        **properties,
    }
    return body


def test_body() -> None:
    one = wanted()
    assert (one.id, one.key, one.name) == (NEW, "g/new", "new")
    assert one.body is not None
    group = one.body["properties"].pop("managedResourceGroupId")
    assert one.body == {
        "location": "westeurope",
        "sku": {"name": "premium"},
        "tags": {"env": "dev"},
        "properties": {
            "computeMode": "Hybrid",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
            "requiredNsgRules": "AllRules",
            "parameters": {
                "enableNoPublicIp": {"value": True},
                "storageAccountSkuName": {"value": "Standard_GRS"},
                "natGatewayName": {"value": "nat-gateway"},
                "vnetAddressPrefix": {"value": "10.139"},
                "prepareEncryption": {"value": True},
            },
            "encryption": {"entities": {"managedServices": ENTITY, "managedDisk": ENTITY}},
        },
    }
    assert group.startswith("/subscriptions/s/resourceGroups/databricks-rg-new-")
    assert len(group.rpartition("-")[2]) == 13
    assert wanted().body == {**one.body, "properties": {**one.body["properties"], "managedResourceGroupId": group}}


def test_features() -> None:
    def of(features: list[str], **more: Any) -> Any:
        return (wanted(features=features, **more).body or {})["properties"]

    assert "encryption" not in of(["dbfs_root"]) and "encryption" not in of([], key_uri="")
    assert list(of(["managed_disks"])["encryption"]["entities"]) == ["managedDisk"]
    assert "prepareEncryption" not in of(["managed_services"])["parameters"]
    assert of([], double_encryption=True)["parameters"]["requireInfrastructureEncryption"] == {"value": True}
    assert of(["managed_disks"], key_version=KNOWN_AFTER_APPLY)["encryption"]
    for bad in ({"features": ["disks"]}, {"key_version": ""}, {"name": ""}):
        with pytest.raises(Mistake):
            wanted(**bad)


def test_what_else_is_carried_over() -> None:
    old = source(
        enhancedSecurityCompliance={
            "automaticClusterUpdate": {"value": "Enabled"},
            "complianceSecurityProfile": {"value": "Disabled", "complianceStandards": ["NONE"]},
        },
        defaultCatalog={"initialType": "UnityCatalog", "initialName": "old"},
        defaultStorageFirewall="Enabled",
        accessConnector={"id": "c", "identityType": "SystemAssigned"},
        parameters={"customVirtualNetworkId": {"value": VNET}, "enableNoPublicIp": {"value": True}},
    )
    properties = (wanted(old, public_subnet="a", private_subnet="b").body or {})["properties"]
    assert properties["enhancedSecurityCompliance"] == {
        "automaticClusterUpdate": {"value": "Enabled"},
        "complianceSecurityProfile": {"value": "Disabled"},
    }
    assert properties["defaultCatalog"] == {"initialType": "UnityCatalog"}
    assert properties["defaultStorageFirewall"] == "Enabled" and properties["accessConnector"]["id"] == "c"
    off = source(enhancedSecurityCompliance={"automaticClusterUpdate": {"value": "Disabled"}})
    assert "enhancedSecurityCompliance" not in (wanted(off).body or {})["properties"]


def test_a_network_of_ones_own_needs_subnets_of_ones_own() -> None:
    parameters = {
        "customVirtualNetworkId": {"value": VNET},
        "customPublicSubnetName": {"value": "pub"},
        "customPrivateSubnetName": {"value": "priv"},
        "publicIpName": {"value": "nat-gw-public-ip"},
    }
    old = source(parameters=parameters)
    for subnets in ({}, {"public_subnet": "a"}, {"public_subnet": "PUB", "private_subnet": "b"}):
        with pytest.raises(Blocked, match="subnet"):
            wanted(old, **subnets)
    with pytest.raises(Blocked, match="the same"):
        wanted(old, public_subnet="a", private_subnet="A")
    found = (wanted(old, public_subnet="a", private_subnet="b").body or {})["properties"]["parameters"]
    assert found == {
        "customVirtualNetworkId": {"value": VNET},
        "customPublicSubnetName": {"value": "a"},
        "customPrivateSubnetName": {"value": "b"},
        "prepareEncryption": {"value": True},
    }


@pytest.mark.parametrize(
    ("old", "settings", "text"),
    [
        (source(sku={"name": "standard"}), {}, "not Premium"),
        (source(computeMode="Serverless"), {}, "serverless"),
        (source(), {"name": "OLD"}, "is the old one"),
        (source(), {"existing": WORKSPACE.upper()}, "is the old one"),
    ],
)
def test_what_cannot_be(old: Any, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(Blocked, match=text):
        wanted(old, **settings)


def test_a_workspace_that_is_changed_in_place_is_named_as_existing_alone() -> None:
    (one,) = KIND.desired(source(), {"existing": WORKSPACE}, lambda kind: [])
    assert isinstance(one, Asset) and one.body == {}
    with pytest.raises(Blocked, match="Failed"):
        list(KIND.desired(source(provisioningState="Failed"), {"existing": WORKSPACE}, lambda kind: []))


@pytest.mark.parametrize("name", ["", "xx", "x" * 65, "a b", "a/b", "ä-b"])
def test_a_name_that_no_workspace_can_have(name: str) -> None:
    with pytest.raises(Mistake):
        wanted(name=name)


def test_existing_is_kept_as_it_is() -> None:
    site, settings = FakeSubscription(), {"existing": NEW}
    with pytest.raises(Blocked, match="no such workspace"):
        KIND.list(site, settings, nothing)
    site.bodies[NEW] = {"id": NEW, "name": "new", "properties": {"workspaceUrl": "adb-2.2.azuredatabricks.test"}}
    (want,) = KIND.desired(source(sku={"name": "standard"}), settings, nothing)
    (have,) = KIND.list(site, settings, nothing)
    assert isinstance(want, Asset) and isinstance(have, Asset)
    assert want.key == have.key and portable.differences(KIND, want.body or {}, have.body or {}) == ()
    found = {name: portable.value_at(have.body, path) for name, path in KIND.outputs.items()}
    assert found["url"] == "https://adb-2.2.azuredatabricks.test"
    assert (found["disk_identity"], found["storage_identity"]) == ("", "")


def test_create_and_again() -> None:
    site, want = FakeSubscription(), wanted()
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    assert KIND.create(site, want) == Made(NEW, OPERATION)
    ((_, where, body),) = site.writes
    assert where == NEW and "provisioningState" not in body["properties"]
    site.bodies[NEW] = made()
    for settings in (SETTINGS, {**SETTINGS, "resource_group": ""}):
        (have,) = KIND.list(site, settings, nothing)
        assert isinstance(have, Asset) and have.key == want.key
        assert portable.differences(KIND, want.body or {}, have.body or {}) == ()
    assert have.body is not None and (have.body["disk_identity"], have.body["storage_identity"]) == ("disk", "storage")


def test_a_failed_workspace_is_put_again_with_the_same_group() -> None:
    site, want = FakeSubscription(), wanted()
    site.bodies[NEW] = made(provisioningState="Failed", managedResourceGroupId="/subscriptions/s/resourceGroups/first")
    want.body = {**(want.body or {}), "tags": {"new": "tag"}}
    have = KIND.load(site, Entry(NEW))
    changes = portable.differences(KIND, want.body, have.body or {})
    assert "properties.provisioningState" in changes
    (want.body["properties"])["managedResourceGroupId"] = "/subscriptions/s/resourceGroups/first"
    KIND.update(site, want, have)
    ((_, _, body),) = site.writes
    assert body["properties"]["managedResourceGroupId"].endswith("/first")
    assert body["tags"] == {"env": "dev", "new": "tag"}
    assert body["properties"]["authorizations"] == [{"principalId": "p"}]
    assert body["properties"]["parameters"]["enableNoPublicIp"] == {"value": True}
    assert not {"workspaceUrl", "provisioningState", "managedDiskIdentity"} & body["properties"].keys()
    assert not {"id", "name", "systemData", "url", "disk_identity"} & body.keys()


def test_a_put_carries_the_keys_that_are_set() -> None:
    site, want = FakeSubscription(), Asset(NEW, body={"tags": {"a": "b"}})
    encryption = {"type": "Object", "value": {"keySource": "Microsoft.Keyvault", "KeyName": "cmk"}}
    site.bodies[NEW] = made(
        parameters={"encryption": encryption, "resourceTags": {"value": {}}, "prepareEncryption": {}}
    )
    KIND.update(site, want, KIND.load(site, Entry(NEW)))
    sent = site.writes[0][2]["properties"]
    assert sent["parameters"] == {"encryption": {"value": encryption["value"]}}
    assert sent["encryption"]["entities"] == {"managedServices": ENTITY, "managedDisk": ENTITY}


def test_no_put_while_another_one_goes_on() -> None:
    site, want = FakeSubscription(), wanted()
    states = ["Updating", "Updating", "Succeeded"]
    site.workspace = lambda _: made(provisioningState=states.pop(0))  # type: ignore[method-assign]
    have = KIND.load(site, Entry(NEW))
    fitted = KIND.fit(want.body or {}, have.body or {})
    assert portable.differences(KIND, fitted, have.body or {}) == ()
    assert KIND.update(site, want, have) == Made(NEW)
    assert site.writes == [] and states == []


def test_settle() -> None:
    site = FakeSubscription()
    site.bodies[NEW] = made()
    site.operations = [{"status": "Accepted", "retry_after": 0.001}, {"status": "Succeeded"}]
    KIND.settle(site, wanted(), Made(NEW, OPERATION))
    assert site.polled == [OPERATION, OPERATION]
    KIND.settle(site, wanted(), Made(NEW, OPERATION))  # forgotten by the service: the workspace says how it is
    KIND.settle(site, wanted(), Made(NEW))


def test_settle_waits_for_the_identities() -> None:
    site = FakeSubscription()
    left = [made(storageAccountIdentity={}), made(managedDiskIdentity=None), made()]
    site.workspace = lambda _: left.pop(0)  # type: ignore[method-assign]
    KIND.settle(site, wanted(), Made(NEW))
    assert left == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NO_RIGHT, Ungranted),
        ({"message": "failed : 'Unable to access key vault 'https://kv.vault.azure.test/keys/cmk''."}, Ungranted),
        ({"message": "does not have keys get permission on key vault 'kv'", "code": "Forbidden"}, Ungranted),
        ({"message": "The operation failed because of authentication issue on the keyvault"}, Ungranted),
        ({"message": "QuotaExceeded", "code": "Quota"}, Refused),
        (
            {"message": "Missing pre-requisites to enable EncryptionAtRest/Customer Managed Key for this account"},
            Refused,
        ),
        (None, Refused),
    ],
)
def test_failures(error: Any, kind: type[CallError]) -> None:
    site = FakeSubscription()
    site.operations = [{"status": "Failed", "error": error}]
    with pytest.raises(CallError) as failed:
        KIND.settle(site, wanted(), Made(NEW, OPERATION))
    assert type(failed.value) is kind
    assert error is None or error["message"] in failed.value.message


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        (Refused(NO_RIGHT["message"], status=400), Ungranted),
        (Refused("is being modified by another operation", status=409, code="ApplianceBeingModified"), NotYet),
        (Refused("The SKU is invalid.", status=400, code="InvalidDatabricksSku"), Refused),
    ],
)
def test_refusals_of_the_put_itself(refused: Refused, kind: type[CallError]) -> None:
    site = FakeSubscription()
    site.refusal = refused
    with pytest.raises(CallError) as failed:
        KIND.create(site, wanted())
    assert type(failed.value) is kind


def test_an_operation_that_never_ends() -> None:
    site = FakeSubscription()
    site.operation_s, site.poll_s = 0.02, 0.005
    site.poll = lambda _: {"status": "Accepted"}  # type: ignore[method-assign]
    with pytest.raises(Stopped, match="does not end"):
        KIND.settle(site, wanted(), Made(NEW, OPERATION))


def test_merging() -> None:
    assert merged({"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2]}}) == {"a": {"b": 1, "c": [2]}, "d": 1}
    assert sendable({"properties": {}}) == {"properties": {"computeMode": "Hybrid"}}
