"""Secret scopes: the creator's ACL, unique names, Key-Vault-backed ones."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import OPERATOR, Workspace

SCOPES = "/api/2.0/secrets/scopes"
ACLS = "/api/2.0/secrets/acls/list"
VAULT = {"resource_id": "/x/vaults/kv", "dns_name": "https://kv.vault.azure.net/"}


def test_creator_gets_manage(new: Workspace) -> None:
    assert new.get(f"{SCOPES}/list") == {}
    new.post(f"{SCOPES}/create", scope="s")
    assert new.get(f"{SCOPES}/list") == {"scopes": [{"name": "s", "backend_type": "DATABRICKS"}]}
    assert new.get(ACLS, scope="s") == {"items": [{"principal": OPERATOR, "permission": "MANAGE"}]}
    new.post(f"{SCOPES}/create", scope="t", initial_manage_principal="users")
    assert new.get(ACLS, scope="t") == {"items": [{"principal": "users", "permission": "MANAGE"}]}


def test_names(new: Workspace) -> None:
    new.post(f"{SCOPES}/create", scope="ship/engine@room")
    status, code, text = new.refused("POST", f"{SCOPES}/create", {"scope": "ship/engine@room"})
    assert (status, code, text) == (400, "RESOURCE_ALREADY_EXISTS", "Scope ship/engine@room already exists!")
    for name in ("", "a b", "é", "x" * 129):
        assert new.refused("POST", f"{SCOPES}/create", {"scope": name})[1] == "INVALID_PARAMETER_VALUE"


def test_key_vault_backed(new: Workspace) -> None:
    body = {"scope": "s", "scope_backend_type": "AZURE_KEYVAULT", "backend_azure_keyvault": VAULT}
    pat = {"authorization": "Bearer dapi0123"}
    assert b"userAADToken" in new.send("POST", f"{SCOPES}/create", body=body, headers=pat).body
    new.post(f"{SCOPES}/create", **body)
    assert new.get(f"{SCOPES}/list")["scopes"] == [
        {"name": "s", "backend_type": "AZURE_KEYVAULT", "keyvault_metadata": VAULT}
    ]
    assert (
        new.refused("POST", "/api/2.0/secrets/put", {"scope": "s", "key": "k", "string_value": "v"})[1] == "BAD_REQUEST"
    )
