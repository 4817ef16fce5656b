"""The command that mends a cause, ready to paste: of Azure's own command line, or of this tool.

A command changes what it names and nothing else; those that only look say what to do next. Names come from Azure and
from people, so every word is quoted for a shell. "" where no command mends it: docs/audit.md names those codes.

Contract: `az` 2.91 (its reference), and this tool's playbook enable-in-place.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cmkmigrate.audit import health
from cmkmigrate.audit.encryption import text
from cmkmigrate.audit.keys import HSM, Holder, Key
from cmkmigrate.audit.model import Cause, Row
from cmkmigrate.audit.storage import Account
from cmkmigrate.clients.managed_hsm import CRYPTO_SERVICE_ENCRYPTION_USER

DATABRICKS: Final = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"  # application id of AzureDatabricks in every tenant
ROLE: Final = "Key Vault Crypto Service Encryption User"
LOCAL_ROLE, LOCAL_READER = CRYPTO_SERVICE_ENCRYPTION_USER[0], "Managed HSM Crypto Auditor"
YEAR_S: Final = 365 * health.DAY_S
NOTHING: Final = frozenset({"serverless", "exception"})  # codes that no command mends


@dataclass(frozen=True, slots=True)
class Case:
    """What a command needs to know. one: what the cause is about. holder, key: of a feature that names a key. missing:
    all features of the workspace that have no key. caller: object id of whoever audits. now: Unix seconds."""

    one: Row | Account
    now: float
    holder: Holder | None = None
    key: Key | None = None
    missing: Sequence[str] = ()
    caller: str = ""


def of(cause: Cause, case: Case) -> str:
    """The command for a cause of a verdict; "" where there is none."""
    made = _COMMANDS.get(cause.code)
    return shlex.join(made(case)) if made else ""


def _az(*words: str) -> list[str]:
    return ["az", *words]


def _host(case: Case) -> str:
    return urlsplit(case.one.vault_uri).hostname or case.one.vault_uri


def _vault_name(case: Case) -> str:
    return _host(case).partition(".")[0]


def _vault(case: Case) -> Mapping[str, Any]:
    return case.key.vault if case.key else {}


def _vault_id(case: Case) -> str:
    return text(_vault(case).get("id"))


def _subscription(case: Case) -> list[str]:
    parts = _vault_id(case).split("/")
    return ["--subscription", parts[2]] if len(parts) > 2 else []


def _key_id(case: Case, newest: bool = False) -> str:
    version = case.one.key_version
    if case.key is not None and (newest or not version):
        version = health.version_of(case.key.newest)
    base = f"{case.one.vault_uri.rstrip('/')}/keys/{case.one.key_name}"
    return f"{base}/{version}" if version else base


def _workspace(case: Case) -> str:
    return case.one.workspace if isinstance(case.one, Row) else ""


def _attributes(*change: str) -> Any:
    def made(case: Case) -> list[str]:
        times = {"YEAR": _time(case.now + YEAR_S), "NOW": _time(case.now)}
        return _az("keyvault", "key", "set-attributes", "--id", _key_id(case), *(times.get(one, one) for one in change))

    return made


def _time(at: float) -> str:
    return f"{health.day(at)}T00:00:00Z"


def _hsm(case: Case) -> bool:
    return HSM in _host(case)


def _on_vault(*words: str) -> Any:
    return lambda case: _az("keyvault", *words, "--name", _vault_name(case), *_subscription(case))


def _named(case: Case) -> list[str]:
    return ["--hsm-name" if _hsm(case) else "--vault-name", _vault_name(case)]


def _update(*words: str) -> Any:
    """Of a vault, or of an HSM, for which the verb is another one."""

    def made(case: Case) -> list[str]:
        name = "--hsm-name" if _hsm(case) else "--name"
        verb = "update-hsm" if _hsm(case) else "update"
        return _az("keyvault", verb, name, _vault_name(case), *_subscription(case), *words)

    return made


def _grant(case: Case) -> list[str]:
    who = case.holder.principal if case.holder else ""
    if _hsm(case):
        return [*_local_role(case, LOCAL_ROLE, "--assignee-object-id", who), "--assignee-principal-type",
                "ServicePrincipal"]  # fmt: skip
    if health.uses_roles(_vault(case)):
        return _az("role", "assignment", "create", "--role", ROLE, "--assignee-object-id", who,
                   "--assignee-principal-type", "ServicePrincipal", "--scope", _vault_id(case))  # fmt: skip
    return _az("keyvault", "set-policy", "--name", _vault_name(case), *_subscription(case), "--object-id", who,
               "--key-permissions", "get", "wrapKey", "unwrapKey")  # fmt: skip


def _local_role(case: Case, role: str, *who: str) -> list[str]:
    return _az("keyvault", "role", "assignment", "create", "--hsm-name", _vault_name(case), "--role", role,
               "--scope", f"/keys/{case.one.key_name}", *who)  # fmt: skip


def _in_place(case: Case, features: Sequence[str], *keys: str) -> list[str]:
    words = ["cmkmigrate", "apply", "enable-in-place", "-p", f"workspace={_workspace(case)}"]
    for one in (*keys, f"features={','.join(features)}"):
        words += ["-p", one]
    return words


def _own_feature(case: Case) -> list[str]:
    return [str(case.one.feature)] if isinstance(case.one, Row) else []


def _newest(case: Case) -> list[str]:
    """The same key in its newest version."""
    if isinstance(case.one, Account):  # without a version it follows the key
        return [*_account(case), "--encryption-key-vault", case.one.vault_uri, "--encryption-key-name",
                case.one.key_name, "--encryption-key-version", ""]  # fmt: skip
    return _in_place(case, _own_feature(case), f"vault_id={_vault_id(case)}", f"key_id={_key_id(case, newest=True)}")


def _other_key(case: Case) -> list[str]:
    """A key of another name in the same vault."""
    name = f"{case.one.key_name}-rsa"
    if isinstance(case.one, Account):
        return _az("keyvault", "key", "create", *_named(case), "--name", name, "--kty", f"RSA{'-HSM' * _hsm(case)}")
    return _in_place(case, _own_feature(case), f"vault_id={_vault_id(case)}", f"key_name={name}")


def _first_key(case: Case) -> list[str]:
    """Every feature of the workspace that has no key, at once; an account with a key that has to be named."""
    if isinstance(case.one, Account):
        return [
            *_account(case),
            "--encryption-key-vault",
            "https://VAULT.vault.azure.net",
            "--encryption-key-name",
            "KEY",
        ]
    return _in_place(case, list(case.missing) or _own_feature(case), f"vault_name={vault_name(case.one.workspace)}")


def vault_name(workspace: str) -> str:
    """A name for a vault of a workspace that nobody else will have: names are there once in all of Azure."""
    name = re.sub(r"[^a-z0-9]+", "", workspace.rpartition("/")[2].lower())[:14]
    return f"kv-{name}-{hashlib.sha256(workspace.lower().encode()).hexdigest()[:6]}"


def _account(case: Case) -> list[str]:
    account = case.one
    assert isinstance(account, Account)
    group = account.id.split("/")[4] if account.id.count("/") > 4 else ""
    return _az("storage", "account", "update", "--name", account.name, "--resource-group", group, "--subscription",
               account.subscription, "--encryption-key-source", "Microsoft.Keyvault")  # fmt: skip


def _reader(case: Case) -> list[str]:
    scope = _vault_id(case) or f"/subscriptions/{case.one.subscription}"
    return _az("role", "assignment", "create", "--role", "Reader", "--assignee", case.caller, "--scope", scope)


def _reader_of_key(case: Case) -> list[str]:
    return _local_role(case, LOCAL_READER, "--assignee", case.caller) if _hsm(case) else _reader(case)


def _local_roles(case: Case) -> list[str]:
    return _az("keyvault", "role", "assignment", "list", "--hsm-name", _vault_name(case))


def _principal(case: Case) -> list[str]:
    if isinstance(case.one, Account):
        return _az("resource", "show", "--ids", case.one.id, "--query", "identity")
    if case.one.feature == "managed_services":
        return _az("ad", "sp", "show", "--id", DATABRICKS, "--query", "id", "--output", "tsv")
    return _show(case)


def _show(case: Case) -> list[str]:
    id = case.one.id if isinstance(case.one, Account) else case.one.workspace
    return _az("resource", "show", "--ids", id)


def _search(kind: str, name: str) -> list[str]:
    """Who sees more subscriptions finds it in them."""
    query = f"resources | where type =~ '{kind}' and name =~ '{name}' | project id"
    return _az("graph", "query", "-q", query)


def _plan(case: Case) -> list[str]:
    return _az("databricks", "workspace", "update", "--ids", _workspace(case), "--sku", "premium")


def _log(case: Case) -> list[str]:
    """What it shows is what a person can attest in the scope file."""
    return _az("monitor", "activity-log", "list", "--resource-id", _workspace(case), "--offset", "89d")


def _anew(case: Case) -> list[str]:
    """Only a new workspace has all of its data under the key from the beginning; this shows what moving would do."""
    name = _workspace(case).rpartition("/")[2]
    words = ["cmkmigrate", "plan", "cmk-migration"]
    given = (f"source={_workspace(case)}", f"target_name={name}-cmk", f"vault_name={vault_name(_workspace(case))}")
    return [*words, *(word for one in given for word in ("-p", one))]


_COMMANDS: Final[dict[str, Any]] = {
    "key-disabled": _attributes("--enabled", "true"),
    "key-expired": _attributes("--expires", "YEAR"),
    "key-not-yet-valid": _attributes("--not-before", "NOW"),
    "key-expires-soon": _attributes("--expires", "YEAR"),
    "key-missing": lambda case: _az("keyvault", "key", "recover", *_named(case), "--name", case.one.key_name),
    "key-unfit": _other_key,
    "vault-deleted": _on_vault("recover"),
    "hsm-inactive": lambda case: _az("keyvault", "show", "--hsm-name", _vault_name(case), *_subscription(case)),
    "no-purge-protection": _update("--enable-purge-protection", "true"),
    "no-grant": _grant,
    "version-behind": _newest,
    # What is in a perimeter must be taken out of it first; then this lets trusted services in and nobody else.
    "firewall": _update("--bypass", "AzureServices", "--public-network-access", "Disabled"),
    "account-disagrees": _newest,
    "form": _show,
    "state": _show,
    "plan": _plan,
    "since": _log,
    "vault-not-seen": lambda case: _search(
        f"microsoft.keyvault/{'managedhsms' if _hsm(case) else 'vaults'}", _vault_name(case)
    ),
    "hsm": _reader_of_key,
    "key-unreadable": _reader_of_key,
    "grants-unreadable": lambda case: _local_roles(case) if _hsm(case) else _reader(case),
    "principal-unknown": _principal,
    "account-not-seen": lambda case: _search("microsoft.storage/storageaccounts", case.one.name),
    "no-key": _first_key,
    "sku": _plan,
    "later": _anew,
}
