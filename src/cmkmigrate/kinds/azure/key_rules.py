"""What a key and its vault must be like for Azure Databricks, its disks and its storage. Pure: asks nobody.

Each rule gives Problems, so that kinds can refuse by them before the first write and checks can list them. Bodies are
those of ARM (vaults, vaults/keys, managedHSMs 2023-07-01 and later) and of the data plane (KeyBundle 7.5).

Where the rules come from: purge protection, types and sizes: the vendor's pages on customer-managed keys for disks;
tenant and region: those for Databricks (same tenant for all; the region for disks); trusted services and perimeters:
the page on Key Vault's network security; least periods of a rotation policy: how-to-configure-key-rotation, and the
page on autorotation for Managed HSM; activation: ManagedHSMSecurityDomainProperties of the specification.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cmkmigrate.kinds.azure.periods import Period

VAULT: Final = "Microsoft.KeyVault/vaults"
HSM: Final = "Microsoft.KeyVault/managedHSMs"
OPERATIONS: Final = ("wrapKey", "unwrapKey")
TYPES: Final = ("RSA", "RSA-HSM")
SIZES: Final = (2048, 3072, 4096)
DAY_S: Final = 86_400.0
HORIZON_DAYS: Final = 90.0
LEAST_EXPIRY_DAYS: Final = 28  # of a policy's expiryTime, vaults and HSMs
LEAST_ROTATION_DAYS: Final = {VAULT: 7, HSM: 28}  # from the making of a version to its rotation
LEAST_NOTICE_DAYS: Final = 7  # from the rotation to the expiry


@dataclass(frozen=True, slots=True)
class Problem:
    """severity: "fail" where it cannot work, "warn" where it works today. check: its id in the catalogue of checks
    (PF07 tenant, PF08 region, PF09 purge protection, PF10 network, PF11 key, PF12 version). fix: a command, or ""."""

    severity: str
    check: str
    what: str
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is asked of one version of a key. `kid` names the version; size in bits; attributes as they came (exp, nbf,
    enabled; times are Unix seconds)."""

    kid: str
    type: str
    size: int
    operations: frozenset[str]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_bundle(cls, bundle: Mapping[str, Any]) -> KeyFacts:
        """From a KeyBundle of the data plane, which tells the size by its modulus."""
        key, modulus = bundle["key"], str(bundle["key"].get("n") or "")
        size = len(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))) * 8
        operations = frozenset(str(one) for one in key.get("key_ops") or ())
        return cls(str(key["kid"]), str(key.get("kty") or ""), size, operations, bundle.get("attributes") or {})

    @classmethod
    def of_arm(cls, resource: Mapping[str, Any]) -> KeyFacts:
        """From Microsoft.KeyVault/vaults/keys (or a version of it)."""
        told = resource.get("properties") or {}
        operations = frozenset(str(one) for one in told.get("keyOps") or ())
        kid, size = str(told.get("keyUriWithVersion") or ""), int(told.get("keySize") or 0)
        return cls(kid, str(told.get("kty") or ""), size, operations, told.get("attributes") or {})

    def in_time(self, now: float) -> bool:
        """Whether `now` is between its beginning and its end."""
        return _number(self.attributes.get("nbf")) <= now < (_number(self.attributes.get("exp")) or float("inf"))


def is_hsm(home: Mapping[str, Any] | str) -> bool:
    """Whether an ARM id, or a resource by its id, is a managed HSM."""
    return f"/{HSM}/".lower() in str(home if isinstance(home, str) else home.get("id") or "").lower()


