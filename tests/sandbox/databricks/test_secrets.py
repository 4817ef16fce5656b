"""Secrets: upsert, values in base64, refusal per scope, limits, scopes of a vault."""

from __future__ import annotations

import base64

from tests.sandbox.databricks.conftest import Workspace

SECRETS = "/api/2.0/secrets"


def scoped(workspace: Workspace) -> Workspace:
    workspace.post(f"{SECRETS}/scopes/create", scope="s")
    return workspace


def test_any_bytes_come_back(new: Workspace) -> None:
    for value in (b"", b"\x00\xff", "ü".encode()):
        encoded = base64.b64encode(value).decode()
        scoped(new) if not new.state.scopes else None
        new.post(f"{SECRETS}/put", scope="s", key="k", bytes_value=encoded)
        assert new.get(f"{SECRETS}/get", scope="s", key="k") == {"key": "k", "value": encoded}
    (row,) = new.get(f"{SECRETS}/list", scope="s")["secrets"]
    assert sorted(row) == ["key", "last_updated_timestamp"]
    assert isinstance(row["last_updated_timestamp"], int)


def test_what_is_refused(new: Workspace) -> None:
    scoped(new)
    put = f"{SECRETS}/put"
    assert new.refused("POST", put, {"scope": "no", "key": "k", "string_value": ""})[1] == "RESOURCE_DOES_NOT_EXIST"
    assert new.refused("POST", put, {"scope": "s", "key": "a b", "string_value": ""})[1] == "INVALID_PARAMETER_VALUE"
    assert new.refused("POST", put, {"scope": "s", "key": "k"})[1] == "MALFORMED_REQUEST"
    large = {"scope": "s", "key": "k", "string_value": "x" * (128 * 1024 + 1)}
    assert new.refused("POST", put, large)[1] == "INVALID_PARAMETER_VALUE"
    new.state.scopes["s"].values = {f"k{number}": (b"", 0) for number in range(1000)}
    assert new.refused("POST", put, {"scope": "s", "key": "k", "string_value": ""})[1] == "RESOURCE_LIMIT_EXCEEDED"
    new.post(put, scope="s", key="k0", string_value="again")
    assert new.refused("GET", f"{SECRETS}/get", scope="s", key="k")[1] == "RESOURCE_DOES_NOT_EXIST"


def test_a_scope_may_refuse_to_give_values(new: Workspace) -> None:
    scoped(new).post(f"{SECRETS}/put", scope="s", key="k", string_value="v")
    refused = (400, "BAD_REQUEST", "This operation is not allowed outside databricks notebooks.")
    new.state.scopes["s"].readable = False
    assert new.refused("GET", f"{SECRETS}/get", scope="s", key="k") == refused
    new.state.scopes["s"].readable = True
    assert new.get(f"{SECRETS}/get", scope="s", key="k")["value"] == "dg=="
    new.state.settings.put({"secret_values": "refuse"})
    assert new.refused("GET", f"{SECRETS}/get", scope="s", key="k") == refused


def test_scopes_of_one_vault_list_the_same_keys(old: Workspace, new: Workspace) -> None:
    (scope,) = [one for one in old.get(f"{SECRETS}/scopes/list")["scopes"] if one["backend_type"] == "AZURE_KEYVAULT"]
    new.post(
        f"{SECRETS}/scopes/create",
        scope="v",
        scope_backend_type="AZURE_KEYVAULT",
        backend_azure_keyvault=scope["keyvault_metadata"],
    )
    assert [row["key"] for row in new.get(f"{SECRETS}/list", scope="v")["secrets"]] == ["harbour-fee", "pilot-licence"]
    assert new.refused("GET", f"{SECRETS}/get", scope="v", key="harbour-fee")[:2] == (403, "PERMISSION_DENIED")
