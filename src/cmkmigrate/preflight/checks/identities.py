"""PF13 to PF16: the three identities that use the key, and whether they may.

They appear at different moments: AzureDatabricks is there before, the identities of disks and storage come with the
workspace (or with the first step of enabling them). Of one that is not there yet there is nothing to look at: the run
makes its grant then, and waits until the vault takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cmkmigrate.audit import health, roles
from cmkmigrate.clients.endpoints import AZURE_DATABRICKS
from cmkmigrate.errors import CallError, Denied, NotFound
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
        fix = f"azure_databricks_object_id: az ad sp show --id {AZURE_DATABRICKS} --query id"
        return [unknown(f"the directory may not be read: {error.message}", fix)]
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
    """PF16."""
    seen = [one for vault in ground.vaults() for one in _grants(ground, vault)]
    return seen or [passed("does not apply: no key is used")]


def _grants(ground: Ground, vault: Thing) -> Iterable[Seen]:
    if vault.resource is None:
        return [passed(f"{vault.name} is made, and the grants on its key after it")]
    target, wanted = ground.workspace(), dict[str, str]()
    try:
        wanted["AzureDatabricks"] = _databricks(ground)
    except CallError as error:
        return [unknown(f"the grants cannot be judged: AzureDatabricks is not known (PF13): {error}")]
    for name, what in ((_DISKS, "the disk encryption set"), (_STORAGE, "the workspace's storage")):
        if principal := _principal(target, name):
            wanted[what] = principal
    by_roles = health.uses_roles(vault.resource)
    assigned = ground.subscription_of(vault.id).role_assignments(vault.id) if by_roles else []

    def definition(role: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = ground.once(
            f"role {role.lower()}", lambda: ground.subscription_of(vault.id).role_definition(role)
        )
        return found

    seen = []
    for who, principal in wanted.items():
        if by_roles:
            said = roles.allows(assigned, principal, definition)
        else:
            said = "yes" if health.policy_allows(vault.resource, principal) else "no"
        if said == "yes":
            seen.append(passed(f"{who} ({principal}) may get, wrap and unwrap in {vault.name}"))
        else:
            seen.append(
                passed(
                    f"{who} ({principal}) has no such right on the whole of {vault.name}: the run grants it on the key"
                )
            )
    return seen


CHECKS = (
    Check("PF13", "AzureDatabricks principal present", databricks),
    Check("PF14", "Storage identity", storage),
    Check("PF15", "Disk encryption set identity", disks),
    Check("PF16", "Grants of the three identities", grants),
)
