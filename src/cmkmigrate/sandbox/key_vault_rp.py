"""Microsoft.KeyVault in ARM: vaults, their access policies, soft-deleted vaults, name checks, keys by ARM.

Contract: api-version 2026-05-15 (azure-mgmt-keyvault 14.1.0); bodies as in recorded traffic of 2023-02-01. Vaults are
made at once, without a long-running operation. Marked "Assumption:" where no source says it.
"""

from __future__ import annotations

import re
from typing import Any

from cmkmigrate.sandbox.arm import RESOURCE, api_version, locked, names_of, need_group, not_found, page
from cmkmigrate.sandbox.cloud import Body, Cloud, Vault, iso
from cmkmigrate.sandbox.hosts import Names
from cmkmigrate.sandbox.wire import Failure, Request, Response, azure_error, json_response, route

TYPE = "Microsoft.KeyVault/vaults"
VAULT = RESOURCE + "Microsoft.KeyVault/vaults/{name}"
PROVIDER = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"
DAY_S = 86400.0
RBAC_BY_DEFAULT_SINCE = "2026-02-01"
VERSION = {"x-ms-keyvault-service-version": "1.5.1361.0"}


def shown(vault: Vault, names: Names, creator: str) -> Body:
    """A vault as ARM shows it. `enablePurgeProtection` is absent when off (recorded)."""
    system = {
        "createdBy": creator,
        "createdByType": "Application",
        "createdAt": iso(vault.created),
        "lastModifiedBy": creator,
        "lastModifiedByType": "Application",
        "lastModifiedAt": iso(vault.modified),
    }
    uri = f"https://{vault.name}.{names.vault}/"
    return {
        "id": vault.id,
        "name": vault.name,
        "type": TYPE,
        "location": vault.location,
        "tags": vault.tags,
        "systemData": system,
        "properties": {**vault.properties, "vaultUri": uri, "provisioningState": "Succeeded"},
    }


def _answer(cloud: Cloud, request: Request, vault: Vault) -> Response:
    return json_response(shown(vault, names_of(request), cloud.operator.name), headers=VERSION)


def find(cloud: Cloud, request: Request) -> Vault:
    """The vault of the route. Fails with 404."""
    need_group(cloud, request)
    name, group = request.params["name"], request.params["group"]
    vault = cloud.vaults.get(name.lower())
    if vault is None or vault.group.lower() != group.lower():
        raise Failure(not_found(TYPE, name, group))
    return vault


def _bad(message: str) -> Failure:
    return Failure(azure_error(400, "BadRequest", message))


def _policies(cloud: Cloud, given: Any) -> list[Body]:
    made = []
    for one in given or ():
        if not one.get("objectId") or not one.get("tenantId"):
            raise _bad("An access policy needs tenantId and objectId.")
        permissions = one.get("permissions") or {}
        made.append({"tenantId": one["tenantId"], "objectId": one["objectId"], "permissions": permissions})
    return made


def _properties(cloud: Cloud, given: Body, had: Body | None, version: str) -> Body:
    """The properties of a vault after a PUT of `given` over `had`. Fails with 400 for what can never be."""
    if str(given.get("tenantId", "")).lower() != cloud.tenant_id:
        raise _bad(f"The tenant ID '{given.get('tenantId', '')}' in the request does not match the subscription's.")
    sku = given.get("sku") or {}
    if str(sku.get("name", "")).lower() not in ("standard", "premium"):
        raise _bad("The parameter sku has an invalid value: its name is standard or premium.")
    days = given.get("softDeleteRetentionInDays", had.get("softDeleteRetentionInDays", 90) if had else 90)
    if not isinstance(days, int) or not 7 <= days <= 90:
        raise _bad("The parameter softDeleteRetentionInDays has an invalid value: it is from 7 to 90.")
    if had and days != had.get(
        "softDeleteRetentionInDays", days
    ):  # Assumption: the text; that it is fixed is documented
        raise _bad('The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.')
    protected = given.get("enablePurgeProtection")
    if protected is False:  # Assumption: code and text; that false is not accepted is in the specification
        raise _bad(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is '
            "an irreversible action."
        )
    if given.get("enableSoftDelete") is False:
        raise _bad('The property "enableSoftDelete" can be set to true only.')
    rbac = given.get("enableRbacAuthorization")
    if rbac is None:
        rbac = had.get("enableRbacAuthorization", False) if had else version >= RBAC_BY_DEFAULT_SINCE
    policies = given.get("accessPolicies")
    if policies is None and had is None and not rbac and version < RBAC_BY_DEFAULT_SINCE:
        raise _bad("The parameter accessPolicies is not specified.")
    made: Body = {
        "sku": {"family": "A", "name": str(sku["name"]).lower()},
        "tenantId": cloud.tenant_id,
        "accessPolicies": _policies(cloud, policies),
        "enabledForDeployment": bool(given.get("enabledForDeployment", False)),
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": days,
        "enableRbacAuthorization": bool(rbac),
        "publicNetworkAccess": given.get("publicNetworkAccess") or "Enabled",
    }
    for name in ("networkAcls", "enabledForDiskEncryption", "enabledForTemplateDeployment"):
        if given.get(name) is not None:
            made[name] = given[name]
    if protected or (had and had.get("enablePurgeProtection")):
        made["enablePurgeProtection"] = True
    return made


