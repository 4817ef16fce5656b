"""Who may use the keys: a role assignment where the vault goes by roles, an access policy where it goes by those (it is
added to, and nothing is taken away), a local role in a managed HSM.

Three identities need it: the AzureDatabricks principal before the workspace is made, the identities of its disks and of
its storage after. The operator needs one to make the key: owning a vault gives no right on its content.

The vault, not this file, decides when a grant has taken effect; role assignments take minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.endpoints import AZURE_DATABRICKS
from cmkmigrate.errors import Blocked, Denied, Mistake, NotFound
from cmkmigrate.kinds.azure import key_grants, key_homes
from cmkmigrate.kinds.azure.key_grants import ROLES
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import KNOWN_AFTER_APPLY, Asset, Body, Entry, Made

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class KeyAccess(Kind):
    """A grant for each of `principals` on each key. Settings: vault (ARM id of a vault or managed HSM) and key (its
    name, "" for the whole vault), or keys (the scopes of keys, as the kind of keys gives them; each counts once, "" is
    left out); principals ("azure_databricks", "operator", or object ids; "" is left out), role,
    azure_databricks_object_id (where the directory may not be read)."""

    name = "key_access"
    service = "authorization"
    at = "arm"
    grants = True
    owns = ("principal", "role", "scope")
    unverified = (
        "that a grant which is there under another name is refused as RoleAssignmentExists (selftest: grant-twice)",
        "that a grant to an identity made a moment ago is accepted where its type is named, or refused as "
        "PrincipalNotFound (selftest: grant-to-nobody-with-a-type, grant-to-nobody)",
        "that a managed HSM refuses an equal local role assignment as it does Azure's (no selftest can show it)",
    )
    settings: ClassVar[dict[str, type]] = {
        "vault": str,
        "key": str,
        "keys": list,
        "principals": list,
        "role": str,
        "azure_databricks_object_id": str,
    }

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        given = str(settings.get("azure_databricks_object_id") or "")
        if given and not _GUID.fullmatch(given):
            raise Mistake(f"{given!r} is not an object id", next=f"az ad sp show --id {AZURE_DATABRICKS} --query id")
        for scope in _scopes(settings):
            for at, principal in enumerate(_principals(settings)):
                unique = f"{principal} {at + 1}" if principal == KNOWN_AFTER_APPLY else principal
                key, body = f"{unique} · {_role(settings)} · {_where(scope)}", _body(settings, scope, principal)
                yield Asset(f"{scope}#{principal}", key, principal, body=body)

    def list(self, site: Subscription, settings: Settings, listed: Listed) -> Iterable[Entry]:
        scopes = _scopes(settings)
        principals = [one for one in _principals(settings) if one != KNOWN_AFTER_APPLY] if scopes else []
        # Looked up before anything is made, so that a directory that may not be read stops nothing half-way.
        object_ids = {principal: _object_id(site, principal, settings) for principal in principals}
        found: list[Entry] = []
        for scope in scopes:
            if KNOWN_AFTER_APPLY in scope or not principals:
                continue
            # Homes are kept, as are the object ids: a create needs them, and reads nothing.
            home = key_homes.home_at(site, _home(scope))
            there = key_grants.granted(site, home, scope, _role(settings))
            for principal, object_id in object_ids.items():
                id, since = there.get(object_id.lower(), ("", ""))
                if id:
                    key = f"{principal} · {_role(settings)} · {_where(scope)}"
                    found.append(Asset(id, key, principal, hint=since, body=_body(settings, scope, principal)))
        return found

    def create(self, site: Subscription, asset: Asset) -> Made:
        body = asset.body or {}
        scope, principal = str(body["scope"]), str(body["principal"])
        object_id = str(body.get("object_id") or "") or _resolved(site, principal)
        # Named so that an identity made a moment ago, which the directory does not show yet, is accepted.
        kind = site.operator_type() if principal == "operator" else "ServicePrincipal"
        return Made(key_grants.grant(site, site.home(_home(scope)), scope, str(body["role"]), object_id, kind))


def _object_id(site: Subscription, principal: str, settings: Settings) -> str:
    given = str(settings.get("azure_databricks_object_id") or "")
    return given if principal == "azure_databricks" and given else _resolved(site, principal)


def _resolved(site: Subscription, principal: str) -> str:
    if principal == "operator":
        return site.operator_object_id()
    if principal != "azure_databricks":
        return principal
    try:
        return site.azure_databricks_object_id()
    except Denied as error:
        raise Blocked(
            "the directory may not be read",
            subject="AzureDatabricks",
            why=str(error),
            next=f"give azure_databricks_object_id; az ad sp show --id {AZURE_DATABRICKS} --query id",
        ) from None
    except NotFound as error:
        raise Blocked("the tenant has no AzureDatabricks principal", why=error.message, next=_MAKE) from None


_MAKE: Final = f"az ad sp create --id {AZURE_DATABRICKS}"


def _principals(settings: Settings) -> list[str]:
    """The principals, each once; an identity that is not there (a feature left out) is the empty string."""
    return _once(str(one) for one in settings.get("principals") or [] if one)


def _once(names: Iterable[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        if name == KNOWN_AFTER_APPLY or name not in found:
            found.append(name)
    return found


def _role(settings: Settings) -> str:
    role = str(settings.get("role") or "crypto_service_encryption_user")
    if role not in ROLES:
        raise Mistake(f"there is no role {role!r} for keys", why=f"there are: {', '.join(ROLES)}")
    return role


def _scopes(settings: Settings) -> list[str]:
    """The scopes of a step: vaults, or keys in them; what is not known yet once."""
    if settings.get("keys") is not None:
        return list(dict.fromkeys(str(one) for one in settings["keys"] if one))
    vault, key = str(settings.get("vault") or ""), str(settings.get("key") or "")
    return [f"{vault}/keys/{key}" if key else vault]


def _home(scope: str) -> str:
    """The ARM id of the vault or managed HSM that a scope is of."""
    return scope.partition("/keys/")[0]


def _where(scope: str) -> str:
    home, slash, key = scope.partition("/keys/")
    return f"{home.rstrip('/').rpartition('/')[2]}{'/' if slash else ''}{key}"


def _body(settings: Settings, scope: str, principal: str) -> Body:
    body: dict[str, Any] = {"scope": scope, "role": _role(settings), "principal": principal}
    given = str(settings.get("azure_databricks_object_id") or "")
    if principal == "azure_databricks" and given:
        body["object_id"] = given
    return body
