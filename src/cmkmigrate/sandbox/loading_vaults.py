"""Vaults and managed HSMs of an estate's `arm.json` into the cloud (loading.py says what it may hold)."""

from __future__ import annotations

from collections.abc import Callable

from cmkmigrate.sandbox import managed_hsms
from cmkmigrate.sandbox.cloud import Assignment, Body, Cloud, Hsm, Key, Vault, guid
from cmkmigrate.sandbox.key_vault_keys import make_version
from cmkmigrate.sandbox.managed_hsm_rights import local_role

Principal = Callable[[str], str]  # a name as arm.json has it -> the object id
Place = tuple[str, str, str]  # subscription, group, location


def vault(cloud: Cloud, one: Body, at: Place, principal: Principal) -> None:
    """A vault of an estate, with its keys."""
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
            {**policy, "tenantId": cloud.tenant_id, "objectId": principal(policy["objectId"])}
            for policy in given.get("accessPolicies") or ()
        ],
    }
    if not properties.get("enablePurgeProtection"):
        properties.pop("enablePurgeProtection", None)
    made = Vault(one["name"], *at, properties, one.get("tags") or {}, now, now)
    _keys(cloud, made, one)
    if one.get("deleted"):
        made.deleted_at = now
        cloud.deleted_vaults[made.name.lower()] = made
    else:
        cloud.vaults[made.name.lower()] = made


def _keys(cloud: Cloud, vault: Vault, one: Body) -> None:
    for told in one.get("keys") or ():
        key = Key(told["name"])
        for version in told.get("versions") or [{}]:
            kty, size = told.get("kty", "RSA"), told.get("key_size", 2048)
            wanted = {"kty": kty, "key_size": size, "key_ops": told.get("key_ops"), "tags": told.get("tags")}
            made = make_version(cloud, vault, key, {**wanted, "attributes": version})
            if version.get("version"):
                made["version"] = str(version["version"])
            if version.get("created"):
                made["attributes"] |= {"created": version["created"], "updated": version["created"]}
        (vault.deleted_keys if told.get("deleted") else vault.keys)[key.name.lower()] = key


def hsm(cloud: Cloud, one: Body, at: Place, principal: Principal) -> None:
    """A managed HSM of an estate, with its keys and local roles."""
    now = cloud.clock.now()
    properties = managed_hsms.properties_of(cloud, dict(one.get("properties") or {}))
    made = Hsm(one["name"], *at, properties, one.get("tags") or {}, now, now)
    made.active = bool(one.get("activated", True))
    _keys(cloud, made, {**one, "keys": [{"kty": "RSA-HSM", **key} for key in one.get("keys") or ()]})
    for told in one.get("roles") or ():
        role, who = local_role(told["role"]), principal(told["principal"])
        if role is None:
            raise ValueError(f"unknown local role: {told['role']}")
        scope = told.get("scope", "/keys")
        name = guid("local", made.name, scope, role.id, who)
        given = Assignment(name, scope, role.id, who, "", 0.0)
        made.local[given.id.replace("//", "/").lower()] = given
    cloud.hsms[made.name.lower()] = made
