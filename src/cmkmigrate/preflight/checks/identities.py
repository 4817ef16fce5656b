"""PF13 to PF16: the three identities that use the key, and whether they may.

They appear at different moments: AzureDatabricks is there before, the identities of disks and storage come with the
workspace (or with the first step of enabling them). Of one that is not there yet there is nothing to look at: the run
makes its grant then, and waits until the vault takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from cmkmigrate.audit import health, roles
from cmkmigrate.clients.endpoints import AZURE_DATABRICKS
from cmkmigrate.clients.permissions import allows
from cmkmigrate.errors import CallError, Denied, NotFound
from cmkmigrate.preflight import local_roles
from cmkmigrate.preflight.ground import Ground, Thing, known
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown

_STORAGE: Final = "storageAccountIdentity"
_DISKS: Final = "managedDiskIdentity"


def databricks(ground: Ground) -> Iterable[Seen]:
    """PF13."""
    if not ground.of("key_access"):
        return [passed("does not apply: no grant is made")]
    try:
        return [passed(f"AzureDatabricks is {_databricks(ground)} in this tenant")]
    except Denied as error:
        fix = f"az ad sp show --id {AZURE_DATABRICKS} --query id -o tsv"
        advice = "somebody who may read the directory: give what it prints as azure_databricks_object_id"
        return [unknown(f"the directory may not be read: {error.message}", fix, advice)]
    except NotFound:
        return [failed("this tenant has no AzureDatabricks principal", f"az ad sp create --id {AZURE_DATABRICKS}")]


def _databricks(ground: Ground) -> str:
    given = [known(one.settings.get("azure_databricks_object_id")) for one in ground.of("key_access")]
    found = next((one for one in given if one), "")
    return found or str(ground.site.azure_databricks_object_id())


def storage(ground: Ground) -> Iterable[Seen]:
    """PF14."""
    return [_identity(ground, "dbfs_root", _STORAGE, "the workspace's storage")]


def disks(ground: Ground) -> Iterable[Seen]:
    """PF15."""
    return [_identity(ground, "managed_disks", _DISKS, "the disk encryption set")]


def _identity(ground: Ground, feature: str, name: str, what: str) -> Seen:
    if feature not in ground.features:
        return passed(f"does not apply: {feature} is not put under a key")
    target = ground.workspace()
    principal = _principal(target, name)
    if principal:
        return passed(f"{what} is {principal}")
    if target is None or target.resource is None or ground.in_place:
        return passed(f"{what} has no identity yet: it comes with the step that prepares it, which waits for it")
    return unknown(
        f"{target.name} is there and names no identity of {what}", f"az databricks workspace show --ids {target.id}"
    )


def _principal(target: Thing | None, name: str) -> str:
    found = target.properties.get(name) if target else None
    return str(found.get("principalId") or "") if isinstance(found, dict) else ""


def grants(ground: Ground) -> Iterable[Seen]:
    """PF16. What is missing is granted by the run, where the operator may grant."""
    seen = dict.fromkeys(one for vault in ground.vaults() for one in _grants(ground, vault))
    seen |= dict.fromkeys(one for hsm in ground.hsms() for one in local_roles.grants(ground, hsm, _users(ground, hsm)))
    return list(seen) or [passed("does not apply: no key is used")]


def _users(ground: Ground, home: Thing) -> list[local_roles.User]:
    """Who uses keys of an HSM. Of AzureDatabricks, where the directory may not be read, why it is not known."""
    found = []
    for feature, who, name in _USERS:
        if feature in ground.features_of(home):
            try:
                principal, why = (_principal(ground.workspace(), name) if name else _databricks(ground)), ""
            except CallError as error:
                principal, why = "", f"whether {who} may use the key cannot be judged (PF13): {error}"
            found.append(local_roles.User(feature, who, principal, why))
    return found


def _grants(ground: Ground, vault: Thing) -> Iterator[Seen]:
    if vault.resource is None:
        yield passed(f"{vault.name} is made, and the grants on its key after it")
        return
    by_roles = health.uses_roles(vault.resource)
    scope = _key_scope(ground, vault)
    assigned = ground.subscription_of(vault.id).role_assignments(scope) if by_roles else []
    may = _may_grant(ground, vault, by_roles)
    for feature, who, name in _USERS:
        if feature not in ground.features_of(vault):
            continue
        if not name:
            try:
                principal = _databricks(ground)
            except CallError as error:
                yield unknown(f"whether {who} may use the key cannot be judged (PF13): {error}")
                continue
        else:
            principal = _principal(ground.workspace(), name)
        if principal:
            if by_roles:
                said = roles.allows(assigned, principal, partial(_definition, ground, vault.id))
            else:
                said = "yes" if health.policy_allows(vault.resource, principal) else "no"
            yield _judged(vault, scope, f"{who} ({principal})", principal, said, may)
        elif may is True:
            yield passed(f"{who} has no identity yet: the run grants it on the key when it has one")
        else:
            text = f"{who} gets its identity during the run, and you may not grant it {_NEEDS} then"
            yield (failed if may is False else unknown)(text, advice=_SOMEBODY)


def _judged(vault: Thing, scope: str, who: str, principal: str, said: str, may: bool | None) -> Seen:
    """said: of roles.allows. may: whether the operator may grant what is missing, None where that is not known."""
    if said == "yes":
        return passed(f"{who} may get, wrap and unwrap in {vault.name}")
    if may:
        return passed(f"{who} has no such right on {vault.name} that is seen: the run grants it on the key")
    assert vault.resource is not None
    if health.uses_roles(vault.resource):
        fix = f"az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal"
        fix += f' --role "{_ROLE}" --scope {scope}'
    else:
        fix = f"az keyvault set-policy --name {vault.name} --object-id {principal} --key-permissions {_POLICY}"
    text = f"{who} may not {_NEEDS} in {vault.name}" if said == "no" else f"{who}: {said}"
    known_no = said == "no" and may is False
    return (failed if known_no else unknown)(f"{text}, and you may not grant it", fix, "ask whoever may")


def _key_scope(ground: Ground, vault: Thing) -> str:
    """The key that is used, where it is there; else its vault."""
    for one in ground.of("keys"):
        given = [known(each) for each in (one.settings.get("existing"), *(one.settings.get("first_of") or ()))]
        name = next((each for each in given if each), "").partition("/keys/")[2].partition("/")[0]
        name = name or known(one.settings.get("name"))
        of = known(one.settings.get("vault"))
        if name and (not of or of.lower() == vault.id.lower()):
            site = ground.subscription_of(vault.id)
            if ground.once(f"key {vault.id} {name}", partial(site.vault_key, vault.id, name)):
                return f"{vault.id}/keys/{name}"
    return vault.id


def _may_grant(ground: Ground, vault: Thing, by_roles: bool) -> bool | None:
    if not ground.of("key_access"):
        return False  # no step of the playbook grants anything
    action = _GRANT if by_roles else _ADD
    try:
        return allows(ground.permissions(vault.id), action)
    except CallError:
        return None


def _definition(ground: Ground, vault: str, role: str) -> Mapping[str, Any]:
    site = ground.subscription_of(vault)
    found: Mapping[str, Any] = ground.once(f"role {role.lower()}", partial(site.role_definition, role))
    return found


_GRANT: Final = "Microsoft.Authorization/roleAssignments/write"
_ADD: Final = "Microsoft.KeyVault/vaults/accessPolicies/write"
_ROLE: Final = "Key Vault Crypto Service Encryption User"
_POLICY: Final = "get wrapKey unwrapKey"
_NEEDS: Final = "get, wrap and unwrap"
_SOMEBODY: Final = "get the right that PF31 names, or let somebody who has it carry out the run up to the contents"
# feature, who, and the field of the workspace that names it ("": the application of the whole tenant). The disk key
# is used by AzureDatabricks too, before the disks have an identity (pulumi-azure-native#2617).
_USERS: Final = (
    ("managed_services", "AzureDatabricks", ""),
    ("managed_disks", "AzureDatabricks", ""),
    ("managed_disks", "the disk encryption set", _DISKS),
    ("dbfs_root", "the workspace's storage", _STORAGE),
)


CHECKS = (
    Check("PF13", "AzureDatabricks principal present", databricks),
    Check("PF14", "Storage identity", storage),
    Check("PF15", "Disk encryption set identity", disks),
    Check("PF16", "Grants of the three identities", grants),
)
