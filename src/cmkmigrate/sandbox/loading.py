"""Estates into the cloud: each becomes a served workspace and its ARM resource; `arm.json` adds to that.

`arm.json` lies beside `estate.json` and is optional. Without it the workspace is Premium, without customer-managed
keys, in the resource group rg-<name>. All its keys are optional::

    {"resource_groups": [{"name", "location"}],
     "workspaces": [{"name", "resource_group", "location", "sku", "tags", "properties": {as a GET shows them}}],
     "vaults": [{"name", "resource_group", "location", "tags", "properties": {as ARM shows them}, "deleted": false,
                 "keys": [{"name", "kty", "key_size", "key_ops", "tags", "versions": [{"enabled", "exp", "nbf"}]}]}],
     "grants": [{"scope", "role": name or id, "principal": object id | operator | databricks | storage | disks}],
     "locks": [{"scope", "name", "level": "CanNotDelete" | "ReadOnly"}],
     "taken_vault_names": ["held by another tenant"],
     "settings": {what differs between tenants, see settings.py}}

The first of `workspaces` is the estate's own, others are empty ones. A scope is an ARM id, or short: "subscription",
"resourceGroups/NAME", "workspaces/NAME", "vaults/NAME", "vaults/NAME/keys/KEY". `storage` and `disks` are the
identities of the estate's workspace. Subscriptions in ids become the sandbox's own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cmkmigrate.sandbox import arm_encryption, databricks
from cmkmigrate.sandbox.arm_workspace import ECHOED, TYPE, Workspace, label_of, managed_group_for, org_id_of
from cmkmigrate.sandbox.cloud import Assignment, Body, Cloud, Key, Vault, guid, resource_id
from cmkmigrate.sandbox.databricks.estate import folder_of
from cmkmigrate.sandbox.hosts import TEST, vault_name
from cmkmigrate.sandbox.key_vault_keys import make_version
from cmkmigrate.sandbox.rights import role_named


class BadEstate(ValueError):
    """An estate, or its arm.json, that cannot be loaded; the message says which and why."""


def serve(cloud: Cloud, workspace: Workspace) -> None:
    """Make a workspace that ARM has just created answer: empty, with whoever created it as its admin."""
    state = databricks.create_workspace(
        name=workspace.name,
        org_id=int(workspace.org_id),
        host=f"{workspace.label}.{TEST.databricks}",
        location=workspace.location,
        arm_id=workspace.id,
        directory=cloud.directory,
        clock=cloud.clock,
        creator=cloud.operator,
    )
    if cloud.settings.legacy_features == "disabled":
        state.legacy_off = set(databricks.LEGACY)
    _hold(cloud, workspace, state)


def _hold(cloud: Cloud, workspace: Workspace, state: Any) -> None:
    state.arm_id, state.settings = workspace.id, cloud.settings
    state.compute_refusal = lambda: arm_encryption.disks_usable(cloud, workspace)
    cloud.served[workspace.label] = state


def load(cloud: Cloud, estate: str) -> Workspace:
    """Load an estate (folder, name of a built-in one, generate:N). Raises BadEstate; gives its ARM workspace."""
    try:
        state = databricks.load_estate(estate, directory=cloud.directory, clock=cloud.clock, operator=cloud.operator)
    except databricks.EstateError as error:
        raise BadEstate(str(error)) from error
    extra: Body = {}
    path = Path(folder_of(estate), "arm.json") if not estate.startswith("generate:") else Path(estate)
    if path.is_file():
        try:
            extra = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise BadEstate(f"{path}: {error}") from error
    told: list[Body] = extra.get("workspaces") or [{}]
    name = str(told[0].get("name") or state.name)
    label = re.sub(r"^https://|/.*$", "", state.host).split(".")
    workspace = _workspace(cloud, name, state.location, told[0], ".".join(label[:2]), str(state.org_id))
    if workspace.label in cloud.served or workspace.id.lower() in cloud.workspaces:
        raise BadEstate(f"{estate}: a workspace {workspace.name} ({workspace.label}) is loaded already")
    _admit(cloud, workspace)
    _hold(cloud, workspace, state)
    if extra:
        try:
            _add(cloud, workspace, extra)
        except (KeyError, TypeError, ValueError) as error:
            raise BadEstate(f"{path}: {error!r}") from error
    return workspace


def _workspace(cloud: Cloud, name: str, region: str, told: Body, label: str = "", org_id: str = "") -> Workspace:
    """A workspace that exists already, with what `told` says of it."""
    group, location = str(told.get("resource_group") or f"rg-{name}"), str(told.get("location") or region)
    arm_id = resource_id(cloud.subscription_id, group, TYPE, name)
    properties = _ours(cloud, told.get("properties") or {})
    managed = properties.get("managedResourceGroupId") or managed_group_for(cloud, name, arm_id)
    org_id = org_id or org_id_of(arm_id)
    sku = told.get("sku") or "premium"
    sku = str(sku["name"] if isinstance(sku, dict) else sku).lower()
    made = Workspace(
        cloud.subscription_id, group, name, location, sku, managed, label or label_of(org_id), org_id, told.get("tags")
    )
    made.created = made.touched = cloud.clock.now()
    made.compute_mode = properties.get("computeMode", "Hybrid")
    made.state, made.settled = properties.get("provisioningState", "Succeeded"), True
    made.parameters = made.defaults()
    for key, value in (properties.get("parameters") or {}).items():
        made.parameters[key] = value["value"] if isinstance(value, dict) and "value" in value else value
    if made.parameters.get("customVirtualNetworkId"):
        made.parameters.pop("natGatewayName", None)
    made.entities = arm_encryption.entities_of({"properties": properties})
    made.others = {key: properties[key] for key in ECHOED if key in properties}
    made.others.setdefault("publicNetworkAccess", "Enabled")
    made.others.setdefault("requiredNsgRules", "AllRules")
    if made.parameters.get("prepareEncryption"):
        made.storage_identity = cloud.identity("storage", made.id)
    if made.entities.get("managedDisk"):
        made.disk_identity = cloud.identity("disks", made.id)
    return made


def _admit(cloud: Cloud, workspace: Workspace) -> None:
    cloud.group(workspace.group, workspace.location)
    cloud.group(workspace.managed_group_name, workspace.location, managed_by=workspace.id)
    cloud.workspaces[workspace.id.lower()] = workspace


def _ours(cloud: Cloud, value: Any) -> Any:
    """The same with every subscription in an id replaced by the sandbox's."""
    text = re.sub(r"/subscriptions/[0-9a-fA-F-]{36}", f"/subscriptions/{cloud.subscription_id}", json.dumps(value))
    return json.loads(text)


