"""Secret scopes: names for sets of secrets, kept by Databricks or by a Key Vault."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import Asset, Entry, Made

LIST = "/api/2.0/secrets/scopes/list"
KEY_VAULT = "AZURE_KEYVAULT"


class SecretScopes(Kind):
    """The listing calls the vault `keyvault_metadata`, the creation `backend_azure_keyvault`; bodies use the former.

    A scope that is backed by a Key Vault stays so: its secrets are in the vault and are never copied. The service
    wants a Microsoft Entra token for it, and the AzureDatabricks application must be let into the vault. Whoever
    creates a scope gets MANAGE on it; `secret_acls` takes that away where the old scope does not have it.
    """

    name = "secret_scopes"
    service = "secret_scopes"
    immutable = ("backend_type", "keyvault_metadata")

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for found in site.read(LIST).get("scopes") or ():
            yield Asset(str(found["name"]), str(found["name"]), str(found["name"]), body=found)

    def create(self, site: Site, asset: Asset) -> Made:
        assert asset.body is not None
        said = {name: value for name, value in asset.body.items() if name not in _RENAMED}
        said |= {_RENAMED[name]: value for name, value in asset.body.items() if name in _RENAMED}
        site.write("POST", "/api/2.0/secrets/scopes/create", said)
        return Made(asset.body["name"])


_RENAMED = {"name": "scope", "backend_type": "scope_backend_type", "keyvault_metadata": "backend_azure_keyvault"}
