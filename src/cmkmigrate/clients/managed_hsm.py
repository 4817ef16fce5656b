"""One managed HSM: its keys as those of a vault, and its local roles, which Resource Manager knows nothing of.

Contract: keys and local role assignments of the data plane, api-version 7.5 and later (keys.json, rbac.json of the
vendor's specification); roles and their ids: the page on local RBAC built-in roles. Whoever has none of the roles that
read keys (Crypto User, Crypto Auditor) gets Denied. A role is assigned at a scope: `/`, `/keys` or `/keys/NAME`.

For reading (an audit): `Subscription.hsm(uri)` gives this; `.key(name)`, `.versions(name)` as of a Vault, and
`.role_assignments(name)` for who may use the key, `.role_definitions()` for what its roles allow. None of them writes.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from cmkmigrate.clients.again import read_again
from cmkmigrate.clients.arm_bodies import listed, pages
from cmkmigrate.clients.vault import Vault

# Local roles: name and id. What each may: the vendor's page on local RBAC built-in roles.
CRYPTO_SERVICE_ENCRYPTION_USER: Final = (
    "Managed HSM Crypto Service Encryption User",
    "33413926-3206-4cdd-b39a-83574fe37a17",
)
CRYPTO_USER: Final = ("Managed HSM Crypto User", "21dbd100-6940-42c2-9190-5d6cb909625b")
# Those that may read, wrap and unwrap with a key.
WRAPPING_ROLES: Final = frozenset({CRYPTO_SERVICE_ENCRYPTION_USER[1], CRYPTO_USER[1]})
# Those that may neither wrap nor unwrap (the Auditor reads).
OTHER_ROLES: Final = frozenset(
    {
        "a290e904-7015-4bba-90c8-60543313cdb4",  # Managed HSM Administrator
        "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",  # Managed HSM Crypto Officer
        "4bd23610-cdcf-4971-bdee-bdc562cc28e4",  # Managed HSM Policy Administrator
        "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",  # Managed HSM Crypto Auditor
    }
)


class ManagedHsm(Vault):
    """The data plane of the HSM at `uri` (https://NAME.managedhsm.azure.net/)."""

    def role_assignments(self, key: str = "") -> list[dict[str, Any]]:
        """The local role assignments that count for a key ("": for all keys): its own and those above it.

        Each is {"id", "name", "properties": {"roleDefinitionId", "principalId", "scope"}}; a roleDefinitionId ends in
        the role's id. Raises Denied without a right on role assignments."""
        first = f"{self._at(key)}?$filter={quote('atScope()')}"
        return pages(lambda url: read_again(lambda: listed(self._asked("GET", url)), attempts=self.attempts), first)

    def role_definitions(self) -> list[dict[str, Any]]:
        """The local roles, those of one's own too; their scope is always `/`. Raises Denied."""
        first = "providers/Microsoft.Authorization/roleDefinitions"
        return pages(lambda url: read_again(lambda: listed(self._asked("GET", url)), attempts=self.attempts), first)

    def put_role_assignment(self, key: str, name: str, role: str, principal: str) -> dict[str, Any]:
        """ONE PUT of a local role assignment on a key ("": on all keys). name: a GUID; role: the role's id;
        principal: an object id. Raises AlreadyExists when an equal one is there, Denied."""
        definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"properties": {"roleDefinitionId": definition, "principalId": principal}}
        return self._asked("PUT", f"{self._at(key)}/{name}", body)

    def _at(self, key: str) -> str:
        scope = f"keys/{key}" if key else "keys"
        return f"{scope}/providers/Microsoft.Authorization/roleAssignments"
