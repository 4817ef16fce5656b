"""The nouns of an audit, and every code that a verdict can carry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Feature(StrEnum):
    """What can be put under a customer-managed key."""

    MANAGED_SERVICES = "managed_services"
    MANAGED_DISKS = "managed_disks"
    DBFS_ROOT = "dbfs_root"


class Verdict(StrEnum):
    """Exactly one for each feature of a workspace. Only `cmk` and `excepted` are no findings."""

    CMK = "cmk"
    FUTURE_WRITES = "cmk-future-writes-only"
    DEGRADED = "cmk-degraded"
    PLATFORM_KEY = "platform-key"
    NOT_ELIGIBLE = "not-eligible"
    EXCEPTED = "excepted"
    UNKNOWN = "unknown"


PASSES: Final = (Verdict.CMK, Verdict.EXCEPTED)

# Why a key is not what it should be (cmk-degraded). docs/audit.md says what each rests on; a test compares the two.
DEGRADED: Final[dict[str, str]] = {
    "key-disabled": "the version in use is disabled",
    "key-expired": "the version in use has expired",
    "key-not-yet-valid": "the version in use is not valid yet",
    "key-expires-soon": "the version in use expires within the horizon",
    "key-missing": "the vault does not hold the key, or not the version: soft-deleted, or purged",
    "key-unfit": "the key cannot wrap: not RSA, or its operations leave out wrapKey or unwrapKey",
    "vault-deleted": "the vault is soft-deleted",
    "hsm-inactive": "the Managed HSM is not activated, or not at work",
    "no-purge-protection": "the vault is not protected against purging",
    "no-grant": "the principal of the feature may not get, wrap and unwrap with the key",
    "version-behind": "a newer version exists and nothing takes it up",
    "firewall": "the vault's network rules keep Azure's services out",
    "account-disagrees": "the storage account of the DBFS root is under another key than the workspace names",
}
# Why nobody can tell (unknown).
UNKNOWNS: Final[dict[str, str]] = {
    "form": "Azure describes the encryption in a form that is not known here",
    "state": "the workspace is not settled: what it shows may not be in force",
    "plan": "a key is set on a plan that does not offer it",
    "since": "since when the key has been on is not known, so older data may be under the platform's key",
    "vault-not-seen": "the vault is in no subscription that could be listed",
    "hsm": "a Managed HSM: its key or its local roles, which only its data plane shows, could not be read",
    "key-unreadable": "the key's state may not be read, or was not answered",
    "grants-unreadable": "the vault's role assignments may not be read, or cannot be judged",
    "principal-unknown": "the object id of the feature's principal is not known",
    "account-not-seen": "the storage account is in no subscription that could be listed",
}
# What goes with other verdicts.
OTHERS: Final[dict[str, str]] = {
    "no-key": "no customer-managed key is set",
    "sku": "the plan does not offer it",
    "serverless": "a serverless workspace has no such feature",
    "later": "the key was put on after the workspace had been in use",
    "exception": "a person has accepted it, until a day",
}
CODES: Final[dict[str, str]] = DEGRADED | UNKNOWNS | OTHERS


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for a verdict: its code (a key of CODES), what was found in words, and the command that mends it, or
    that shows what to do ("" for none)."""

    code: str
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One feature of one workspace.

    vault_uri, key_name, key_version: empty where no key is named. causes: codes and texts. reason: the texts in one
    line. since: the day from which on the key is known to have been on (ISO), "" where it is not known; since_from:
    what says so. judged: what the verdict would be without the exception. Times are ISO 8601 in UTC.
    """

    subscription: str
    workspace: str
    name: str
    location: str
    sku: str
    feature: Feature
    verdict: Verdict
    reason: str = ""
    vault_uri: str = ""
    key_name: str = ""
    key_version: str = ""
    note: str = ""
    causes: tuple[Cause, ...] = ()
    since: str = ""
    since_from: str = ""
    judged: str = ""
    owner: str = ""
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Population:
    """One subscription that was to be looked at. problem: why it could not be; its workspaces are then not counted.
    cut: why its listing may lack workspaces that the caller has no right to see; "" where it is known to be whole."""

    subscription: str
    name: str = ""
    workspaces: int = 0
    problem: str = ""
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A managed resource group whose workspace is gone. sure: False where the workspace may only be out of sight."""

    subscription: str
    group: str
    workspace: str
    location: str = ""
    sure: bool = True
