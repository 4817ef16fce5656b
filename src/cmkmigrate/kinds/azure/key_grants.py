"""One right on a key, or on all keys of a vault or managed HSM: who has it, and giving it, in the way that counts.

A vault goes by Azure's role assignments or by access policies, an HSM by local roles. The vault decides when a grant
has taken effect; role assignments take minutes.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.managed_hsm import CRYPTO_SERVICE_ENCRYPTION_USER, CRYPTO_USER
from cmkmigrate.errors import Blocked, Denied, NotFound, NotYet, Refused
from cmkmigrate.kinds.azure.key_homes import uri_of
from cmkmigrate.kinds.azure.key_rules import is_hsm
from cmkmigrate.model import Body

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
        ("get", "list", "create", "update", "getrotationpolicy", "setrotationpolicy"),
    ),
}
# The local role of a managed HSM in its place (there the Crypto Officer makes no keys, the Crypto User does).
LOCAL_ROLES: Final = {
    "crypto_service_encryption_user": CRYPTO_SERVICE_ENCRYPTION_USER,
    "crypto_officer": CRYPTO_USER,
}
_NAMESPACE: Final = uuid.UUID("9d4f4a52-6c0b-5f0e-8d53-1f0f1b6f7c11")


def granted(site: Subscription, home: Body, scope: str, role: str) -> dict[str, tuple[str, str]]:
    """Object id in small letters -> (id of the grant, since when it is there: ISO 8601, "" where the service does not
    say), of all who have the role at a scope (a home or a key in it).

    Raises Denied; Blocked where an HSM does not show its role assignments."""
    if is_hsm(home):
        return _local(site, home, _key(scope), role)
    if (home.get("properties") or {}).get("enableRbacAuthorization") is True:
        return _assigned(site, scope, role)
    return _allowed(site.vault(str(home["id"])), role)


def grant(site: Subscription, home: Body, scope: str, role: str, object_id: str, principal_type: str) -> str:
    """Give the role to one principal with ONE request; gives the id of the grant.

    Raises Denied with the command for somebody who may; NotYet for an identity that the directory does not show yet."""
    try:
        if is_hsm(home):
            name, id = assignment_name(scope, LOCAL_ROLES[role][1], object_id), LOCAL_ROLES[role][1]
            return str(site.hsm(uri_of(home)).put_role_assignment(_key(scope), name, id, object_id)["id"])
        if (home.get("properties") or {}).get("enableRbacAuthorization") is True:
            return _assign(site, scope, role, object_id, principal_type)
        keys = {"keys": list(ROLES[role][2])}
        policy = {"tenantId": site.tenant_id, "objectId": object_id, "permissions": keys}
        site.add_access_policies(str(home["id"]), [policy])
        return f"{home['id']}/accessPolicies/{object_id}"
    except Denied as error:
        text = f"{error.message} Somebody who may grant it: {command(home, scope, role, object_id)}"
        raise Denied(text, status=error.status, code=error.code, request_id=error.request_id) from None
    except Refused as error:
        if error.code == "PrincipalNotFound":
            raise NotYet(error.message, status=error.status, code=error.code) from None
        raise


def command(home: Body, scope: str, role: str, object_id: str) -> str:
    """The command line that gives the role, for somebody who may."""
    name = str(home.get("name") or "")
    if is_hsm(home):
        at = f"/keys/{_key(scope)}".rstrip("/")
        words = f"--hsm-name {name} --role '{LOCAL_ROLES[role][0]}' --assignee-object-id {object_id} --scope {at}"
        return f"az keyvault role assignment create {words}"
    if (home.get("properties") or {}).get("enableRbacAuthorization") is True:
        words = f"--assignee-object-id {object_id} --role '{ROLES[role][0]}' --scope {scope}"
        return f"az role assignment create {words}"
    return f"az keyvault set-policy --name {name} --object-id {object_id} --key-permissions {' '.join(ROLES[role][2])}"


def assignment_name(scope: str, role: str, object_id: str) -> str:
    """The GUID of a role assignment: the same grant has the same one, so that a second PUT changes nothing."""
    return str(uuid.uuid5(_NAMESPACE, f"{scope}|{role}|{object_id}".lower()))


def _assign(site: Subscription, scope: str, role: str, object_id: str, principal_type: str) -> str:
    id = ROLES[role][1]
    subscription = ResourceId.parse(scope.partition("/keys/")[0]).subscription
    definitions = f"/subscriptions/{subscription}/providers/Microsoft.Authorization"
    body = {
        "roleDefinitionId": f"{definitions}/roleDefinitions/{id}",
        "principalId": object_id,
        "principalType": principal_type,
    }
    made = site.put_role_assignment(scope, assignment_name(scope, id, object_id), {"properties": body})
    return str(made["id"])


def _assigned(site: Subscription, scope: str, role: str) -> dict[str, tuple[str, str]]:
    """Of Azure's role assignments, inherited ones too."""
    try:
        found = site.role_assignments(scope)
    except NotFound:  # the key is not there yet, so there is no grant on it
        return {}
    return _of_role(found, ROLES[role][1])


def _local(site: Subscription, home: Body, key: str, role: str) -> dict[str, tuple[str, str]]:
    """Of the local role assignments of an HSM, those above the key too."""
    try:
        return _of_role(site.hsm(uri_of(home)).role_assignments(key), LOCAL_ROLES[role][1])
    except Denied as error:
        words = f"--hsm-name {home.get('name')} --role 'Managed HSM Policy Administrator' --scope / --assignee YOU"
        raise Blocked(
            "the roles of the managed HSM may not be read",
            subject=str(home.get("name") or ""),
            why=error.message,
            next=f"az keyvault role assignment create {words}",
        ) from None


def _of_role(assignments: list[dict[str, Any]], role: str) -> dict[str, tuple[str, str]]:
    there: dict[str, tuple[str, str]] = {}
    for one in assignments:
        properties = one.get("properties") or {}
        if str(properties.get("roleDefinitionId", "")).lower().endswith(role):
            there[str(properties.get("principalId", "")).lower()] = (
                str(one["id"]),
                str(properties.get("createdOn") or ""),
            )
    return there


def _allowed(vault: Body, role: str) -> dict[str, tuple[str, str]]:
    """Of the access policies of a vault, those with all of the permissions; their ids are made up."""
    wanted = {one.lower() for one in ROLES[role][2]}
    there: dict[str, tuple[str, str]] = {}
    for policy in (vault.get("properties") or {}).get("accessPolicies") or []:
        keys = {str(one).lower() for one in (policy.get("permissions") or {}).get("keys") or []}
        if wanted <= keys or "all" in keys:
            object_id = str(policy.get("objectId", "")).lower()
            there[object_id] = f"{vault['id']}/accessPolicies/{object_id}", ""
    return there


def _key(scope: str) -> str:
    return scope.partition("/keys/")[2]
