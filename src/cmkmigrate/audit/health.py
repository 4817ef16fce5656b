"""What is wrong with a key, from what ARM says of its vault, its versions and its grants. Pure; asks nobody.

Contracts: Microsoft.KeyVault vaults and vaults/keys 2023-07-01 to 2026-05-15 (times are Unix seconds; purge protection
is absent when it is off; `bypass` is AzureServices where it is not said; recorded traffic and the specification).
That Azure Databricks, Azure Disk Storage and Azure Storage are trusted services, and that a network security perimeter
does not let them in: the vendor's page on network security of Key Vault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cmkmigrate.audit.encryption import lower, mapping, text
from cmkmigrate.audit.model import Cause

DAY_S: Final = 86_400.0
NEEDED: Final = frozenset({"get", "wrapkey", "unwrapkey"})


def of_vault(vault: Mapping[str, Any]) -> list[Cause]:
    """Purge protection and network rules."""
    properties, found = mapping(vault.get("properties")), []
    name = f"the {'managed HSM' if is_hsm(vault) else 'vault'} {text(vault.get('name'))}"
    if properties.get("enablePurgeProtection") is not True:
        found.append(Cause("no-purge-protection", f"{name} is not protected against purging"))
    rules, access = mapping(properties.get("networkAcls")), text(properties.get("publicNetworkAccess")).lower()
    if access == "securedbyperimeter":
        found.append(Cause("firewall", f"a network security perimeter closes {name} to Azure's services"))
    elif access == "disabled" or text(rules.get("defaultAction")).lower() == "deny":
        bypass = rules.get("bypass", "AzureServices")
        if "azureservices" not in text(bypass).lower():
            found.append(Cause("firewall", f"{name} lets Azure's services in by no bypass"))
    return found


def of_key(
    key: Mapping[str, Any],
    versions: Sequence[Mapping[str, Any]],
    pinned: str,
    follows: bool,
    now: float,
    horizon_days: float,
) -> list[Cause]:
    """The version in use. key: the newest as ARM shows it; pinned: the version that the workspace names, "" for the
    newest; follows: new versions are taken up by themselves. now: Unix seconds."""
    found: list[Cause] = []
    newest = version_of(key)
    # A key that is followed is used in its newest version sooner or later, whatever the workspace still names.
    used = newest if follows or not pinned else pinned
    version = next((one for one in versions if text(one.get("name")).lower() == used.lower()), None)
    if version is None and used.lower() == newest.lower():
        version = key
    if version is None:
        return [*found, Cause("key-missing", f"the vault does not hold the version {used} of the key")]
    found += _fitness(mapping(version.get("properties")), mapping(key.get("properties")))
    found += _attributes(mapping(mapping(version.get("properties")).get("attributes")), now, horizon_days)
    if pinned and newest and pinned.lower() != newest.lower() and not follows:
        found.append(Cause("version-behind", f"the workspace names version {pinned}, the newest is {newest}"))
    return found


def _fitness(version: Mapping[str, Any], key: Mapping[str, Any]) -> list[Cause]:
    """Type and operations are those of each version; where a version does not tell them, those of the key."""
    kind = text(version.get("kty")) or text(key.get("kty"))
    given = version.get("keyOps") if version.get("keyOps") is not None else key.get("keyOps")
    operations = {text(one).lower() for one in given or ()}
    if not kind:
        return [Cause("key-unreadable", "Azure does not say of what type the version in use is")]
    if not kind.upper().startswith("RSA"):
        return [Cause("key-unfit", f"the key is of the type {kind}, not RSA")]
    if given is not None and not {"wrapkey", "unwrapkey"} <= operations:
        return [Cause("key-unfit", f"the key may only {', '.join(sorted(operations)) or 'do nothing'}")]
    return []


def _attributes(attributes: Mapping[str, Any], now: float, horizon_days: float) -> list[Cause]:
    found = []
    if attributes.get("enabled") is False:
        found.append(Cause("key-disabled", "the version in use is disabled"))
    elif attributes.get("enabled") is not True:
        found.append(Cause("key-unreadable", "Azure does not say whether the version in use is enabled"))
    expires, begins = number(attributes.get("exp")), number(attributes.get("nbf"))
    if expires and expires <= now:
        found.append(Cause("key-expired", f"the version in use expired on {day(expires)}"))
    elif expires and expires <= now + horizon_days * DAY_S:
        left = int((expires - now) // DAY_S)
        found.append(Cause("key-expires-soon", f"the version in use expires on {day(expires)}, in {left} days"))
    if begins and begins > now:
        found.append(Cause("key-not-yet-valid", f"the version in use is valid from {day(begins)} on"))
    return found


def policy_allows(vault: Mapping[str, Any], principal: str) -> bool:
    """Whether the access policies of a vault give `principal` all that it needs.

    One with an `applicationId` is for that application on behalf of the principal, and not for the principal alone; one
    of another tenant is for nobody here (specification: AccessPolicyEntry).
    """
    properties = mapping(vault.get("properties"))
    tenant = text(properties.get("tenantId")).lower()
    for policy in properties.get("accessPolicies") or ():
        told = mapping(policy)
        foreign = tenant and text(told.get("tenantId")).lower() not in ("", tenant)
        if told.get("applicationId") or foreign:
            continue
        if text(told.get("objectId")).lower() == principal.lower():
            allowed = {text(one).lower() for one in mapping(mapping(policy).get("permissions")).get("keys") or ()}
            if allowed >= NEEDED or "all" in allowed:
                return True
    return False


def version_of(key: Mapping[str, Any]) -> str:
    """The id of the version that ARM shows a key in."""
    return text(mapping(key.get("properties")).get("keyUriWithVersion")).rstrip("/").rpartition("/")[2]


def oldest(versions: Iterable[Mapping[str, Any]]) -> float:
    """When the first version was made that is still there, in Unix seconds; 0.0 where one of them does not say."""
    times = [number(mapping(mapping(one.get("properties")).get("attributes")).get("created")) for one in versions]
    return min(times, default=0.0) if all(times) else 0.0


def uses_roles(vault: Mapping[str, Any]) -> bool:
    """Whether Azure's role assignments count on a vault: not access policies, and not the local roles of an HSM."""
    return lower(vault.get("properties")).get("enablerbacauthorization") is True


def is_hsm(vault: Mapping[str, Any]) -> bool:
    """Whether it is a Managed HSM, by its ARM id."""
    return "/microsoft.keyvault/managedhsms/" in text(vault.get("id")).lower()


def number(value: Any) -> float:
    """A number, 0.0 for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def day(at: float) -> str:
    """Unix seconds as a day in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
