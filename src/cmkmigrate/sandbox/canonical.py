"""The state of ARM, the vaults and their keys as canonical JSON: no times, sorted, so that two states compare."""

from __future__ import annotations

from typing import Any

from cmkmigrate.sandbox.cloud import Body, Cloud, Hsm, Vault
from cmkmigrate.sandbox.hosts import Names
from cmkmigrate.sandbox.managed_hsm_rights import LOCAL_ROLES
from cmkmigrate.sandbox.rights import role_of

VERSION = "2026-01-01"
TIMES = frozenset({"createdDateTime", "systemData", "created", "updated", "createdOn", "updatedOn"})


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(one) for name, one in value.items() if name not in TIMES}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def _vault(vault: Vault) -> Body:
    return {
        "id": vault.id,
        "location": vault.location,
        "tags": vault.tags,
        "properties": vault.properties,
        "keys": {key.name: _timeless(key.versions) for key in vault.keys.values()},
        "rotationPolicies": {key.name: key.policy for key in vault.keys.values() if key.policy},
        "deletedKeys": sorted(vault.deleted_keys),
    }


def _hsm(hsm: Hsm) -> Body:
    local = [
        {"scope": one.scope, "role": LOCAL_ROLES[one.role].name, "principal": one.principal, "name": one.name}
        for one in hsm.local.values()
    ]
    local.sort(key=lambda one: (one["scope"], one["role"], one["principal"]))
    return {**_vault(hsm), "active": hsm.active, "roleAssignments": local}


def of(cloud: Cloud, names: Names) -> Body:
    for one in list(cloud.workspaces.values()):
        if one.operation is not None:
            one.operation.look(cloud, poll=False)
    grants = [
        {
            "scope": one.scope,
            "role": role.name if (role := role_of(cloud, one.role)) else one.role,
            "principal": one.principal,
            "principalType": one.principal_type,
            "name": one.name,
        }
        for one in cloud.assignments.values()
    ]
    return {
        "tenantId": cloud.tenant_id,
        "subscriptionId": cloud.subscription_id,
        "resourceGroups": {name: cloud.groups[name] for name in sorted(cloud.groups)},
        "workspaces": {
            key: _timeless(one.body(cloud, names, VERSION)) for key, one in sorted(cloud.workspaces.items())
        },
        "vaults": {name: _vault(cloud.vaults[name]) for name in sorted(cloud.vaults)},
        "managedHsms": {name: _hsm(cloud.hsms[name]) for name in sorted(cloud.hsms)},
        "deletedVaults": {name: _vault(cloud.deleted_vaults[name]) for name in sorted(cloud.deleted_vaults)},
        "roleAssignments": sorted(grants, key=lambda one: (one["scope"].lower(), one["role"], one["principal"])),
        "resources": {id: cloud.resources[id] for id in sorted(cloud.resources)},
        "locks": {name: cloud.locks[name] for name in sorted(cloud.locks)},
    }
