"""What the workspace provider checks of customer-managed keys: at once (400), and while the operation runs (Failed).

Codes and texts: error reports of users and recorded traffic; where neither has it, "Assumption:".
"""

from __future__ import annotations

import json
from typing import Any

from cmkmigrate.sandbox.arm_workspace import Workspace
from cmkmigrate.sandbox.cloud import Body, Cloud, Vault
from cmkmigrate.sandbox.hosts import place_of_uri
from cmkmigrate.sandbox.key_vault_keys import denial
from cmkmigrate.sandbox.rights import blocked_by_network, may_use_key
from cmkmigrate.sandbox.wire import Response, azure_error

NEEDED = ("get", "wrapKey", "unwrapKey")
FIELDS = ("keyVaultUri", "keyName", "keyVersion")


def is_customer_key(source: Any) -> bool:
    """`Microsoft.Keyvault` in any spelling."""
    return str(source).lower() == "microsoft.keyvault"


def entities_of(asked: Body) -> Body:
    """The entities of a request body that are there."""
    given = ((asked.get("properties") or {}).get("encryption") or {}).get("entities") or {}
    return {name: given[name] for name in ("managedServices", "managedDisk") if given.get(name) is not None}


def root_of(asked: Body) -> Body:
    """`parameters.encryption.value` of a request body, {} when there is none."""
    given = ((asked.get("properties") or {}).get("parameters") or {}).get("encryption") or {}
    value = given.get("value") or {}
    return value if isinstance(value, dict) else {}


def refusal(had: Workspace | None, asked: Body, sku: str) -> Response | None:
    """The 400 of a PUT whose encryption can be seen to be wrong; None when it is taken up."""
    entities, root = entities_of(asked), root_of(asked)
    for entity in entities.values():
        fields = entity.get("keyVaultProperties") or {}
        if not is_customer_key(entity.get("keySource")) or not all(fields.get(name) for name in FIELDS):
            text = "The keysource is specified as keyvault but keyvault details are not correctly provided."
            return azure_error(400, "InvalidEncryptionEntitiesKeyVaultValue", text)
    for name, word in (("managedDisk", "Disk"), ("managedServices", "Managed Services")):
        if had is not None and had.entities.get(name) and name not in entities:
            # Assumption: that managed services are refused in the same words as disks, of which it is reported
            text = f"Existing {word} Encryption Properties must be specified in the PUT request"
            return azure_error(400, "DiskEncryptionPropertiesRequired", text)
    wanted_root = is_customer_key(root.get("keySource"))
    if wanted_root and not (root.get("KeyName") and root.get("keyvaulturi") and "keyversion" in root):
        text = "The keysource is specified as keyvault but keyvault details are not correctly provided."  # Assumption
        return azure_error(400, "InvalidEncryptionKeyVaultValue", text)
    if sku != "premium" and (entities or wanted_root):  # Assumption: code and text; that it needs Premium is documented
        text = "Customer-managed keys are available only for workspaces of the Premium SKU."
        return azure_error(400, "EncryptionNotSupportedForSku", text)
    return None


def _problem(cloud: Cloud, vault: Vault | None, uri: str, key: str, version: str, principal: str) -> tuple[int, Body]:
    """Status and error that the key vault gives a service which tries to use the key; (0, {}) when it works."""
    if vault is None:
        return 0, {"error": {"code": "VaultNotFound", "message": f"The remote name could not be resolved: '{uri}'"}}
    who = cloud.directory.by_id.get(principal)
    application = who.name if who else principal
    if blocked_by_network(cloud, vault, trusted=True):
        text = f"Client address is not authorized and caller is not a trusted service. Vault: {vault.name}"
        return 403, {"error": {"code": "Forbidden", "message": text, "innererror": {"code": "ForbiddenByFirewall"}}}
    refused = may_use_key(cloud, principal, vault, key, *NEEDED)
    if refused:
        inner, text = denial(cloud, vault, application, principal, refused)
        return 403, {"error": {"code": "Forbidden", "message": text, "innererror": {"code": inner}}}
    known = vault.keys.get(key.lower())
    found = known.version(version) if known else None
    if found is None:
        text = f"A key with (name/id) {key}/{version} was not found in this key vault."
        return 404, {"error": {"code": "KeyNotFound", "message": text}}
    now, attributes = cloud.clock.now(), found["attributes"]
    usable = attributes["enabled"] and attributes.get("nbf", 0) <= now < attributes.get("exp", now + 1)
    if not usable or not {"wrapKey", "unwrapKey"} <= set(found["key"]["key_ops"]):
        text = f"Operation wrapKey is not permitted on this key. Vault: {vault.name}"
        return 403, {"error": {"code": "Forbidden", "message": text, "innererror": {"code": "KeyDisabled"}}}
    return 0, {}


