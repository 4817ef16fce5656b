"""Managed HSMs: shown by ARM, their own token, keys and local roles; not activated they take nothing."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient

from tests.sandbox.conftest import Answer, Body, Running, start, stop
from tests.sandbox.test_loading import estate

ENCRYPTION_USER = "33413926-3206-4cdd-b39a-83574fe37a17"
ROLES = [
    {"role": "Managed HSM Crypto User", "principal": "operator"},
    {"role": "Managed HSM Policy Administrator", "principal": "operator", "scope": "/"},
]
ARM = {
    "managed_hsms": [
        {"name": "hsm-ready", "location": "westeurope", "roles": ROLES, "keys": [{"name": "old", "key_size": 3072}]},
        {"name": "hsm-closed", "roles": ROLES, "properties": {"publicNetworkAccess": "Disabled"}},
        {"name": "hsm-new", "roles": ROLES, "activated": False},
        {"name": "hsm-roleless", "keys": [{"name": "old"}]},
    ]
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("hsm")
    running = start(folder, "--estate", estate(folder, ARM))
    yield running
    stop(running)


def ask(box: Running, method: str, name: str, path: str, body: Body | None = None, **query: str) -> Answer:
    """One request to the data plane of an HSM as the operator."""
    headers = {"authorization": f"Bearer {box.token('https://managedhsm.azure.test')}"}
    words = "&".join(["api-version=7.5", *(f"${name}={value}" for name, value in query.items())])
    return box.send(method, f"{name}.managedhsm.azure.test", f"{path}?{words}", body, headers)


def inner(answer: Answer) -> str:
    return str(answer.json["error"]["innererror"]["code"])


def test_shown_by_arm(box: Running) -> None:
    listed = box.arm("GET", "providers/Microsoft.KeyVault/managedHSMs").json["value"]
    assert [one["name"] for one in listed] == [one["name"] for one in ARM["managed_hsms"]]
    ready = box.arm("GET", listed[0]["id"]).json
    assert ready == listed[0] and ready["properties"]["hsmUri"] == "https://hsm-ready.managedhsm.azure.test"
    assert ready["properties"]["enablePurgeProtection"] is True
    states = [one["properties"]["securityDomainProperties"]["activationStatus"] for one in listed]
    assert states == ["Active", "Active", "NotActivated", "Active"]
    assert box.arm("GET", listed[0]["id"] + "-not").code == "ResourceNotFound"
    group = listed[0]["id"].split("/")[4]
    path = f"resourceGroups/{group}/providers/Microsoft.KeyVault/managedHSMs"
    assert len(box.arm("GET", path).json["value"]) == len(listed)


def test_a_token_of_its_own(box: Running) -> None:
    challenge = box.send("GET", "hsm-ready.managedhsm.azure.test", "/keys/old?api-version=7.5")
    assert (
        challenge.status == 401 and 'resource="https://managedhsm.azure.test"' in challenge.headers["www-authenticate"]
    )
    headers = {"authorization": f"Bearer {box.token('https://vault.azure.test')}"}
    assert box.send("GET", "hsm-ready.managedhsm.azure.test", "/keys/old?api-version=7.5", None, headers).status == 401
    with pytest.raises(OSError, match="502"):
        ask(box, "GET", "hsm-unknown", "/keys/old")


def test_its_keys(box: Running) -> None:
    found = ask(box, "GET", "hsm-ready", "/keys/old").json
    assert found["key"]["kid"].startswith("https://hsm-ready.managedhsm.azure.test/keys/old/")
    assert found["key"]["kty"] == "RSA-HSM" and found["attributes"]["recoveryLevel"] == "Recoverable"
    refused = ask(box, "POST", "hsm-ready", "/keys/soft/create", {"kty": "RSA"})
    assert refused.status == 400, "keys that are protected by hardware alone"
    made = ask(box, "POST", "hsm-ready", "/keys/new/create", {"kty": "RSA-HSM", "key_size": 4096})
    assert made.status == 200
    assert [one["kid"].rpartition("/")[2] for one in ask(box, "GET", "hsm-ready", "/keys").json["value"]] == [
        "old",
        "new",
    ]


def test_who_has_no_role_and_what_is_not_activated(box: Running) -> None:
    assert inner(ask(box, "GET", "hsm-roleless", "/keys/old")) == "ForbiddenByRbac", "owning it in Azure is nothing"
    assert inner(ask(box, "GET", "hsm-new", "/keys/old")) == "HsmNotActivated"
    assert inner(ask(box, "GET", "hsm-closed", "/keys/old")) == "ForbiddenByConnection"
    path = "/keys/old/providers/Microsoft.Authorization/roleAssignments"
    assert inner(ask(box, "GET", "hsm-roleless", path)) == "ForbiddenByRbac"


def test_local_roles(box: Running) -> None:
    at, who = "/keys/old/providers/Microsoft.Authorization/roleAssignments", str(uuid4())
    definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{ENCRYPTION_USER}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": who}}
    name = str(uuid4())
    made = ask(box, "PUT", "hsm-ready", f"{at}/{name}", body)
    assert made.status == 201 and made.json["id"] == f"{at}/{name}"
    assert made.json["properties"] == {**body["properties"], "scope": "/keys/old"}
    assert ask(box, "PUT", "hsm-ready", f"{at}/{uuid4()}", body).code == "RoleAssignmentExists"
    scopes = [one["properties"]["scope"] for one in ask(box, "GET", "hsm-ready", at, filter="atScope()").json["value"]]
    assert sorted(scopes) == ["/", "/keys", "/keys/old"]
    above = ask(box, "GET", "hsm-ready", at.removeprefix("/keys/old"), filter="atScope()").json["value"]
    assert [one["properties"]["scope"] for one in above] == ["/"]
    assert len(ask(box, "GET", "hsm-ready", at.removeprefix("/keys/old")).json["value"]) == 3
    unknown = {"properties": {"roleDefinitionId": str(uuid4()), "principalId": who}}
    assert ask(box, "PUT", "hsm-ready", f"{at}/{uuid4()}", unknown).status == 404
    names = ask(box, "GET", "hsm-ready", at.replace("Assignments", "Definitions")).json["value"]
    assert "Managed HSM Crypto Service Encryption User" in [one["properties"]["roleName"] for one in names]
    assert ask(box, "DELETE", "hsm-ready", f"{at}/{name}").status == 200
    assert ask(box, "DELETE", "hsm-ready", f"{at}/{name}").status == 404


def test_rotation(box: Running) -> None:
    refused = ask(box, "POST", "hsm-ready", "/keys/old/rotate")
    assert refused.status == 400, "a policy comes first"
    at = "/keys/old/rotationpolicy"
    rotate = {"trigger": {"timeAfterCreate": "P27D"}, "action": {"type": "Rotate"}}
    policy: Body = {"lifetimeActions": [rotate], "attributes": {"expiryTime": "P1Y"}}
    assert ask(box, "PUT", "hsm-ready", at, policy).status == 400, "28 days between two versions"
    rotate["trigger"] = {"timeAfterCreate": "P28D"}
    assert ask(box, "PUT", "hsm-ready", at, policy).status == 200
    assert ask(box, "POST", "hsm-ready", "/keys/old/rotate").json["attributes"]["exp"]


def test_the_vendors_client(box: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in box.env.items():
        monkeypatch.setenv(name, value)
    credential = ClientSecretCredential(
        box.env["AZURE_TENANT_ID"], box.env["AZURE_CLIENT_ID"], box.env["AZURE_CLIENT_SECRET"],
        authority=box.env["CMKMIGRATE_AUTHORITY"], disable_instance_discovery=True,
    )  # fmt: skip
    client = KeyClient("https://hsm-ready.managedhsm.azure.test", credential)
    assert client.create_rsa_key("by-client", size=2048, hardware_protected=True).name == "by-client"
    with pytest.raises(HttpResponseError):
        client.create_rsa_key("soft", size=2048)