def _add(cloud: Cloud, own: Workspace, extra: Body) -> None:
    unknown = set(extra) - {
        "resource_groups",
        "workspaces",
        "vaults",
        "grants",
        "locks",
        "taken_vault_names",
        "settings",
    }
    if unknown:
        raise ValueError(f"unknown key: {', '.join(sorted(unknown))}")
    cloud.settings.put(extra.get("settings") or {})
    for one in extra.get("resource_groups") or ():
        cloud.group(one["name"], one.get("location", own.location))
    for one in (extra.get("workspaces") or [])[1:]:
        other = _workspace(cloud, one["name"], own.location, one)
        _admit(cloud, other)
        serve(cloud, other)
    for one in extra.get("vaults") or ():
        _vault(cloud, own, one)
    for one in extra.get("grants") or ():
        role = role_named(one["role"])
        if role is None:
            raise ValueError(f"unknown role: {one['role']}")
        principal, scope = _principal(cloud, own, one["principal"]), _scope(cloud, one["scope"])
        made = Assignment(guid("grant", scope, role.id, principal), scope, role.id, principal, "ServicePrincipal", 0.0)
        cloud.assignments[made.id.lower()] = made
    for one in extra.get("locks") or ():
        of = f"{_scope(cloud, one['scope'])}/providers/Microsoft.Authorization/locks/{one['name']}"
        lock = {"id": of, "type": "Microsoft.Authorization/locks", "name": one["name"]}
        cloud.locks[of.lower()] = {**lock, "properties": {"level": one["level"]}}
    cloud.taken_vault_names |= {str(name).lower() for name in extra.get("taken_vault_names") or ()}


def _vault(cloud: Cloud, own: Workspace, one: Body) -> None:
    now, given = cloud.clock.now(), dict(one.get("properties") or {})
    for dropped in ("vaultUri", "provisioningState"):
        given.pop(dropped, None)
    properties: Body = {
        "sku": {"family": "A", "name": "premium"},
        "enabledForDeployment": False,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": True,
        "publicNetworkAccess": "Enabled",
        **given,
        "enableSoftDelete": True,
        "tenantId": cloud.tenant_id,
        "accessPolicies": [
            {**policy, "tenantId": cloud.tenant_id, "objectId": _principal(cloud, own, policy["objectId"])}
            for policy in given.get("accessPolicies") or ()
        ],
    }
    if not properties.get("enablePurgeProtection"):
        properties.pop("enablePurgeProtection", None)
    group, location = one.get("resource_group", own.group), one.get("location", own.location)
    cloud.group(group, location)
    vault = Vault(one["name"], cloud.subscription_id, group, location, properties, one.get("tags") or {}, now, now)
    for told in one.get("keys") or ():
        key = Key(told["name"])
        for version in told.get("versions") or [{}]:
            kty, size = told.get("kty", "RSA"), told.get("key_size", 2048)
            wanted = {"kty": kty, "key_size": size, "key_ops": told.get("key_ops"), "tags": told.get("tags")}
            made = make_version(cloud, vault, key, {**wanted, "attributes": version})
            if version.get("version"):
                made["version"] = str(version["version"])
        vault.keys[key.name.lower()] = key
    if one.get("deleted"):
        vault.deleted_at = now
        cloud.deleted_vaults[vault.name.lower()] = vault
    else:
        cloud.vaults[vault.name.lower()] = vault


def _principal(cloud: Cloud, own: Workspace, name: str) -> str:
    short = {
        "operator": cloud.operator.id,
        "databricks": cloud.databricks_principal.id,
        "azuredatabricks": cloud.databricks_principal.id,
        "storage": own.storage_identity,
        "disks": own.disk_identity,
    }
    found = short.get(name.lower(), name.lower())
    if not found:
        raise ValueError(f"the workspace has no identity for {name}")
    return found


def _scope(cloud: Cloud, scope: str) -> str:
    root = f"/subscriptions/{cloud.subscription_id}"
    kind, _, rest = scope.partition("/")
    if scope.startswith("/"):
        return str(_ours(cloud, scope))
    if kind == "subscription":
        return root
    if kind == "resourceGroups":
        return f"{root}/resourceGroups/{rest}"
    name, _, below = rest.partition("/")
    if kind == "vaults":
        vault = cloud.vaults.get(name.lower()) or cloud.vaults[vault_name(name)]
        return f"{vault.id}/{below}" if below else vault.id
    if kind == "workspaces":
        return str(next(one.id for one in cloud.workspaces.values() if one.name.lower() == name.lower()))
    raise ValueError(f"unknown scope: {scope}")