@route("PUT", VAULT)
def put_vault(cloud: Cloud, request: Request) -> Response:
    """Create a vault, bring it to these properties, or recover a soft-deleted one (`createMode: recover`)."""
    need_group(cloud, request)
    at, body = request.params, request.json()
    name, given = at["name"], body.get("properties") or {}
    if re.fullmatch(r"[a-zA-Z](?!.*--)[0-9a-zA-Z-]{1,22}[0-9a-zA-Z]", name) is None:
        text = (
            f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The "
            "name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens."
        )
        return azure_error(400, "VaultNameNotValid", text)
    scope = f"/subscriptions/{at['subscription']}/resourceGroups/{at['group']}/providers/{TYPE}/{name}"
    if (refused := locked(cloud, scope, delete=False)) is not None:
        return refused
    now, lower = cloud.clock.now(), name.lower()
    location = str(body.get("location", "")).lower().replace(" ", "")
    vault, deleted = cloud.vaults.get(lower), cloud.deleted_vaults.get(lower)
    if vault is not None and vault.group.lower() == at["group"].lower():
        if location and location != vault.location:
            text = (
                f"The resource '{name}' already exists in location '{vault.location}' in resource group "
                f"'{vault.group}'. A resource with the same name cannot be created in location '{location}'. Please "
                "select a new resource name."
            )
            return azure_error(409, "InvalidResourceLocation", text)
        vault.properties = _properties(cloud, given, vault.properties, api_version(request))
        vault.tags, vault.modified = body.get("tags") or {}, now
        return _answer(cloud, request, vault)
    if not location:
        return azure_error(400, "LocationRequired", "The location property is required for this definition.")
    if vault is not None or lower in cloud.taken_vault_names:
        text = (
            f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the "
            "name is already taken."
        )
        return azure_error(409, "VaultAlreadyExists", text)
    recover = str(given.get("createMode", "")).lower() == "recover"
    if deleted is not None:
        if not recover:
            text = (
                "A vault with the same name already exists in deleted state. You need to either recover or purge "
                "existing key vault."
            )
            return azure_error(409, "ConflictError", text)
        if deleted.group.lower() != at["group"].lower() or deleted.location != location:
            raise _bad("A vault is recovered in the resource group and the location where it was.")
        cloud.vaults[lower] = cloud.deleted_vaults.pop(lower)
        cloud.vaults[lower].modified = now
        return _answer(cloud, request, cloud.vaults[lower])
    if recover:
        raise _bad(f"There is no deleted vault '{name}' to recover.")
    properties = _properties(cloud, given, None, api_version(request))
    made = Vault(name, cloud.subscription_id, at["group"], location, properties)
    made.tags, made.created, made.modified = body.get("tags") or {}, now, now
    cloud.vaults[lower] = made
    return _answer(cloud, request, made)


@route("PATCH", VAULT)
def patch_vault(cloud: Cloud, request: Request) -> Response:
    vault, body = find(cloud, request), request.json()
    if (refused := locked(cloud, vault.id, delete=False)) is not None:
        return refused
    given = {key: value for key, value in (body.get("properties") or {}).items() if value is not None}
    vault.properties = _properties(cloud, {**vault.properties, **given}, vault.properties, api_version(request))
    vault.tags = body.get("tags", vault.tags)
    vault.modified = cloud.clock.now()
    return _answer(cloud, request, vault)


@route("GET", VAULT)
def get_vault(cloud: Cloud, request: Request) -> Response:
    return _answer(cloud, request, find(cloud, request))


@route("DELETE", VAULT)
def delete_vault(cloud: Cloud, request: Request) -> Response:
    """Soft delete. Its role assignments end with it and do not come back (documented)."""
    need_group(cloud, request)
    name = request.params["name"].lower()
    vault = cloud.vaults.get(name)
    if vault is None or vault.group.lower() != request.params["group"].lower():
        return Response(204)
    if (refused := locked(cloud, vault.id, delete=True)) is not None:
        return refused
    vault.deleted_at = cloud.clock.now()
    cloud.deleted_vaults[name] = cloud.vaults.pop(name)
    inside = vault.id.lower() + "/"
    cloud.assignments = {k: v for k, v in cloud.assignments.items() if not (v.scope.lower() + "/").startswith(inside)}
    return Response(200, headers=VERSION)