def failure(cloud: Cloud, workspace: Workspace) -> str:
    """Why the operation on this workspace fails, in the words of the service; "" when it succeeds."""
    entities, root = entities_of(workspace.asked), root_of(workspace.asked)
    prefix = f"Unable to perform update operation for the workspace : '{workspace.id}' failed : "
    services = (entities.get("managedServices") or {}).get("keyVaultProperties")
    if services:
        why = _services(cloud, services)
        if why:
            return prefix + f"'{why}'"
    disk = (entities.get("managedDisk") or {}).get("keyVaultProperties")
    if disk and not _disk_accepted(cloud, workspace, disk):
        return prefix + f"'Unable to access key vault '{disk['keyVaultUri'].rstrip('/')}/keys/{disk['keyName']}''."
    if is_customer_key(root.get("keySource")):
        return _root(cloud, workspace, root)
    return ""


def _services(cloud: Cloud, key: Body) -> str:
    vault = cloud.key_home(place_of_uri(key["keyVaultUri"]))
    principal = cloud.databricks_principal.id
    status, error = _problem(cloud, vault, key["keyVaultUri"], key["keyName"], key["keyVersion"], principal)
    if not error:
        return ""
    return (
        f"PERMISSION_DENIED: Invalid permissions on the specified KeyVault {key['keyVaultUri']}. Please give "
        "Databricks the following access permissions to the given KeyVault: [Get, Wrap, Unwrap]. Wrapped Message: "
        f"Status code {status}, {json.dumps(error)}"
    )


def _disk_accepted(cloud: Cloud, workspace: Workspace, key: Body) -> bool:
    """Recorded: a key that nobody can see is accepted. Users have met a check; `disk_check: strict` makes one.

    A vault of another region is refused either way, when there is one: that is documented.
    """
    vault = cloud.key_home(place_of_uri(key["keyVaultUri"]))
    if vault is not None and vault.location != workspace.location:
        return False
    if cloud.settings.disk_check == "recorded":
        return True
    principal = cloud.databricks_principal.id
    return not _problem(cloud, vault, key["keyVaultUri"], key["keyName"], key["keyVersion"], principal)[1]


def _root(cloud: Cloud, workspace: Workspace, root: Body) -> str:
    account = workspace.parameters.get("storageAccountName", "")
    vault = cloud.key_home(place_of_uri(root["keyvaulturi"]))
    if not workspace.storage_identity or (vault is not None and not vault.purge_protected):
        return (
            f"Unable to update storage account '{account}': 'Missing pre-requisites to enable EncryptionAtRest/"
            "Customer Managed Key for this storage account.'"
        )
    principal = workspace.storage_identity
    _, error = _problem(cloud, vault, root["keyvaulturi"], root["KeyName"], root["keyversion"], principal)
    if not error:
        return ""
    return (
        f"Unable to update storage account '{account}': 'The operation failed because of authentication issue on the "
        f"keyvault. For more information, see - https://aka.ms/storagekeyvaultaccesspolicy' ({error['error']['code']})"
    )


def disks_usable(cloud: Cloud, workspace: Workspace) -> str:
    """Why compute of this workspace cannot start ("" when it can): the disk encryption set must reach the key."""
    key = (workspace.entities.get("managedDisk") or {}).get("keyVaultProperties")
    if not key or not workspace.disk_identity:
        return ""
    vault = cloud.key_home(place_of_uri(key["keyVaultUri"]))
    uri, principal = key["keyVaultUri"], workspace.disk_identity
    _, error = _problem(cloud, vault, uri, key["keyName"], key["keyVersion"], principal)
    return f"KeyVaultAccessForbidden: {error['error']['message']}" if error else ""  # Assumption: the code
