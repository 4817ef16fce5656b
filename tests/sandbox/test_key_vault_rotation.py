"""Rotation policies: the least periods, what needs an expiry on the key, what a rotation gives to the new version."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.sandbox.conftest import Body, Running
from tests.sandbox.test_key_vault_keys import policy


def rotation(expiry: str = "", **trigger: str) -> Body:
    action = {"trigger": trigger, "action": {"type": "Rotate"}}
    return {"lifetimeActions": [action] if trigger else [], "attributes": {"expiryTime": expiry} if expiry else {}}


@pytest.fixture(scope="module")
def vault(sandbox: Running) -> str:
    name = "kv-rotation"
    rights = policy(sandbox, "get", "create", "rotate", "getrotationpolicy", "setrotationpolicy")
    sandbox.put_vault(name, enableRbacAuthorization=False, accessPolicies=rights)
    return name


def made(sandbox: Running, vault: str, **attributes: Any) -> str:
    name = f"k-{uuid4()}"
    assert sandbox.vault("POST", vault, f"/keys/{name}/create", {"kty": "RSA", "attributes": attributes}).status == 200
    return name


def test_a_key_without_one(sandbox: Running, vault: str) -> None:
    told = sandbox.vault("GET", vault, f"/keys/{made(sandbox, vault)}/rotationpolicy").json
    notify = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
    assert told["lifetimeActions"] == [notify] and told["attributes"] == {}
    assert sandbox.vault("GET", vault, "/keys/none/rotationpolicy").code == "KeyNotFound"


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (rotation("P28D", timeAfterCreate="P7D"), 200),
        (rotation("P27D", timeAfterCreate="P7D"), 400),
        (rotation("P2Y", timeAfterCreate="P6D"), 400),
        (rotation("P28D", timeAfterCreate="P22D"), 400),
        (rotation("P2Y", timeBeforeExpiry="P30D"), 200),
        (rotation("P2Y", timeBeforeExpiry="P6D"), 400),
        (rotation("", timeBeforeExpiry="P30D"), 400),
        (rotation("two years", timeAfterCreate="P30D"), 400),
        (rotation("P2Y"), 200),
    ],
)
def test_periods(sandbox: Running, vault: str, policy: Body, status: int) -> None:
    name = made(sandbox, vault, exp=4_000_000_000)
    answer = sandbox.vault("PUT", vault, f"/keys/{name}/rotationpolicy", policy)
    assert answer.status == status, answer.json
    if status == 200:
        told = sandbox.vault("GET", vault, f"/keys/{name}/rotationpolicy").json
        assert told["lifetimeActions"] == policy["lifetimeActions"]
        assert told["attributes"]["expiryTime"] == policy["attributes"]["expiryTime"] and told["attributes"]["created"]


def test_a_rotation_before_expiry_needs_one_on_the_key(sandbox: Running, vault: str) -> None:
    path = f"/keys/{made(sandbox, vault)}/rotationpolicy"
    assert sandbox.vault("PUT", vault, path, rotation("P2Y", timeBeforeExpiry="P30D")).status == 400


def test_the_policy_gives_new_versions_their_expiry_and_leaves_the_old(sandbox: Running, vault: str) -> None:
    name = made(sandbox, vault)
    sandbox.vault("PUT", vault, f"/keys/{name}/rotationpolicy", rotation("P1Y", timeAfterCreate="P90D"))
    old = sandbox.vault("GET", vault, f"/keys/{name}").json
    assert "exp" not in old["attributes"]
    new = sandbox.vault("POST", vault, f"/keys/{name}/rotate").json
    assert new["key"]["kid"] != old["key"]["kid"]
    assert new["attributes"]["exp"] - new["attributes"]["created"] == 365 * 86_400


def test_rights(sandbox: Running) -> None:
    sandbox.put_vault("kv-rotation-no", enableRbacAuthorization=False, accessPolicies=policy(sandbox, "get", "create"))
    name = made(sandbox, "kv-rotation-no")
    answer = sandbox.vault("PUT", "kv-rotation-no", f"/keys/{name}/rotationpolicy", rotation("P2Y"))
    assert "setrotationpolicy permission" in answer.json["error"]["message"]


def test_through_arm_with_the_key(sandbox: Running, vault: str) -> None:
    told = rotation("P2Y", timeAfterCreate="P18M")
    told["lifetimeActions"][0]["action"]["type"] = "rotate"  # as ARM spells it
    properties = {"kty": "RSA", "keySize": 3072, "attributes": {"exp": 4_000_000_000}, "rotationPolicy": told}
    group = f"resourceGroups/{sandbox.group}/providers/Microsoft.KeyVault/vaults/{vault}/keys/by-arm"
    answer = sandbox.arm("PUT", group, {"properties": properties})
    assert answer.json["properties"]["rotationPolicy"]["lifetimeActions"] == told["lifetimeActions"]
    assert sandbox.vault("GET", vault, "/keys/by-arm/rotationpolicy").json["attributes"]["expiryTime"] == "P2Y"
