"""Whether role assignments let a principal get, wrap and unwrap with a key.

Built-in roles and their data actions: Microsoft's list of built-in roles (role-based-access-control/built-in-roles).
Another role is judged by its definition, read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.clients import permissions

NEEDED: Final = (
    "Microsoft.KeyVault/vaults/keys/read",
    "Microsoft.KeyVault/vaults/keys/wrap/action",
    "Microsoft.KeyVault/vaults/keys/unwrap/action",
)
READS: Final = "Microsoft.Databricks/workspaces/read"
ENOUGH: Final = frozenset(  # built-in roles with all three
    {
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",  # Key Vault Crypto Service Encryption User
        "12338af0-0e69-4776-bea7-57ae8d297424",  # Key Vault Crypto User
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  # Key Vault Crypto Officer
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",  # Key Vault Administrator
    }
)
SEES: Final = frozenset(  # built-in roles that let every workspace of their scope be read
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
        "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",  # Reader
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",  # User Access Administrator
    }
)
NO_DATA: Final = SEES | frozenset(  # of the usual ones, those without a right on keys
    {
        "21090545-7ca7-4776-b22c-e363652d74d2",  # Key Vault Reader: reads, and neither wraps nor unwraps
        "a68e7c17-0ab2-4c09-9a58-125dae29748c",  # Key Vault Purge Operator
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",  # Key Vault Data Access Administrator
        "f25e0fa2-a7c8-4377-a976-54943a77a395",  # Key Vault Contributor
    }
)
BLOBS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"
BLOB_ROLES: Final = {  # built-in roles on blobs, and what they let one do
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "write",  # Storage Blob Data Owner
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "write",  # Storage Blob Data Contributor
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "read",  # Storage Blob Data Reader
}
Definition = Callable[[str], Mapping[str, Any]]


def allows(assignments: Iterable[Mapping[str, Any]], principal: str, definition: Definition) -> str:
    """ "yes", "no", or why nobody can tell: a condition, or a group that may hold the principal.

    definition: gives a role's definition by its ARM id; what it raises passes through.
    """
    granted: set[str] = set()
    doubt = ""
    for one in assignments:
        properties = mapping(one.get("properties"))
        mine = text(properties.get("principalId")).lower() == principal.lower()
        group = text(properties.get("principalType")).lower() == "group"
        if not mine and not group:
            continue
        gives = _gives(text(properties.get("roleDefinitionId")), definition)
        if not gives:
            continue
        if group:
            doubt = doubt or "a group has the right, and its members are not read"
        elif properties.get("condition"):
            doubt = doubt or "the grant is bound to a condition, which is not evaluated"
        else:
            granted |= gives
    if set(NEEDED) <= granted:
        return "yes"
    return doubt or "no"


def _gives(role: str, definition: Definition) -> set[str]:
    id = role.rpartition("/")[2].lower()
    if id in ENOUGH:
        return set(NEEDED)
    if id in NO_DATA:
        return {NEEDED[0]} if id.startswith("21090545") else set()
    return {one for one in NEEDED if covers(definition(role), one, data=True)}


def on_blobs(role: str, definition: Definition) -> str:
    """What a role lets one do with blobs: "write", "read", or "" for nothing."""
    id = role.rpartition("/")[2].lower()
    if id in BLOB_ROLES or id in NO_DATA or id in ENOUGH:
        return BLOB_ROLES.get(id, "")
    found = definition(role)
    return next((one for one in ("write", "read") if covers(found, BLOBS + one, data=True)), "")


def sees_all(assignments: Iterable[Mapping[str, Any]], definition: Definition) -> bool:
    """Whether one of these role assignments lets every workspace below it be read."""
    for one in assignments:
        role = text(mapping(one.get("properties")).get("roleDefinitionId"))
        if role.rpartition("/")[2].lower() in SEES or (role and covers(definition(role), READS, data=False)):
            return True
    return False


def covers(definition: Mapping[str, Any], action: str, *, data: bool) -> bool:
    """Whether a role's definition has the action (a data action where `data`); `*` stands for anything."""
    return permissions.allows(mapping(definition.get("properties")).get("permissions") or (), action, data=data)
