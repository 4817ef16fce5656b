"""Whether a key that a workspace is under can be used, and by whom: looked at where the service has refused it, and
from time to time while things are copied that stand on it.

The services say in many words that they cannot use a key. Whether that will pass shows in the key itself: one that is
disabled, deleted or walled in is waited for in vain, and names itself here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.endpoints import AZURE_DATABRICKS
from cmkmigrate.errors import Blocked, CallError, NotFound, Stopped, Ungranted
from cmkmigrate.kinds.azure.features import ENTITIES
from cmkmigrate.kinds.azure.key_homes import uri_of
from cmkmigrate.kinds.azure.key_ids import KeyId
from cmkmigrate.kinds.azure.key_rules import KeyFacts, is_hsm, key_problems, vault_problems
from cmkmigrate.model import Body

ACTIONS: Final = "get, wrapKey, unwrapKey"  # what each of them needs of its key
RESUME: Final = "cmkmigrate resume"


def still(site: Subscription, kid: str) -> str:
    """Why it cannot be told whether a version of a key can be used; "" where it can be. Reads both anew.

    Raises Stopped, naming the key and its version, where it cannot."""
    at = KeyId.parse(kid)
    try:
        home = site.home_of(at.uri)
    except (NotFound, Blocked) as error:  # not to be seen is not gone
        if recover := _recover_vault(site, at):
            raise _gone("the vault of the key", kid, str(error), recover) from None
        return f"the vault of {kid} is not found: {error}"
    except CallError as error:
        return f"the vault of {kid} cannot be read: {error}"
    try:
        home = site.home_now(str(home["id"]))
    except NotFound as error:
        fix = _recover_vault(site, at) or f"bring {home.get('name')} back"
        raise _gone("the vault of the key", kid, error.message, fix) from None
    except CallError as error:
        return f"the vault of {kid} cannot be read: {error}"
    try:
        facts, now = _facts(site, home, at), site.now()
    except NotFound as error:
        raise _gone("the key", kid, error.message, _recover_key(site, home, at)) from None
    except CallError as error:
        return f"the key {kid} cannot be read: {error}"
    its_tenant = str((home.get("properties") or {}).get("tenantId") or "")  # settled before the run
    for one in (*vault_problems(home, its_tenant), *key_problems(facts, now, hsm=is_hsm(home))):
        if one.severity == "fail":
            fix = f"{one.fix}; then: " if one.fix else "mend it, then: "
            raise Stopped(one.what, subject=kid, why=one.why, next=f"{fix}{RESUME}")
    return ""


def explained(site: Subscription, arm_id: str, error: Ungranted, *bodies: Mapping[str, Any]) -> Ungranted:
    """A service's refusal of a key, with who has to have which right on it. bodies: what was sent, where it is known.

    Raises Stopped where a key cannot be used by anybody."""
    try:
        shown = site.workspace(arm_id)
    except CallError:
        shown = {}
    found = list(dict.fromkeys(one for body in (*bodies, shown) for one in _users(shown, body)))
    for kid in dict.fromkeys(kid for _, kid in found):
        still(site, kid)
    needs = "; ".join(f"{who} ({ACTIONS}) on {kid}" for who, kid in found)
    text = f"{error.message.rstrip('. ')}. Who has to have it: {needs}" if needs else error.message
    return Ungranted(text, status=error.status, code=error.code, request_id=error.request_id)


def _users(shown: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(who, kid) of each feature that a body of a workspace puts under a key. shown: its GET body, with identities."""
    told, its = body.get("properties") or {}, shown.get("properties") or {}
    entities = (told.get("encryption") or {}).get("entities") or {}
    who = {
        "managed_services": f"AzureDatabricks {AZURE_DATABRICKS}",
        "managed_disks": f"the identity of the disks {(its.get('managedDiskIdentity') or {}).get('principalId') or ''}",
    }
    for feature, name in ENTITIES.items():
        key = (entities.get(name) or {}).get("keyVaultProperties") or {}
        if key.get("keyVaultUri") and key.get("keyName"):
            yield who[feature].strip(), _kid(key["keyVaultUri"], key["keyName"], key.get("keyVersion"))
    root = ((told.get("parameters") or {}).get("encryption") or {}).get("value") or {}
    if root.get("keyvaulturi") and root.get("KeyName"):
        storage = (its.get("storageAccountIdentity") or {}).get("principalId") or ""
        yield (
            f"the identity of the storage {storage}".strip(),
            _kid(root["keyvaulturi"], root["KeyName"], root.get("keyversion")),
        )


def _kid(uri: Any, name: Any, version: Any) -> str:
    return f"{str(uri).rstrip('/')}/keys/{name}/{version or ''}".rstrip("/")


def _facts(site: Subscription, home: Body, at: KeyId) -> KeyFacts:
    """The version of the key. Raises NotFound, and CallErrors where it may not be read."""
    shown = [] if is_hsm(home) else site.vault_key(str(home["id"]), at.name)
    if shown and at.version and KeyId.parse(KeyFacts.of_arm(shown[0]).kid).version != at.version:
        shown = site.vault_key_version(str(home["id"]), at.name, at.version)
    if not shown:  # gone, or made so short a time ago that Resource Manager does not show it
        return KeyFacts.of_bundle(site.keys(uri_of(home)).key(at.name, at.version))
    return KeyFacts.of_arm(shown[0])


def _gone(what: str, kid: str, why: str, fix: str) -> Stopped:
    return Stopped(f"{what} is not there any more", subject=kid, why=why, next=f"{fix}; then: {RESUME}")


def _recover_key(site: Subscription, home: Body, at: KeyId) -> str:
    """The command that brings a soft-deleted key back; else what there is to do."""
    try:
        site.keys(uri_of(home)).deleted(at.name)
    except CallError:
        return f"bring {at.name} back"
    words = f"{'--hsm-name' if is_hsm(home) else '--vault-name'} {home.get('name')} --name {at.name}"
    return f"az keyvault key recover {words}"


def _recover_vault(site: Subscription, at: KeyId) -> str:
    """The same of a vault, "" where none is seen that is soft-deleted. Its role assignments end with it (the vendor's
    page on recovery)."""
    name = at.host.partition(".")[0]
    try:
        deleted = [str(one.get("name") or "").lower() for one in site.deleted_vaults()]
    except CallError:
        return ""
    return f"az keyvault recover --name {name}, and give the grants on its keys again" if name in deleted else ""
