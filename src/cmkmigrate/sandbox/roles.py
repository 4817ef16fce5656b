"""Azure's built-in roles that the sandbox knows, and the custom ones of its tenant.

Ids, actions and data actions: the vendor's page of the built-in roles. Of the lists of `Contributor` and of the key
vault roles only what concerns services of the sandbox is here.
"""

from __future__ import annotations

from dataclasses import dataclass

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
KEYS = "Microsoft.KeyVault/vaults/keys/"
VAULTS = "Microsoft.KeyVault/vaults/"
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers/"
# What the three roles for reading and using vaults may do in ARM.
AROUND_VAULTS = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
)


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition. Each of its lists has patterns, in which * is anything.

    `actions` are what it may do in ARM, `data_actions` what inside of resources (keys of RBAC vaults); `scopes` are
    where it can be assigned ("/" for a built-in one).
    """

    id: str
    name: str
    about: str
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    custom: bool = False
    scopes: tuple[str, ...] = ("/",)


BUILT_IN = {
    role.id: role
    for role in (
        Role(
            "e147488a-f6f5-4113-8e2d-b22465e65bf6",
            "Key Vault Crypto Service Encryption User",
            "Read metadata of keys and perform wrap/unwrap operations.",
            (
                "Microsoft.EventGrid/eventSubscriptions/write",
                "Microsoft.EventGrid/eventSubscriptions/read",
                "Microsoft.EventGrid/eventSubscriptions/delete",
            ),
            (f"{KEYS}read", f"{KEYS}wrap/action", f"{KEYS}unwrap/action"),
        ),
        Role(
            "12338af0-0e69-4776-bea7-57ae8d297424",
            "Key Vault Crypto User",
            "Perform cryptographic operations using keys.",
            (),
            (
                f"{KEYS}read",
                f"{KEYS}update/action",
                f"{KEYS}backup/action",
                f"{KEYS}encrypt/action",
                f"{KEYS}decrypt/action",
                f"{KEYS}wrap/action",
                f"{KEYS}unwrap/action",
                f"{KEYS}sign/action",
                f"{KEYS}verify/action",
            ),
        ),
        Role(
            "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
            "Key Vault Crypto Officer",
            "Perform any action on the keys of a key vault, except manage permissions.",
            AROUND_VAULTS,
            (f"{KEYS}*", f"{VAULTS}keyrotationpolicies/*"),
        ),
        Role(
            "00482a5a-887f-4fb3-b363-3b7fe8e74483",
            "Key Vault Administrator",
            "Perform all data plane operations on a key vault and all objects in it.",
            AROUND_VAULTS,
            (f"{VAULTS}*",),
        ),
        Role(
            "21090545-7ca7-4776-b22c-e363652d74d2",
            "Key Vault Reader",
            "Read metadata of key vaults and its certificates, keys, and secrets.",
            AROUND_VAULTS,
            (f"{VAULTS}*/read", f"{VAULTS}secrets/readMetadata/action"),
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
            OWNER,
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
            "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
            "Storage Blob Data Owner",
            "Provides full access to Azure Storage blob containers and data, with POSIX access control.",
            (f"{CONTAINERS}*",),
            (f"{CONTAINERS}blobs/*",),
        ),
        Role(
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            "Storage Blob Data Contributor",
            "Read, write, and delete Azure Storage containers and blobs.",
            (f"{CONTAINERS}read", f"{CONTAINERS}write", f"{CONTAINERS}delete"),
            (f"{CONTAINERS}blobs/read", f"{CONTAINERS}blobs/write", f"{CONTAINERS}blobs/delete"),
        ),
        Role(
            "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
            "Storage Blob Data Reader",
            "Read and list Azure Storage containers and blobs.",
            (f"{CONTAINERS}read",),
            (f"{CONTAINERS}blobs/read",),
        ),
        Role(
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            "Reader",
            "View all resources, but does not allow you to make any changes.",
            ("*/read",),
        ),
    )
}
