"""Questions to a key vault, to role assignments and to the directory."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cmkmigrate.cli.live.check import Check, NotSettled, Seen
from cmkmigrate.cli.live.ground import ASSIGNMENTS, VAULTS, Ground
from cmkmigrate.clients.vault import Vault
from cmkmigrate.errors import CallError
from cmkmigrate.kinds.azure.key_grants import ROLES

_DELETED_S = 120.0  # a deletion of a key has usually ended by then


def refused(call: Callable[[], Any]) -> Seen:
    """How a call of a client is refused; status 200 alone where it is not. Raises CallError where nothing was said."""
    try:
        call()
    except CallError as error:
        if not error.status:
            raise
        return {"status": error.status, "code": error.code, "text": error.message}
    return {"status": 200, "code": "", "text": ""}


def _keys(ground: Ground, vault: str) -> Vault:
    return ground.site.keys(ground.site.vault_uri(vault))


def _no_right(ground: Ground) -> Seen:
    seen = refused(lambda: _keys(ground, ground.vault()).key("no-such-key"))
    if seen["status"] == 404:
        raise NotSettled("you have a right on the keys of every vault here already, by an inherited grant")
    return seen


def _no_key(ground: Ground) -> Seen:
    return refused(lambda: _keys(ground, ground.officer()).key("no-such-key"))


def _deleted(ground: Ground) -> Seen:
    vault = ground.officer()
    keys, name = _keys(ground, vault), "deleted-key"
    ground.scrub.learn([(name, "KEY")])
    keys.create(name, "RSA", 2048)
    answer = ground.wire.vault("DELETE", keys.uri, f"/keys/{name}")
    if answer.status != 200:
        raise NotSettled(f"the key could not be deleted: {answer.status}")
    first = refused(lambda: keys.create(name, "RSA", 2048))
    last = first

    def ended() -> bool:
        nonlocal last
        last = refused(lambda: keys.create(name, "RSA", 2048))
        return bool(last["code"] != "ObjectIsBeingDeleted")

    ground.until(ended, "the deletion of a key does not end", _DELETED_S)
    return {"at first": first["code"], **last}


def _walled(ground: Ground) -> Seen:
    vault = ground.officer()
    ground.site.patch_vault(vault, {"properties": {"publicNetworkAccess": "Disabled"}})
    seen: Seen = {}

    def walled() -> bool:
        nonlocal seen
        try:
            _keys(ground, vault).names()
        except CallError as error:
            seen = {"status": error.status, "code": error.code, "text": error.message}
        return bool(seen)

    ground.until(walled, "the vault goes on answering")
    return seen


def _unprotect(ground: Ground) -> Seen:
    vault = ground.vault(protected=True)
    return ground.wire.arm("PATCH", vault, VAULTS, {"properties": {"enablePurgeProtection": False}}).seen()


def _assign(ground: Ground, principal: Mapping[str, str]) -> Seen:
    vault, role = ground.vault(), ROLES["crypto_service_encryption_user"][1]
    definition = f"/subscriptions/{ground.site.id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    path = f"{vault}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    body = {"properties": {"roleDefinitionId": definition, **principal}}
    return ground.wire.arm("PUT", path, ASSIGNMENTS, body).seen()


def _twice(ground: Ground) -> Seen:
    someone = {"principalId": ground.site.operator_object_id(), "principalType": ground.site.operator_type()}
    first = _assign(ground, someone)
    if first["status"] != 201:
        raise NotSettled(f"the first grant was answered with {first['status']}")
    return _assign(ground, someone)


def _nobody(ground: Ground) -> Seen:
    nobody = str(uuid.uuid4())
    ground.scrub.learn([(nobody.replace("-", ""), "GUID")])
    return _assign(ground, {"principalId": nobody})


def _nobody_with_a_type(ground: Ground) -> Seen:
    return _assign(ground, {"principalId": str(uuid.uuid4()), "principalType": "ServicePrincipal"})


def _by_application(ground: Ground) -> Seen:
    application = ground.cloud.endpoints.databricks_resource
    answer = ground.wire.graph(f"/v1.0/servicePrincipals(appId='{application}')")
    return {**answer.seen(), "found": answer.body.get("appId") == application}


def _by_filter(ground: Ground) -> Seen:
    application = ground.cloud.endpoints.databricks_resource
    answer = ground.wire.graph(f"/v1.0/servicePrincipals?$filter=appId%20eq%20'{application}'")
    found = [one.get("appId") for one in answer.body.get("value") or []]
    return {**answer.seen(), "found": found == [application]}


def _nobody_in_the_directory(ground: Ground) -> Seen:
    return ground.wire.graph(f"/v1.0/servicePrincipals(appId='{uuid.uuid4()}')").seen()


CHECKS = (
    Check(
        "no-right-on-keys",
        8,
        "What does a vault say to somebody without a right on its keys?",
        "a key vault without purge protection",
        _no_right,
    ),
    Check(
        "grant-twice",
        9,
        "What is said to a grant that is there under another name?",
        "a role assignment for you on that vault",
        _twice,
    ),
    Check(
        "grant-to-nobody",
        9,
        "What is said to a grant to a principal that the directory does not know?",
        "nothing, or a role assignment for an id that belongs to nobody",
        _nobody,
    ),
    Check(
        "grant-to-nobody-with-a-type",
        9,
        "Is the same accepted where the type of the principal is named? Grants to new identities rest on it.",
        "a role assignment for an id that belongs to nobody",
        _nobody_with_a_type,
    ),
    Check(
        "no-such-key",
        8,
        "What does a vault say of a key that is not there?",
        "the right to manage keys, for you on that vault",
        _no_key,
    ),
    Check(
        "deleted-key",
        8,
        "What is said to a key whose name a deleted key holds, at once and later?",
        "a key, deleted again",
        _deleted,
    ),
    Check(
        "walled-vault",
        8,
        "What does a vault say from behind a wall, where public access is disabled?",
        "nothing; it disables public access to that vault",
        _walled,
    ),
    Check(
        "purge-protection-off",
        10,
        "What is said to switching purge protection off?",
        "a key vault with purge protection, which stays behind",
        _unprotect,
    ),
    Check(
        "directory-by-application",
        11,
        "Does the directory give a service principal by its application id?",
        "nothing",
        _by_application,
    ),
    Check(
        "directory-by-filter",
        11,
        "Does it take a filter on the application id?",
        "nothing",
        _by_filter,
    ),
    Check(
        "directory-nobody",
        11,
        "What does it say of an application that the tenant does not have?",
        "nothing",
        _nobody_in_the_directory,
    ),
)