@route("GET", PROVIDER + "/vaults")
@route("GET", RESOURCE + "Microsoft.KeyVault/vaults")
def list_vaults(cloud: Cloud, request: Request) -> Response:
    group, here = request.params.get("group", "").lower(), request.params["subscription"].lower()
    names, by = names_of(request), cloud.operator.name
    mine = [one for one in cloud.vaults.values() if one.subscription.lower() == here]
    found = [shown(one, names, by) for one in mine if group in ("", one.group.lower())]
    return page(cloud, request, found)


@route("PUT", VAULT + "/accessPolicies/{operation}")
def put_policies(cloud: Cloud, request: Request) -> Response:
    """add joins permissions, replace sets those of the named principals, remove takes them away."""
    vault, operation = find(cloud, request), request.params["operation"].lower()
    if operation not in ("add", "replace", "remove"):
        raise _bad(f"The operation kind '{operation}' is not valid.")
    given = _policies(cloud, (request.json().get("properties") or {}).get("accessPolicies"))
    policies: dict[str, Body] = {one["objectId"].lower(): one for one in vault.properties["accessPolicies"]}
    for one in given:
        key, mine = one["objectId"].lower(), policies.get(one["objectId"].lower())
        if operation == "remove":
            policies.pop(key, None)
        elif operation == "replace" or mine is None:
            policies[key] = one
        else:
            have, more = mine["permissions"], one["permissions"]
            mine["permissions"] = {
                name: list(dict.fromkeys([*(have.get(name) or ()), *(more.get(name) or ())]))
                for name in {**have, **more}
            }
    vault.properties["accessPolicies"] = list(policies.values())
    vault.modified = cloud.clock.now()
    of = f"{vault.id}/accessPolicies/"
    body = {"id": of, "type": f"{TYPE}/accessPolicies", "properties": {"accessPolicies": list(policies.values())}}
    return json_response(body, headers=VERSION)


@route("POST", PROVIDER + "/checkNameAvailability", reads=True)
def check_name(cloud: Cloud, request: Request) -> Response:
    """Whether a vault could have this name; a soft-deleted vault holds its name."""
    name = str(request.json().get("name", ""))
    if re.fullmatch(r"[a-zA-Z](?!.*--)[0-9a-zA-Z-]{1,22}[0-9a-zA-Z]", name) is None:
        text = "Vault name must be between 3-24 alphanumeric characters and begin with a letter."
        return json_response({"nameAvailable": False, "reason": "AccountNameInvalid", "message": text}, headers=VERSION)
    if name.lower() in cloud.vaults or name.lower() in cloud.deleted_vaults or name.lower() in cloud.taken_vault_names:
        text = (
            f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the "
            "name is already taken."
        )
        return json_response({"nameAvailable": False, "reason": "AlreadyExists", "message": text}, headers=VERSION)
    return json_response({"nameAvailable": True}, headers=VERSION)


def _deleted(vault: Vault) -> Body:
    properties: Body = {
        "vaultId": vault.id,
        "location": vault.location,
        "tags": vault.tags,
        "deletionDate": iso(vault.deleted_at),
        "scheduledPurgeDate": iso(vault.deleted_at + vault.retention_days * DAY_S),
    }
    if vault.purge_protected:
        properties["purgeProtectionEnabled"] = True
    provider = f"/subscriptions/{vault.subscription}/providers/Microsoft.KeyVault"
    of = f"{provider}/locations/{vault.location}/deletedVaults/{vault.name}"
    return {"id": of, "name": vault.name, "type": "Microsoft.KeyVault/deletedVaults", "properties": properties}


def _find_deleted(cloud: Cloud, request: Request) -> Vault:
    name, location = request.params["name"], request.params["location"].lower().replace(" ", "")
    vault = cloud.deleted_vaults.get(name.lower())
    if vault is None or vault.location != location:
        text = f"The specified deleted vault '{name}' in location '{location}' does not exist."
        raise Failure(azure_error(404, "DeletedVaultNotFound", text))
    return vault


@route("GET", PROVIDER + "/deletedVaults")
def list_deleted(cloud: Cloud, request: Request) -> Response:
    here = request.params["subscription"].lower()
    return page(cloud, request, [_deleted(one) for one in cloud.deleted_vaults.values() if one.subscription == here])


@route("GET", PROVIDER + "/locations/{location}/deletedVaults/{name}")
def get_deleted(cloud: Cloud, request: Request) -> Response:
    return json_response(_deleted(_find_deleted(cloud, request)), headers=VERSION)


@route("POST", PROVIDER + "/locations/{location}/deletedVaults/{name}/purge")
def purge(cloud: Cloud, request: Request) -> Response:
    """Refused while purge protection holds. Assumption: code and text of that refusal."""
    vault = _find_deleted(cloud, request)
    if vault.purge_protected:
        text = f"Operation 'DeletedVaultPurge' is not allowed: the vault '{vault.name}' has purge protection."
        return azure_error(403, "MethodNotAllowed", text)
    del cloud.deleted_vaults[vault.name.lower()]
    return Response(200, headers=VERSION)
