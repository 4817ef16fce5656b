"""Role assignments, locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient

from tests.sandbox.conftest import ARM, Answer, Body, Running

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
SOMEBODY = "11111111-2222-4333-8444-555555555555"


def wanted(role: str = ENCRYPTION_USER, principal: str = SOMEBODY, kind: str | None = "ServicePrincipal") -> Body:
    properties = {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}"}
    properties |= {"principalId": principal} | ({"principalType": kind} if kind else {})
    return {"properties": properties}


def put(sandbox: Running, scope: str, name: str, body: Body) -> Answer:
    return sandbox.arm("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", body)


def test_made_once(sandbox: Running) -> None:
    scope, name = f"{sandbox.subscription}/resourceGroups/{sandbox.group}", str(uuid4())
    assert put(sandbox, scope, name, wanted()).status == 201
    assert put(sandbox, scope, name, wanted()).status == 200
    again = put(sandbox, scope, str(uuid4()), wanted())
    assert (again.status, again.code) == (409, "RoleAssignmentExists")
    assert put(sandbox, scope, name, wanted(CRYPTO_OFFICER)).status == 400
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    assert sandbox.arm("GET", f"{path}/{name}").json["properties"]["principalId"] == SOMEBODY
    mine = sandbox.arm("GET", f"{path}?$filter=principalId%20eq%20'{SOMEBODY}'").json["value"]
    assert [one["name"] for one in mine] == [name]
    assert sandbox.arm("DELETE", f"{path}/{name}").status == 200
    assert sandbox.arm("DELETE", f"{path}/{name}").status == 204


@pytest.mark.parametrize(
    ("scope", "body", "code"),
    [
        ("", wanted(role="00000000-0000-4000-8000-000000000000"), "RoleDefinitionDoesNotExist"),
        ("", wanted(kind=None), "PrincipalNotFound"),
        ("", {"properties": {}}, "InvalidCreateRoleAssignmentRequest"),
        ("/resourceGroups/none", wanted(), "ResourceGroupNotFound"),
        ("/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/none", wanted(), "ResourceNotFound"),
    ],
)
def test_refusals(sandbox: Running, scope: str, body: Body, code: str) -> None:
    where = sandbox.subscription + scope.format(group=sandbox.group)
    assert put(sandbox, where, str(uuid4()), body).code == code


def test_takes_effect_after_a_while(sandbox: Running) -> None:
    sandbox.control("PUT", "settings", {"grant_delay_s": 60.0})
    try:
        vault = sandbox.put_vault("kv-delay").json
        operator = sandbox.arm("GET", "providers/Microsoft.Authorization/roleAssignments").json["value"][0]
        me = operator["properties"]["principalId"]
        assert put(sandbox, vault["id"], str(uuid4()), wanted(CRYPTO_OFFICER, me)).status == 201
        assert sandbox.vault("GET", "kv-delay", "/keys").status == 403
        sandbox.control("PUT", "clock", {"advance": 61})
        assert sandbox.vault("GET", "kv-delay", "/keys").status == 200
    finally:
        sandbox.control("PUT", "settings", {"grant_delay_s": 1.0})


@pytest.fixture
def granted(sandbox: Running) -> Iterator[Callable[[str, float], int]]:
    """Makes a vault and grants the operator its keys; gives the status of a look at them after some seconds."""
    started: dict[str, str] = {}

    def look(name: str, later: float) -> int:
        if name not in started:
            started[name] = sandbox.put_vault(name).json["id"]
            owner = sandbox.arm("GET", "providers/Microsoft.Authorization/roleAssignments").json["value"][0]
            body = wanted(CRYPTO_OFFICER, owner["properties"]["principalId"])
            assert put(sandbox, started[name], str(uuid4()), body).status == 201
        sandbox.later(later)
        return sandbox.vault("GET", name, "/keys").status

    yield look
    sandbox.control("PUT", "settings", {"grants": "delay", "grant_delay_s": 1.0, "grant_flap_s": 30.0})


def test_a_grant_may_flap(sandbox: Running, granted: Callable[[str, float], int]) -> None:
    sandbox.control("PUT", "settings", {"grants": "flap", "grant_delay_s": 1000.0, "grant_flap_s": 1000.0})
    assert [granted("kv-flap", later) for later in (0, 1001, 1000, 1000, 5000)] == [403, 200, 403, 200, 200]


def test_a_grant_may_never_take_effect(sandbox: Running, granted: Callable[[str, float], int]) -> None:
    sandbox.control("PUT", "settings", {"grants": "never"})
    assert granted("kv-never", 10**6) == 403
    assert sandbox.arm("GET", "resourceGroups").status == 200, "what an estate brought is in effect"


def test_lock_stands_in_the_way(sandbox: Running) -> None:
    vault = sandbox.put_vault("kv-locked").json["id"]
    lock = f"{vault}/providers/Microsoft.Authorization/locks/keep"
    assert sandbox.arm("PUT", lock, {"properties": {"level": "CanNotDelete"}}).status == 201
    assert [one["name"] for one in sandbox.arm("GET", lock.rsplit("/", 1)[0]).json["value"]] == ["keep"]
    assert sandbox.arm("DELETE", vault).code == "ScopeLocked"
    assert sandbox.arm("DELETE", lock).status == 200
    assert sandbox.arm("DELETE", vault).status == 200


def test_azure_mgmt_authorization(clients: Running) -> None:
    env, arm = clients.env, f"https://{ARM}"
    scope = f"{clients.subscription}/resourceGroups/{clients.group}"
    credential = ClientSecretCredential(
        env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"],
        authority=env["CMKMIGRATE_AUTHORITY"], disable_instance_discovery=True,
    )  # fmt: skip
    subscription = env["AZURE_SUBSCRIPTION_ID"]
    with (
        credential,
        AuthorizationManagementClient(
            credential, subscription, base_url=arm, credential_scopes=[f"{arm}/.default"]
        ) as client,
    ):
        made = client.role_assignments.create(scope, str(uuid4()), wanted(principal=str(uuid4())))
        with pytest.raises(ResourceExistsError, match="RoleAssignmentExists"):
            client.role_assignments.create(scope, str(uuid4()), wanted(principal=made.principal_id))
        listed = client.role_assignments.list_for_scope(scope, filter="atScope()")
        assert made.id in {one.id for one in listed}
