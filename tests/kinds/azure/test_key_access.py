"""Grants: the same one has the same id; roles or access policies, whichever the vault goes by."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate import portable
from cmkmigrate.errors import Blocked, Denied, Mistake, NotFound, NotYet, Refused
from cmkmigrate.kinds.azure.key_access import KeyAccess
from cmkmigrate.kinds.azure.key_grants import LOCAL_ROLES, ROLES, assignment_name
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Entry
from tests.kinds.azure.fake_subscription import HSM, HSM_URI, VAULT, FakeSubscription, source

KIND = KeyAccess()
GIVEN = "11111111-2222-3333-4444-555555555555"
USER = ROLES["crypto_service_encryption_user"][1]
SETTINGS: dict[str, Any] = {"vault": VAULT, "key": "cmk", "principals": ["azure_databricks"]}


def nothing(_: str) -> list[Entry]:
    return []


def wanted(**settings: Any) -> list[Asset]:
    found = list(KIND.desired(source(), {**SETTINGS, **settings}, nothing))
    return [one for one in found if isinstance(one, Asset)]


@pytest.fixture
def site() -> FakeSubscription:
    made = FakeSubscription()
    made.bodies[VAULT] = {"id": VAULT, "properties": {"enableRbacAuthorization": True}}
    return made


def test_desired() -> None:
    (one,) = wanted()
    assert one.key == "azure_databricks · crypto_service_encryption_user · kv/cmk"
    assert one.body == {
        "scope": f"{VAULT}/keys/cmk",
        "role": "crypto_service_encryption_user",
        "principal": "azure_databricks",
    }
    (officer,) = wanted(key="", principals=["operator"], role="crypto_officer")
    assert officer.body is not None and officer.body["scope"] == VAULT
    with pytest.raises(Mistake, match="no role"):
        wanted(role="owner")
    with pytest.raises(Mistake, match="object id"):
        wanted(azure_databricks_object_id="AzureDatabricks")


def test_identities_that_are_not_known_or_not_there() -> None:
    found = wanted(principals=[KNOWN_AFTER_APPLY, KNOWN_AFTER_APPLY, "", "x", "x"])
    assert len({one.key for one in found}) == len(found) == 3
    settings = SETTINGS | {"vault": KNOWN_AFTER_APPLY}
    assert list(KIND.list(FakeSubscription(), settings, nothing)) == []
    assert list(KIND.list(FakeSubscription(), SETTINGS | {"principals": [KNOWN_AFTER_APPLY, ""]}, nothing)) == []


def test_a_role_assignment(site: FakeSubscription) -> None:
    (want,) = wanted()
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    made = KIND.create(site, want)
    ((name, scope, body),) = site.writes
    assert scope == f"{VAULT}/keys/cmk"
    assert (
        name == assignment_name(scope, USER, "databricks-oid") == assignment_name(scope.upper(), USER, "DATABRICKS-OID")
    )
    assert body == {
        "properties": {
            "roleDefinitionId": f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{USER}",
            "principalId": "databricks-oid",
            "principalType": "ServicePrincipal",
        }
    }
    site.assignments = [{"id": made.id, "scope": scope, **body}]
    (have,) = KIND.list(site, SETTINGS, nothing)
    assert isinstance(have, Asset)
    assert (have.key, have.id) == (want.key, made.id)
    assert portable.differences(KIND, want.body or {}, have.body or {}) == ()


def test_what_is_granted_above_counts(site: FakeSubscription) -> None:
    role = f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{USER.upper()}"
    grant = {"roleDefinitionId": role, "principalId": "DATABRICKS-OID"}
    site.assignments = [{"id": "above", "scope": "/subscriptions/s", "properties": grant}]
    assert [one.id for one in KIND.list(site, SETTINGS, nothing)] == ["above"]
    site.assignments[0]["properties"] = {**grant, "roleDefinitionId": "other"}
    assert list(KIND.list(site, SETTINGS, nothing)) == []


def test_the_operator_may_be_a_person(site: FakeSubscription) -> None:
    (want,) = wanted(principals=["operator"], key="", role="crypto_officer")
    KIND.create(site, want)
    assert site.writes[0][2]["properties"]["principalType"] == "User"
    assert site.writes[0][2]["properties"]["principalId"] == "operator-oid"


def test_access_policies(site: FakeSubscription) -> None:
    properties: dict[str, Any] = {"enableRbacAuthorization": False, "accessPolicies": []}
    site.bodies[VAULT] = {"id": VAULT, "properties": properties}
    (want,) = wanted()
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    KIND.create(site, want)
    policy = {
        "tenantId": "tenant",
        "objectId": "databricks-oid",
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    }
    assert site.writes == [("add", VAULT, [policy])]
    properties["accessPolicies"] = [{**policy, "permissions": {"keys": ["Get", "WrapKey"]}}]
    assert list(KIND.list(site, SETTINGS, nothing)) == []
    properties["accessPolicies"] = [{**policy, "permissions": {"keys": ["Get", "WrapKey", "UnwrapKey", "List"]}}]
    assert [one.key for one in KIND.list(site, SETTINGS, nothing)] == [want.key]
    properties["accessPolicies"] = [{**policy, "permissions": {"keys": ["all"]}}]
    assert [one.key for one in KIND.list(site, SETTINGS, nothing)] == [want.key]


@pytest.mark.parametrize("error", [Denied("no", status=403), NotFound("none", status=404)])
def test_the_directory_does_not_say(site: FakeSubscription, error: Denied | NotFound) -> None:
    site.databricks = error
    with pytest.raises(Blocked) as blocked:
        KIND.list(site, SETTINGS, nothing)
    assert "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d" in blocked.value.next
    with pytest.raises(Blocked):  # and so before the vault is made
        KIND.list(site, SETTINGS | {"vault": KNOWN_AFTER_APPLY}, nothing)
    settings = SETTINGS | {"azure_databricks_object_id": GIVEN}
    assert list(KIND.list(site, settings, nothing)) == []
    (want,) = wanted(azure_databricks_object_id=GIVEN)
    KIND.create(site, want)
    assert site.writes[0][2]["properties"]["principalId"] == GIVEN


def test_who_may_not_grant_is_told_who_may(site: FakeSubscription) -> None:
    site.refusal = Denied("no", status=403, code="AuthorizationFailed")
    (want,) = wanted()
    with pytest.raises(
        Denied, match=r"az role assignment create --assignee-object-id databricks-oid --role 'Key Vault"
    ):
        KIND.create(site, want)


def test_an_identity_that_the_directory_does_not_show_yet(site: FakeSubscription) -> None:
    (want,) = wanted(principals=["new-identity"])
    site.refusal = Refused("no principal", status=400, code="PrincipalNotFound")
    with pytest.raises(NotYet):
        KIND.create(site, want)
    site.refusal = Refused("other", status=400, code="BadRequest")
    with pytest.raises(Refused):
        KIND.create(site, want)


def test_several_keys_each_once(site: FakeSubscription) -> None:
    keys = [f"{VAULT}/keys/a", f"{VAULT}/keys/a", f"{VAULT}/keys/b", "", KNOWN_AFTER_APPLY, KNOWN_AFTER_APPLY]
    found = wanted(keys=keys)
    assert [one.key.rpartition(" · ")[2] for one in found] == ["kv/a", "kv/b", KNOWN_AFTER_APPLY]
    assert list(KIND.list(site, SETTINGS | {"keys": keys}, nothing)) == []
    KIND.create(site, found[1])
    ((_, scope, _body),) = site.writes
    assert scope == f"{VAULT}/keys/b"
    assert wanted(keys=["", ""]) == [] == list(KIND.list(site, SETTINGS | {"keys": [""]}, nothing))


def test_a_managed_hsm_has_roles_of_its_own(site: FakeSubscription) -> None:
    site.bodies[HSM] = {"id": HSM, "name": "mhsm", "properties": {"hsmUri": HSM_URI.rstrip("/")}}
    settings = {"keys": [f"{HSM}/keys/cmk"]}
    assert list(KIND.list(site, SETTINGS | settings, nothing)) == []
    (want,) = wanted(**settings)
    KIND.create(site, want)
    ((key, name, role, principal),) = site.data.given
    assert (key, role, principal) == ("cmk", LOCAL_ROLES["crypto_service_encryption_user"][1], "databricks-oid")
    assert name == assignment_name(f"{HSM}/keys/cmk", role, principal) and site.writes == []
    definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}"
    site.data.local = [{"id": "x", "properties": {"roleDefinitionId": definition, "principalId": "DATABRICKS-OID"}}]
    assert [one.key for one in KIND.list(site, SETTINGS | settings, nothing)] == [want.key]
    site.data.refusal = Denied("no", status=403, code="Forbidden")
    with pytest.raises(Denied, match=r"az keyvault role assignment create --hsm-name mhsm .* --scope /keys/cmk"):
        KIND.create(site, want)
    with pytest.raises(Blocked, match="may not be read"):
        KIND.list(site, SETTINGS | settings, nothing)


def test_who_may_not_write_access_policies_is_told_the_command(site: FakeSubscription) -> None:
    site.bodies[VAULT] = {"id": VAULT, "name": "kv", "properties": {"enableRbacAuthorization": False}}
    site.refusal = Denied("no", status=403, code="AuthorizationFailed")
    (want,) = wanted()
    command = "az keyvault set-policy --name kv --object-id databricks-oid --key-permissions get wrapKey unwrapKey"
    with pytest.raises(Denied, match=command):
        KIND.create(site, want)
