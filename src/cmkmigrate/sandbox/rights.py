"""Who may do what with a key: roles on RBAC vaults, access policies on the others, and the vault's firewall.

Roles and their ids: built-in roles of Azure (the ones a key needs). A role assignment counts once it has taken effect.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from cmkmigrate.sandbox.cloud import Cloud, Vault

READ = frozenset({"get", "list"})
WRAP = frozenset({"wrapkey", "unwrapkey"})
CRYPTO = frozenset({"encrypt", "decrypt", "sign", "verify"})
MANAGE = frozenset({"create", "update", "delete", "recover", "import", "rotate", "purge", "backup", "restore"})
ALL = READ | WRAP | CRYPTO | MANAGE


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role: `manage` is what it may do in ARM, `keys` what with keys of RBAC vaults."""

    id: str
    name: str
    about: str
    actions: tuple[str, ...]
    keys: frozenset[str] = frozenset()
    not_actions: tuple[str, ...] = ()


ROLES = {
    role.id: role
    for role in (
        Role(
            "e147488a-f6f5-4113-8e2d-b22465e65bf6",
            "Key Vault Crypto Service Encryption User",
            "Read metadata of keys and perform wrap/unwrap operations.",
            ("Microsoft.EventGrid/eventSubscriptions/write",),
            READ | WRAP,
        ),
        Role(
            "12338af0-0e69-4776-bea7-57ae8d297424",
            "Key Vault Crypto User",
            "Perform cryptographic operations using keys.",
            (),
            READ | WRAP | CRYPTO | {"update", "backup"},
        ),
        Role(
            "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
            "Key Vault Crypto Officer",
            "Perform any action on the keys of a key vault, except manage permissions.",
            ("Microsoft.KeyVault/*/read",),
            ALL,
        ),
        Role(
            "00482a5a-887f-4fb3-b363-3b7fe8e74483",
            "Key Vault Administrator",
            "Perform all data plane operations on a key vault and all objects in it.",
            ("Microsoft.KeyVault/*/read",),
            ALL,
        ),
        Role(
            "21090545-7ca7-4776-b22c-e363652d74d2",
            "Key Vault Reader",
            "Read metadata of key vaults and its certificates, keys, and secrets.",
            ("Microsoft.KeyVault/*/read",),
            READ,
        ),
        Role(
            "a68e7c17-0ab2-4c09-9a58-125dae29748c",
            "Key Vault Purge Operator",
            "Allows permanent deletion of soft-deleted vaults.",
            ("Microsoft.KeyVault/locations/deletedVaults/purge/action",),
        ),
        Role(
            "8b54135c-b56d-4d72-a534-26097cfdc8d8",
            "Key Vault Data Access Administrator",
            "Manage access to Azure Key Vault by adding or removing role assignments.",
            ("Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete"),
        ),
        Role(
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
            "Contributor",
            "Grants full access to manage all resources, but does not allow you to assign roles.",
            ("*",),
            not_actions=("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"),
        ),
        Role(
            "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
            "Owner",
            "Grants full access to manage all resources, including the ability to assign roles.",
            ("*",),
        ),
        Role(
            "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
            "User Access Administrator",
            "Lets you manage user access to Azure resources.",
            ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
        ),
        Role(
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            "Reader",
            "View all resources, but does not allow you to make any changes.",
            ("*/read",),
        ),
    )
}


def role_named(name: str) -> Role | None:
    """A role by id or by name."""
    return ROLES.get(name.lower()) or next((one for one in ROLES.values() if one.name.lower() == name.lower()), None)


def roles_of(cloud: Cloud, principal: str, scope: str) -> list[Role]:
    """The roles that are in effect for a principal on a scope, inherited ones too."""
    now, wanted = cloud.clock.now(), scope.lower().rstrip("/") + "/"
    return [
        ROLES[one.role]
        for one in cloud.assignments.values()
        if one.principal == principal
        and one.role in ROLES
        and cloud.settings.in_effect(one.since, now)
        and wanted.startswith(one.scope.lower().rstrip("/") + "/")
    ]


def may_use_key(cloud: Cloud, principal: str, vault: Vault, key: str, *actions: str) -> str:
    """The first of these actions that the principal may not carry out on the key; "" when it may all."""
    if vault.properties.get("enableRbacAuthorization"):
        allowed: frozenset[str] = frozenset().union(
            *(role.keys for role in roles_of(cloud, principal, f"{vault.id}/keys/{key}" if key else vault.id))
        )
    else:
        allowed = frozenset(
            str(action).lower()
            for policy in vault.properties.get("accessPolicies") or ()
            if policy.get("objectId", "").lower() == principal.lower()
            for action in (policy.get("permissions") or {}).get("keys") or ()
        )
        if "all" in allowed:
            allowed = ALL
    return next((action for action in actions if action.lower() not in allowed), "")


def blocked_by_network(cloud: Cloud, vault: Vault, trusted: bool) -> str:
    """ "firewall" or "connection" when the vault's network rules keep a caller out, else "".

    `trusted` is a service of Azure's list (Databricks, Storage, Disk), which `bypass: AzureServices` lets in, also
    where public access is disabled, but not into a network security perimeter (documented).
    """
    rules, access = vault.properties.get("networkAcls") or {}, vault.properties.get("publicNetworkAccess")
    if access == "SecuredByPerimeter":
        return "connection"
    closed = access == "Disabled"
    if not closed and rules.get("defaultAction", "Allow") != "Deny":
        return ""
    if trusted and "AzureServices" in str(rules.get("bypass", "AzureServices")):
        return ""
    if closed:
        return "connection"
    listed = (str(one.get("value", "")) for one in rules.get("ipRules") or ())
    return "" if any(_holds(one, cloud.settings.client_address) for one in listed) else "firewall"


def _holds(block: str, address: str) -> bool:
    """Whether an address, or a block of them, of a firewall's rule has this address in it."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