def vault_problems(
    vault: Mapping[str, Any], tenant_id: str, region: str = "", region_why: str = "disks"
) -> Iterator[Problem]:
    """What keeps a vault, or a managed HSM, from being used: tenant, region, purge protection, network, activation.

    region: where it must be, "" where that does not matter; region_why: what asks for it."""
    told, name, hsm = vault.get("properties") or {}, str(vault.get("name") or ""), is_hsm(vault)
    kind = "managed HSM" if hsm else "key vault"
    flag = f"--hsm-name {name}" if hsm else f"--name {name}"
    its_tenant = str(told.get("tenantId") or tenant_id)
    if its_tenant.lower() != tenant_id.lower():
        why = f"it is in {its_tenant}, and the workspace in {tenant_id}"
        fix = "name a vault in that tenant, or let one be made"
        yield Problem("fail", "PF07", f"the {kind} is in another tenant than the workspace", why, fix)
    regions = [str(vault.get("location") or "")]
    regions += [str(one.get("name") or "") for one in told.get("regions") or ()]  # an HSM may be in several
    if region and _region(region) not in {_region(one) for one in regions}:
        why = f"it is in {' and '.join(dict.fromkeys(regions))}, and {region_why} need it in {region}"
        fix = "name a vault in that region, or let one be made"
        yield Problem("fail", "PF08", f"the {kind} is in another region than the workspace", why, fix)
    if told.get("enablePurgeProtection") is not True:
        why = "storage and disks take no key of such a vault; protecting it cannot be undone"
        command = "update-hsm" if hsm else "update"
        fix = f"az keyvault {command} {flag} --enable-purge-protection true"
        yield Problem("fail", "PF09", f"the {kind} is not purge-protected", why, fix)
    yield from _network(told, kind, flag)
    if hsm:
        yield from _activation(told, name)


def closed_to_operator(vault: Mapping[str, Any]) -> str:
    """What may keep you (not Azure's services) from the vault's keys where you are; "" for nothing. Whether it does
    depends on your address, which only the vault sees: it then answers ForbiddenByFirewall or ForbiddenByConnection."""
    told = vault.get("properties") or {}
    access = str(told.get("publicNetworkAccess") or "").lower()
    if access == "securedbyperimeter":
        return "a network security perimeter encloses it"
    if access == "disabled":
        return "its public network access is disabled"
    if str((told.get("networkAcls") or {}).get("defaultAction") or "").lower() == "deny":
        return "its firewall lets in the listed addresses alone"
    return ""


def key_problems(key: KeyFacts, now: float, horizon_days: float = HORIZON_DAYS, hsm: bool = False) -> Iterator[Problem]:
    """What keeps one version of a key from being used. now: Unix seconds; an end within the horizon is a warning."""
    types = ("RSA-HSM",) if hsm else TYPES
    if key.type.upper() not in types:
        why = f"it is of the type {key.type or 'unknown'}; disks and storage take {' and '.join(TYPES)}"
        yield _unfit(why)
    elif key.size not in SIZES:
        yield _unfit(f"it has {key.size} bits; disks take {', '.join(str(one) for one in SIZES)}")
    if key.attributes.get("enabled") is False:
        yield _unfit("it is disabled", f"az keyvault key set-attributes --id {key.kid} --enabled true")
    begins, ends = _number(key.attributes.get("nbf")), _number(key.attributes.get("exp"))
    if begins > now:
        yield _unfit(f"it is not valid yet, and will be on {_day(begins)}")
    if ends and ends <= now:
        yield _unfit(f"it has expired, on {_day(ends)}")
    elif ends and ends <= now + horizon_days * DAY_S:
        why = f"on {_day(ends)}, in {int((ends - now) // DAY_S)} days; then nothing new can be put under it"
        yield Problem("warn", "PF11", "the key expires soon", why, f"az keyvault key rotate --id {key.kid}")
    missing = [one for one in OPERATIONS if one.lower() not in {have.lower() for have in key.operations}]
    if missing:
        fix = f"az keyvault key set-attributes --id {key.kid} --ops {' '.join([*sorted(key.operations), *missing])}"
        yield _unfit(f"it is not for {' and '.join(missing)}", fix)


