from __future__ import annotations

from cmkmigrate.kinds.databricks.secret_scopes import LIST, SecretScopes
from cmkmigrate.model import Asset
from tests.kinds.fake_site import FakeSite, entries

KIND = SecretScopes()
VAULT = {"resource_id": "/subscriptions/s/vaults/v", "dns_name": "https://v.vault.azure.test/", "tenant_id": "t"}


def test_a_scope_of_a_key_vault_stays_one() -> None:
    scope = {"name": "kv", "backend_type": "AZURE_KEYVAULT", "keyvault_metadata": VAULT}
    site = FakeSite().on(LIST, {"scopes": [scope]})
    (found,) = entries(KIND, site)
    assert isinstance(found, Asset)
    KIND.create(site, found)
    assert site.written == [
        (
            "POST",
            "/api/2.0/secrets/scopes/create",
            {"scope": "kv", "scope_backend_type": "AZURE_KEYVAULT", "backend_azure_keyvault": VAULT},
        )
    ]


def test_a_workspace_without_scopes_answers_nothing() -> None:
    assert entries(KIND, FakeSite().on(LIST, {})) == []
