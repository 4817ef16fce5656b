"""The change that was made in place, as text for the code that owns the workspace: Terraform, Bicep or an ARM template.

The names of Terraform's arguments are those of the azurerm provider's documentation (databricks_workspace,
databricks_workspace_root_dbfs_customer_managed_key), where the provider refuses to make the latter over a key that is
on already, so it is imported; those of Bicep and ARM are the resource's own (Microsoft.Databricks/workspaces,
schema 2026-01-01), irregular spelling included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

API: Final = "2026-01-01"
LATER: Final = "KNOWN-AFTER-APPLY"  # stands for what a plan does not know yet
_ENTITIES: Final = {"managed_services": "managedServices", "managed_disks": "managedDisk"}
_ARGUMENTS: Final = {
    "managed_services": "managed_services_cmk_key_vault_key_id",
    "managed_disks": "managed_disk_cmk_key_vault_key_id",
}
_ROOT: Final = "azurerm_databricks_workspace_root_dbfs_customer_managed_key"

Key = Mapping[str, str]  # key_uri, key_name, key_version


def text(owner: str, arm_id: str, keys: Mapping[str, Key]) -> str:
    """What to write into the code. owner: terraform, bicep or arm ("" for any other). keys: feature -> its key."""
    if not keys or owner not in ("terraform", "bicep", "arm"):
        return ""
    lines = _terraform(arm_id, keys) if owner == "terraform" else _template(owner, arm_id, keys)
    return "\n".join(lines) + "\n"


def _terraform(arm_id: str, keys: Mapping[str, Key]) -> Iterator[str]:
    yield "# Apply the keys first, then write this into the code; `terraform plan` must then show no change."
    yield "# Where it wants to replace the workspace, do not apply it: a replaced workspace is an empty one."
    yield "# A vault in another subscription is named too: managed_services_cmk_key_vault_id,"
    yield "# managed_disk_cmk_key_vault_id, and key_vault_id of the DBFS root's key."
    arguments = {_ARGUMENTS[name]: _quoted(_id(key)) for name, key in keys.items() if name in _ARGUMENTS}
    if "dbfs_root" in keys:
        arguments["customer_managed_key_enabled"] = "true"
    yield 'resource "azurerm_databricks_workspace" "this" {'
    yield "  # what is there stays, and:"
    yield from _aligned(arguments)
    yield "}"
    if "dbfs_root" in keys:
        root = {
            "workspace_id": "azurerm_databricks_workspace.this.id",
            "key_vault_key_id": _quoted(_id(keys["dbfs_root"])),
        }
        yield from ("", f'resource "{_ROOT}" "this" {{', *_aligned(root), "}")
        yield from ("", "import {", *_aligned({"to": f"{_ROOT}.this", "id": _quoted(arm_id)}), "}")


def _aligned(arguments: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, arguments))
    return (f"  {name.ljust(width)} = {value}" for name, value in sorted(arguments.items()))


def _quoted(value: str) -> str:
    """A string of HCL: JSON's escapes, and no template in it."""
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _template(owner: str, arm_id: str, keys: Mapping[str, Key]) -> Iterator[str]:
    resource = {"name": arm_id.rpartition("/")[2], "properties": properties(keys)}
    if owner == "arm":
        whole = {"type": "Microsoft.Databricks/workspaces", "apiVersion": API, **resource}
        yield json.dumps(whole, indent=2)
        return
    yield "// What is there stays, and the following is added to it. Apply the keys first; `what-if` must then show no"
    yield "// change to these properties. A deployment without them is refused, or takes the DBFS root's key away."
    yield f"resource workspace 'Microsoft.Databricks/workspaces@{API}' = {_bicep(resource)}"


def properties(keys: Mapping[str, Key]) -> dict[str, Any]:
    """The properties of the resource that hold the keys."""
    found: dict[str, Any] = {}
    entities = {}
    for name, entity in _ENTITIES.items():
        if name in keys:
            key = keys[name]
            vault = {"keyVaultUri": key["key_uri"], "keyName": key["key_name"], "keyVersion": key["key_version"]}
            entities[entity] = {"keySource": "Microsoft.Keyvault", "keyVaultProperties": vault}
    if entities:
        found["encryption"] = {"entities": entities}
    if "dbfs_root" in keys:
        key = keys["dbfs_root"]
        value = {
            "keySource": "Microsoft.Keyvault",
            "keyvaulturi": key["key_uri"],
            "KeyName": key["key_name"],
            "keyversion": key["key_version"],
        }
        found["parameters"] = {"prepareEncryption": {"value": True}, "encryption": {"value": value}}
    return found


def _bicep(value: Any, depth: int = 0) -> str:
    if isinstance(value, dict):
        inner = "  " * (depth + 1)
        lines = [f"{inner}{name}: {_bicep(one, depth + 1)}" for name, one in value.items()]
        return "\n".join(["{", *lines, "  " * depth + "}"])
    if isinstance(value, bool):
        return "true" if value else "false"
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"'{escaped}'"


def _id(key: Key) -> str:
    if LATER in (key["key_uri"], key["key_name"], key["key_version"]):
        return LATER
    return f"{key['key_uri'].rstrip('/')}/keys/{key['key_name']}/{key['key_version']}"