def version_problems(pinned: str, newest: str) -> Iterator[Problem]:
    """What is to be said of the version that is used, where it is not the newest. "" for one that is not known."""
    if pinned and newest and pinned.lower() != newest.lower():
        why = f"{pinned} is named, and {newest} is the newest"
        yield Problem("warn", "PF12", "the key has a newer version than the one that is used", why)


def profile_problems(expiry: str, rotation: str, home: str = VAULT) -> Iterator[Problem]:
    """What the service would refuse of an expiry and of a rotation before it (periods; "" for none). home: VAULT, HSM.

    A rotation before expiry needs an expiry, on the policy and on the key. Raises Mistake for what is no period."""
    if rotation and not expiry:
        yield Problem("fail", "PF11", "a key without an expiry cannot be rotated before it", "", "set key_expiry too")
    if not expiry:
        return
    ends = Period.parse(expiry).least_days
    if ends < LEAST_EXPIRY_DAYS:
        why = f"{expiry} may be {ends} days, and the least is {LEAST_EXPIRY_DAYS}"
        yield Problem("fail", "PF11", "the key would expire too soon", why)
    notice = Period.parse(rotation).least_days if rotation else LEAST_NOTICE_DAYS
    if notice < LEAST_NOTICE_DAYS:
        why = f"{rotation} may be {notice} days before its expiry, and the least is {LEAST_NOTICE_DAYS}"
        yield Problem("fail", "PF11", "the key would be rotated too late", why)
    if rotation and ends - notice < LEAST_ROTATION_DAYS[home]:
        why = f"{rotation} before {expiry} is within {LEAST_ROTATION_DAYS[home]} days of its making"
        yield Problem("fail", "PF11", "the key would be rotated too soon", why)


def _network(told: Mapping[str, Any], kind: str, flag: str) -> Iterator[Problem]:
    rules, access = told.get("networkAcls") or {}, str(told.get("publicNetworkAccess") or "").lower()
    if access == "securedbyperimeter":
        why = "a network security perimeter encloses it, which trusted services do not pass"
        what = f"the firewall of the {kind} keeps out the services that are to use the key"
        yield Problem("fail", "PF10", what, why, "name another vault, or take this one out of the perimeter")
        return
    closed = access == "disabled" or str(rules.get("defaultAction") or "").lower() == "deny"
    if closed and "azureservices" not in str(rules.get("bypass", "AzureServices")).lower():
        why = "Azure Databricks, disks and storage come as trusted services, and its bypass is None"
        fix = f"az keyvault {'update-hsm' if kind != 'key vault' else 'update'} {flag} --bypass AzureServices"
        what = f"the firewall of the {kind} keeps out the services that are to use the key"
        yield Problem("fail", "PF10", what, why, fix)


def _activation(told: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """An HSM without its security domain is there and takes no keys. The status is not in all answers: then its
    provisioning state says `Activated`, or nothing does (Assumption: then it is taken for active, and its data plane
    tells)."""
    status = str((told.get("securityDomainProperties") or {}).get("activationStatus") or "")
    state = str(told.get("provisioningState") or "")
    if status == "Active" or (not status and state in ("Activated", "Succeeded", "")):
        return
    why = f"its security domain is {status or 'not known to be active'}, its state {state or 'not told'}"
    fix = f"az keyvault security-domain download --hsm-name {name} --sd-wrapping-keys CERTIFICATES --sd-quorum 2 "
    fix += "--security-domain-file FILE"
    yield Problem("fail", "PF11", "the managed HSM is not activated", why, fix)


def _unfit(why: str, fix: str = "name another one, or let one be made") -> Problem:
    return Problem("fail", "PF11", "the key cannot be used", why, fix)


def _region(text: str) -> str:
    return text.replace(" ", "").lower()


def _number(value: Any) -> float:
    """A time of the service; 0.0 where there is none, or what is there is no number."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def _day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "a day beyond the calendar"
