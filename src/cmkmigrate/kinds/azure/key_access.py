"""Who may use the key: a role assignment where the vault goes by roles, an access policy where it goes by those.

Three identities need it: the AzureDatabricks principal before the workspace is made, the identities of its disks and of
its storage after. The operator needs one to make the key: owning a vault gives no right on its content.

The vault, not this file, decides when a grant has taken effect; role assignments take minutes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.endpoints import AZURE_DATABRICKS
from cmkmigrate.errors import Blocked, Denied, Mistake, NotFound, NotYet, Refused
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

# Built-in roles of Azure: name, id, and the key permissions that an access policy gives in its place.
ROLES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "crypto_service_encryption_user": (
        "Key Vault Crypto Service Encryption User",
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        ("get", "wrapKey", "unwrapKey"),
    ),
    "crypto_officer": (
        "Key Vault Crypto Officer",
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        ("get", "list", "create", "update"),
    ),
}
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NAMESPACE: Final = uuid.UUID("9d4f4a52-6c0b-5f0e-8d53-1f0f1b6f7c11")


class KeyAccess(Kind):
    """A grant for each of `principals`. Settings: vault (ARM id), key (its name, "" for the whole vault), principals
    ("azure_databricks", "operator", or object ids; "" is left out), role, azure_databricks_object_id (where the
    directory may not be read)."""

    name = "key_access"
    service = "authorization"
    at = "arm"
    owns = ("principal", "role", "scope")
    unverified = (
        "that a grant which is there under another name is refused as RoleAssignmentExists (selftest: grant-twice)",
        "that a grant to an identity made a moment ago is accepted where its type is named, or refused as "
        "PrincipalNotFound (selftest: grant-to-nobody-with-a-type, grant-to-nobody)",
    )
    settings: ClassVar[dict[str, type]] = {
        "vault": str,
        "key": str,
        "principals": list,
        "role": str,
        "azure_databricks_object_id": str,
    }

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        given = str(settings.get("azure_databricks_object_id") or "")
        if given and not _GUID.fullmatch(given):
            raise Mistake(f"{given!r} is not an object id", next=f"az ad sp show --id {AZURE_DATABRICKS} --query id")
        for at, principal in enumerate(_principals(settings)):
            unique = f"{principal} {at + 1}" if principal == KNOWN_AFTER_APPLY else principal
            key, body = f"{unique} · {_role(settings)} · {_where(settings)}", _body(settings, principal)
            yield Asset(f"{_scope(settings)}#{principal}", key, principal, body=body)

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        vault = str(settings.get("vault") or "")
        principals = [one for one in _principals(settings) if one != KNOWN_AFTER_APPLY]
        # Looked up before anything is made, so that a directory that may not be read stops nothing half-way.
        object_ids = {principal: _object_id(site, principal, settings) for principal in principals}
        if KNOWN_AFTER_APPLY in (vault, settings.get("key")) or not principals:
            return []
        rbac = site.vault_uses_roles(vault)  # kept, as are the object ids: a create needs them, and reads nothing
        there = _assigned(site, settings) if rbac else _allowed(site, settings)
        found: list[Entry] = []
        for principal, object_id in object_ids.items():
            id = there.get(object_id.lower())
            if id:
                key = f"{principal} · {_role(settings)} · {_where(settings)}"
                found.append(Asset(id, key, principal, body=_body(settings, principal)))
        return found

    def create(self, site: Subscription, asset: Asset) -> Made:
        body = asset.body or {}
        vault, scope, principal = str(body["vault"]), str(body["scope"]), str(body["principal"])
        object_id = str(body.get("object_id") or "") or _resolved(site, principal)
        name, role, permissions = ROLES[str(body["role"])]
        if not site.vault_uses_roles(vault):
            policy = {"tenantId": site.tenant_id, "objectId": object_id, "permissions": {"keys": list(permissions)}}
            site.add_access_policies(vault, [policy])
            return Made(f"{vault}/accessPolicies/{object_id}")
        subscription = f"/subscriptions/{ResourceId.parse(vault).subscription}"
        grant = {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": object_id,
            # Named so that an identity made a moment ago, which the directory does not show yet, is accepted.
            "principalType": site.operator_type() if principal == "operator" else "ServicePrincipal",
        }
        try:
            made = site.put_role_assignment(scope, assignment_name(scope, role, object_id), {"properties": grant})
        except Denied as error:
            command = f"az role assignment create --assignee-object-id {object_id} --role '{name}' --scope {scope}"
            text = f"{error.message} Somebody who may grant it: {command}"
            raise Denied(text, status=error.status, code=error.code, request_id=error.request_id) from None
        except Refused as error:
            if error.code == "PrincipalNotFound":
                raise NotYet(error.message, status=error.status, code=error.code) from None
            raise
        return Made(str(made["id"]))


def assignment_name(scope: str, role: str, object_id: str) -> str:
    """The GUID of a role assignment: the same grant has the same one, so that a second PUT changes nothing."""
    return str(uuid.uuid5(_NAMESPACE, f"{scope}|{role}|{object_id}".lower()))


def _assigned(site: Subscription, settings: Settings) -> dict[str, str]:
    """Object id -> id of the role assignment that counts on the scope, inherited ones too."""
    role = ROLES[_role(settings)][1]
    try:
        found = site.role_assignments(_scope(settings))
    except NotFound:  # the key is not there yet, so there is no grant on it
        return {}
    there: dict[str, str] = {}
    for one in found:
        properties = one.get("properties") or {}
        if str(properties.get("roleDefinitionId", "")).lower().endswith(role):
            there[str(properties.get("principalId", "")).lower()] = str(one["id"])
    return there


def _allowed(site: Subscription, settings: Settings) -> dict[str, str]:
    """Object id -> a made-up id, for those whose access policy has the permissions."""
    vault = str(settings["vault"])
    wanted = {one.lower() for one in ROLES[_role(settings)][2]}
    there: dict[str, str] = {}
    for policy in (site.vault(vault).get("properties") or {}).get("accessPolicies") or []:
        keys = {str(one).lower() for one in (policy.get("permissions") or {}).get("keys") or []}
        if wanted <= keys or "all" in keys:
            object_id = str(policy.get("objectId", "")).lower()
            there[object_id] = f"{vault}/accessPolicies/{object_id}"
    return there


def _object_id(site: Subscription, principal: str, settings: Settings) -> str:
    given = str(settings.get("azure_databricks_object_id") or "")
    return given if principal == "azure_databricks" and given else _resolved(site, principal)


def _resolved(site: Subscription, principal: str) -> str:
    if principal == "operator":
        return site.operator_object_id()
    if principal != "azure_databricks":
        return principal
    try:
        return site.azure_databricks_object_id()
    except Denied as error:
        raise Blocked(
            "the directory may not be read",
            subject="AzureDatabricks",
            why=str(error),
            next=f"give azure_databricks_object_id; az ad sp show --id {AZURE_DATABRICKS} --query id",
        ) from None
    except NotFound as error:
        raise Blocked("the tenant has no AzureDatabricks principal", why=error.message, next=_MAKE) from None


_MAKE: Final = f"az ad sp create --id {AZURE_DATABRICKS}"


def _principals(settings: Settings) -> list[str]:
    """The principals, each once; an identity that is not there (a feature left out) is the empty string."""
    return _once(str(one) for one in settings.get("principals") or [] if one)


def _once(names: Iterable[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        if name == KNOWN_AFTER_APPLY or name not in found:
            found.append(name)
    return found


def _role(settings: Settings) -> str:
    role = str(settings.get("role") or "crypto_service_encryption_user")
    if role not in ROLES:
        raise Mistake(f"there is no role {role!r} for keys", why=f"there are: {', '.join(ROLES)}")
    return role


def _scope(settings: Settings) -> str:
    vault, key = str(settings.get("vault") or ""), str(settings.get("key") or "")
    return f"{vault}/keys/{key}" if key else vault


def _where(settings: Settings) -> str:
    vault, key = str(settings.get("vault") or "").rstrip("/").rpartition("/")[2], str(settings.get("key") or "")
    return f"{vault}/{key}" if key else vault


def _body(settings: Settings, principal: str) -> Body:
    body: dict[str, Any] = {
        "vault": str(settings.get("vault") or ""),
        "scope": _scope(settings),
        "role": _role(settings),
        "principal": principal,
    }
    given = str(settings.get("azure_databricks_object_id") or "")
    if principal == "azure_databricks" and given:
        body["object_id"] = given
    return body
