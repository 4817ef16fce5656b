"""What mends a key that is degraded, and what tells what is unknown: a step for each cause. Pure.

The commands are those that the audit gives with each cause (audit/remedy.py); which rights they take is said here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cmkmigrate.assess.model import Step
from cmkmigrate.audit.model import DEGRADED, UNKNOWNS, Row

# What the identity of a mend needs on the vault: action, role that has it, whether it is a data action.
VAULT_WRITE: Final = ("Microsoft.KeyVault/vaults/write", "Key Vault Contributor", False)
HSM_WRITE: Final = ("Microsoft.KeyVault/managedHSMs/write", "Managed HSM contributor", False)
POLICY_WRITE: Final = ("Microsoft.KeyVault/vaults/accessPolicies/write", "Key Vault Contributor", False)
GRANT: Final = ("Microsoft.Authorization/roleAssignments/write", "Key Vault Data Access Administrator", False)
KEY_UPDATE: Final = ("Microsoft.KeyVault/vaults/keys/update/action", "Key Vault Crypto Officer", True)
KEY_READ: Final = ("Microsoft.KeyVault/vaults/keys/read", "Key Vault Reader", True)
KEY_RECOVER: Final = ("Microsoft.KeyVault/vaults/keys/recover/action", "Key Vault Crypto Officer", True)
_NEEDS: Final[dict[str, tuple[tuple[str, str, bool], ...]]] = {
    "key-disabled": (KEY_UPDATE,),
    "key-expired": (KEY_UPDATE,),
    "key-expires-soon": (KEY_UPDATE,),
    "key-not-yet-valid": (KEY_UPDATE,),
    "key-missing": (KEY_RECOVER,),
    "key-unfit": (),
    "vault-deleted": (VAULT_WRITE,),
    "hsm-inactive": (),  # who administers the HSM activates it
    "no-purge-protection": (VAULT_WRITE,),
    "firewall": (VAULT_WRITE,),
    "no-grant": (GRANT,),
    "version-behind": (KEY_READ,),
    "account-disagrees": (KEY_READ,),
    "key": (KEY_READ,),
}
_TELLS: Final[dict[str, str]] = {
    "form": "look at it with az databricks workspace show, and report it: this version does not know the form",
    "state": "wait until the workspace is Succeeded, and assess again",
    "plan": "a key on a plan without keys: upgrade the plan, and assess again",
    "since": "a person who knows the day writes it into the scope file (attested), or --runs names the run that set it",
    "vault-not-seen": "get the role Reader on the subscription of the vault, or name it with --subscription",
    "hsm": "get the local role Managed HSM Crypto Auditor on the key, and assess again",
    "key-unreadable": "get the role Reader on the vault, and assess again",
    "grants-unreadable": "get the role Reader on the vault; where a group or a condition grants, look at it yourself",
    "account-not-seen": "get the role Reader where the storage account is",
    "principal-unknown": "--databricks-object-id gives the id of AzureDatabricks",
}


def needs(code: str, roles: bool, hsm: bool = False) -> tuple[tuple[str, str, bool], ...]:
    """What mending a cause needs on the vault: (action, role, data action). roles: whether roles count on it. hsm: it
    is a Managed HSM, on which Azure's rights let nobody at the keys or the local roles."""
    if hsm:
        return (HSM_WRITE,) if VAULT_WRITE in _NEEDS.get(code, ()) else ()
    if code == "no-grant" and not roles:
        return (POLICY_WRITE,)
    return _NEEDS.get(code, ())


def steps(row: Row) -> list[Step]:
    """What mends one feature of a workspace, and what tells what is unknown of it: the commands of the audit.

    Where the audit says `apply`, here stands `plan`: whoever assesses has decided nothing yet.
    """
    found = []
    for cause in row.causes:
        command = cause.remedy.replace("cmkmigrate apply ", "cmkmigrate plan ", 1)
        if cause.code in DEGRADED:
            found.append(Step(cause.code, f"{row.feature}: {cause.text}", command))
        elif cause.code in UNKNOWNS:
            found.append(Step(cause.code, f"{row.feature}: {cause.text}; {_TELLS[cause.code]}", command))
    return found


def once(found: Iterable[Step]) -> tuple[Step, ...]:
    """The steps without those whose command stands there already."""
    kept: dict[tuple[str, str], Step] = {}
    for one in found:
        kept.setdefault((one.code, one.command or one.text), one)
    return tuple(kept.values())
