"""What mends a key that is degraded, and what tells what is unknown: a step with its command for each cause. Pure.

The commands are those of Azure's command line (`az keyvault`, `az role assignment`), and of this tool.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cmkmigrate.assess.model import Step
from cmkmigrate.audit import health
from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.keys import Key
from cmkmigrate.audit.model import DEGRADED, UNKNOWNS, Feature, Row

ROLE: Final = "Key Vault Crypto Service Encryption User"
_YEAR_S: Final = 365 * health.DAY_S
# What the identity of a mend needs on the vault: action, role that has it, whether it is a data action.
VAULT_WRITE: Final = ("Microsoft.KeyVault/vaults/write", "Key Vault Contributor", False)
POLICY_WRITE: Final = ("Microsoft.KeyVault/vaults/accessPolicies/write", "Key Vault Contributor", False)
GRANT: Final = ("Microsoft.Authorization/roleAssignments/write", "Key Vault Data Access Administrator", False)
KEY_UPDATE: Final = ("Microsoft.KeyVault/vaults/keys/update/action", "Key Vault Crypto Officer", True)
KEY_READ: Final = ("Microsoft.KeyVault/vaults/keys/read", "Key Vault Reader", True)
KEY_CREATE: Final = ("Microsoft.KeyVault/vaults/keys/create/action", "Key Vault Crypto Officer", True)
KEY_RECOVER: Final = ("Microsoft.KeyVault/vaults/keys/recover/action", "Key Vault Crypto Officer", True)
_NEEDS: Final[dict[str, tuple[tuple[str, str, bool], ...]]] = {
    "key-disabled": (KEY_UPDATE,),
    "key-expired": (KEY_UPDATE,),
    "key-expires-soon": (KEY_UPDATE,),
    "key-not-yet-valid": (KEY_UPDATE,),
    "key-missing": (KEY_RECOVER,),
    "key-unfit": (KEY_UPDATE, KEY_CREATE),
    "vault-deleted": (VAULT_WRITE,),
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
    "hsm": "look into the Managed HSM yourself: az keyvault key show --id KEY-ID",
    "key-unreadable": "get the role Reader on the vault, and assess again",
    "grants-unreadable": "get the role Reader on the vault; where a group or a condition grants, look at it yourself",
    "account-not-seen": "get the role Reader where the storage account is",
    "principal-unknown": "--databricks-object-id gives the id of AzureDatabricks",
}


def needs(code: str, roles: bool) -> tuple[tuple[str, str, bool], ...]:
    """What mending a cause needs on the vault: (action, role, data action). roles: whether roles count on it."""
    if code == "no-grant" and not roles:
        return (POLICY_WRITE,)
    return _NEEDS.get(code, ())


def steps(row: Row, resource: Mapping[str, Any], key: Key | None, databricks: str, now: float) -> list[Step]:
    """What mends one feature of a workspace. databricks: object id of AzureDatabricks, "" where it is not known.
    now: Unix seconds."""
    found = []
    for cause in row.causes:
        if cause.code in DEGRADED:
            found.append(
                Step(
                    cause.code,
                    f"{row.feature}: {cause.text}",
                    _command(cause.code, row, resource, key, databricks, now),
                )
            )
        elif cause.code in UNKNOWNS:
            found.append(Step(cause.code, f"{row.feature}: {cause.text}; {_TELLS[cause.code]}"))
    return found


def _command(code: str, row: Row, resource: Mapping[str, Any], key: Key | None, databricks: str, now: float) -> str:
    vault = _name(row.vault_uri)
    at = f"--vault-name {vault} --name {shlex.quote(row.key_name)}"
    newest = health.version_of(key.newest) if key else ""
    version = f" --version {row.key_version or newest}" if row.key_version or newest else ""
    said: dict[str, Callable[[], str]] = {
        "key-disabled": lambda: f"az keyvault key set-attributes {at}{version} --enabled true",
        "key-expired": lambda: f"az keyvault key set-attributes {at}{version} --expires {_moment(now + _YEAR_S)}",
        "key-expires-soon": lambda: f"az keyvault key set-attributes {at}{version} --expires {_moment(now + _YEAR_S)}",
        "key-not-yet-valid": lambda: f"az keyvault key set-attributes {at}{version} --not-before {_moment(now)}",
        "key-missing": lambda: f"az keyvault key recover {at}",
        "key-unfit": lambda: _fit(at, row, key),
        "vault-deleted": lambda: f"az keyvault recover --name {vault}",
        "no-purge-protection": lambda: f"az keyvault update --name {vault} --enable-purge-protection true",
        "no-grant": lambda: _grant(row, resource, key, databricks),
        "version-behind": lambda: _newer(row, key, newest),
        "account-disagrees": lambda: _newer(row, key, newest),
        "firewall": lambda: _open(vault, key),
    }
    return said[code]()


def _open(vault: str, key: Key | None) -> str:
    access = text(mapping(key.vault.get("properties")).get("publicNetworkAccess")) if key else ""
    if access.lower() == "securedbyperimeter":
        return ""  # the perimeter's own access rules decide, and no bypass counts
    return f"az keyvault update --name {vault} --bypass AzureServices"


def _fit(at: str, row: Row, key: Key | None) -> str:
    kind = text(mapping(key.newest.get("properties")).get("kty")) if key else ""
    if kind and not kind.upper().startswith("RSA"):  # nothing makes an RSA key of it; the workspace needs another
        name = shlex.quote(f"{row.key_name}-rsa")
        return f"az keyvault key create --vault-name {_name(row.vault_uri)} --name {name} --kty RSA --size 3072"
    return f"az keyvault key set-attributes {at} --ops wrapKey unwrapKey"


def _grant(row: Row, resource: Mapping[str, Any], key: Key | None, databricks: str) -> str:
    who = principal(row.feature, resource, databricks)
    if not who or key is None or not key.vault:
        return ""
    if not health.uses_roles(key.vault):
        name = text(key.vault.get("name"))
        return f"az keyvault set-policy --name {name} --object-id {who} --key-permissions get wrapKey unwrapKey"
    scope = shlex.quote(f"{text(key.vault.get('id'))}/keys/{row.key_name}")
    to = f"--assignee-object-id {who} --assignee-principal-type ServicePrincipal"
    return f'az role assignment create {to} --role "{ROLE}" --scope {scope}'


def _newer(row: Row, key: Key | None, newest: str) -> str:
    """A PUT of the whole workspace with the newest version, which `enable-in-place` makes of a fresh GET."""
    if key is None or not newest:
        return ""
    of = f"-p workspace={shlex.quote(row.workspace)} -p vault_id={shlex.quote(text(key.vault.get('id')))}"
    uri = f"{row.vault_uri.rstrip('/')}/keys/{row.key_name}/{newest}"
    return f"cmkmigrate plan enable-in-place {of} -p key_id={shlex.quote(uri)} -p features={row.feature}"


def principal(feature: Feature, resource: Mapping[str, Any], databricks: str) -> str:
    """The object id of whoever uses the key of a feature; "" where it is not known."""
    if feature is Feature.MANAGED_SERVICES:
        return databricks
    name = "managedDiskIdentity" if feature is Feature.MANAGED_DISKS else "storageAccountIdentity"
    return text(mapping(mapping(resource.get("properties")).get(name)).get("principalId"))


def once(found: Iterable[Step]) -> tuple[Step, ...]:
    """The steps without those whose command stands there already."""
    kept: dict[tuple[str, str], Step] = {}
    for one in found:
        kept.setdefault((one.code, one.command or one.text), one)
    return tuple(kept.values())


def _name(uri: str) -> str:
    return uri.partition("://")[2].partition(".")[0] or uri


def _moment(at: float) -> str:
    return f"{health.day(at)}T00:00:00Z"
