"""Which rights the caller lacks for a remedy, and the commands that give them.

Asks `GET {scope}/providers/Microsoft.Authorization/permissions` (api-version 2022-04-01), which answers for whoever is
signed in, roles that come by groups and from above included. It is asked of the subscription first, and of a group or
a resource only where the caller has a role of his own there, which one listing of his role assignments in the whole
subscription tells (`assignedTo`, without `atScope`: vendor's page on listing role assignments). So what most people may
do in five hundred workspaces takes two requests for each subscription.

What a migration and a change in place need is the table of the preflight (preflight/permissions.yaml); what mending a
key needs is here. The roles for it are those of the vendor's page on access to Key Vault by roles.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from cmkmigrate.assess import mend
from cmkmigrate.assess.model import Missing, Remedy, Rights, Step
from cmkmigrate.audit import health
from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.clients import permissions
from cmkmigrate.errors import CallError
from cmkmigrate.kinds.azure.key_rules import closed_to_operator
from cmkmigrate.kinds.azure.network_rules import UI_API, connections, connector_of
from cmkmigrate.preflight.rights import table

YOU: Final = "$(az ad signed-in-user show --query id --output tsv)"  # where the token does not say who asks
# Steps that change the workspace: a PUT of it, by the playbook enable-in-place.
_CHANGING: Final = {"in-place", "version-behind", "account-disagrees", "key-unfit"}
Need = tuple[str, tuple[str, str, bool]]  # scope; action, role, whether it is a data action


def needed(
    resource: Mapping[str, Any],
    remedy: Remedy,
    steps: Sequence[Step],
    vaults: Mapping[str, Mapping[str, Any]],
    vault: Mapping[str, Any] | None,
) -> tuple[list[Need], str]:
    """What the remedy needs, and what of it cannot be judged ("" for nothing). vaults: cause code -> vault that is to
    be mended. vault: the one that the key is to be in, None where one is to be made in the group of the workspace."""
    doubt = ""
    codes = {step.code for step in steps}
    found: list[Need] = []
    if remedy is Remedy.MIGRATE or codes & _CHANGING:
        words, scopes = _words(resource, remedy, vault), _scopes(resource, vault)
        found += [
            (scope, (one.action, one.role, False)) for one in table() if one.when in words for scope in scopes[one.at]
        ]
    if vault and any(" -p key_id=" in step.command for step in steps):
        vaults = {**vaults, "key": vault}  # a key that exists is read in the vault, which an Owner of it may not
    for code, held in vaults.items():
        hsm = health.is_hsm(held)
        if hsm and mend.needs(code, True) and not mend.needs(code, True, hsm):
            doubt = f"whether a local role of the managed HSM {text(held.get('name'))} lets you mend it was not judged"
        for need in mend.needs(code, health.uses_roles(held), hsm):
            if need[2] and not health.uses_roles(held):
                name = text(held.get("name"))
                doubt = f"the vault {name} goes by access policies: whether one lets you change keys was not judged"
            else:
                found.append((text(held.get("id")), need))
    if "vault-deleted" in codes:
        doubt = "the vault is soft-deleted: the rights on it cannot be read"
    return list(dict.fromkeys(found)), doubt


def _words(resource: Mapping[str, Any], remedy: Remedy, vault: Mapping[str, Any] | None) -> set[str]:
    """What the remedy does, in the words of the preflight's table (`when`)."""
    found = {"always", "provisions", "changes a workspace", "uses a vault", "grants"}
    found |= {"makes a vault"} if vault is None else set()
    found |= {"uses a managed HSM"} if vault and health.is_hsm(vault) else set()
    found |= {"makes a key in a closed vault"} if vault and closed_to_operator(vault) else set()
    if remedy is not Remedy.MIGRATE:
        return found | {"in place"}
    found |= {"starts compute", "makes a workspace"} | ({"own network"} if _network(resource) else set())
    found |= {"uses a connector"} if connector_of(resource, {}) else set()
    return found | ({"has endpoints", "carries endpoints"} if connections(resource, UI_API) else set())


def _scopes(resource: Mapping[str, Any], vault: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Where a right is needed, in the words of the preflight's table (`at`)."""
    id = text(resource.get("id"))
    group = id.partition("/providers/")[0]
    held = text(vault.get("id")) if vault else group  # one that is to be made is made in the group
    roles, hsm = vault is None or health.uses_roles(vault), vault is not None and health.is_hsm(vault)
    network = _network(resource)
    endpoints = ["/".join(one.split("/")[:5]) for one in connections(resource, UI_API)]
    return {
        "subscription": ["/".join(id.split("/")[:3])],
        "source": [id],
        "target group": [group],
        "vaults": [] if hsm else [held],
        "managed HSMs": [held] if hsm else [],
        "closed vaults": [held] if vault and not hsm and closed_to_operator(vault) else [],
        "new vaults": [group] if vault is None else [],
        "vaults by role": [held] if roles else [],
        "vaults by policy": [] if roles or hsm else [held],
        "network": [network] if network else [],
        "connector": [text(connector_of(resource, {}).get("id"))],
        "old endpoints": endpoints,
        "endpoints": endpoints,
        "endpoint subnets": [],  # an assessment does not read the endpoints themselves; `doctor` does
        "zones": [],
    }


def _network(resource: Mapping[str, Any]) -> str:
    parameters = mapping(mapping(resource.get("properties")).get("parameters"))
    return text(mapping(parameters.get("customVirtualNetworkId")).get("value"))


class Permissions:
    """What the caller may do, asked once for each scope. Safe to use from several threads."""

    def __init__(self, cloud: Any, caller: str) -> None:
        self._cloud, self._caller = cloud, caller
        self._known: dict[str, list[dict[str, Any]] | CallError] = {}
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}

    def judge(self, needs: Iterable[Need], problem: str = "") -> Rights:
        """What of these is missing. problem: what cannot be judged. Raises nothing of a CallError."""
        needs = list(needs)
        if not needs and not problem:
            return Rights()
        missing = []
        for scope, (action, role, data) in needs:
            try:
                if not self._may(scope, action, data):
                    missing.append(Missing(action, scope, role, data))
            except CallError as error:
                problem = problem or f"the rights on {scope} could not be read: {error}"
        if problem:
            return Rights("unknown", tuple(missing), self._commands(missing), problem)
        return Rights("missing", tuple(missing), self._commands(missing)) if missing else Rights("enough")

    def _may(self, scope: str, action: str, data: bool) -> bool:
        """Assumption: a right on a group holds for what is in it; deny assignments on a resource alone are not seen."""
        problem: CallError | None = None
        for at in self._levels(scope):
            try:
                if permissions.allows(self._asked(at), action, data=data):
                    return True
            except CallError as error:  # another level may still say yes
                problem = problem or error
        if problem is not None:
            raise problem
        return False

    def _levels(self, scope: str) -> list[str]:
        """The scopes that can say something of this one: the subscription, and those below it with a role of mine."""
        subscription = "/".join(scope.split("/")[:3])
        below = dict.fromkeys((scope.partition("/providers/")[0], scope))
        below.pop(subscription, None)
        try:
            mine = self._once(f"{subscription} mine", lambda: self._mine(subscription)) if self._caller else None
        except CallError:
            mine = None  # then each of them is asked
        held = None if mine is None else {text(mapping(one.get("properties")).get("scope")).lower() for one in mine}
        return [subscription, *(at for at in below if held is None or at.lower() in held)]

    def _mine(self, subscription: str) -> list[dict[str, Any]]:
        path = f"{subscription}/providers/Microsoft.Authorization/roleAssignments"
        site = self._cloud.subscription(subscription.split("/")[2])
        return list(site.listing(path, permissions.VERSION, f"assignedTo('{self._caller}')"))

    def _asked(self, scope: str) -> list[dict[str, Any]]:
        def ask() -> list[dict[str, Any]]:
            site = self._cloud.subscription(scope.split("/")[2])
            return list(site.listing(permissions.path(scope), permissions.VERSION))

        return self._once(scope, ask)

    def _once(self, what: str, ask: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """What `ask` gives, kept; what it raises is raised every time."""
        key = what.lower()
        with self._lock:
            asking = self._asking.setdefault(key, threading.Lock())
        with asking:  # whoever needs the same answer waits for it
            if key not in self._known:
                try:
                    self._known[key] = ask()
                except CallError as error:
                    self._known[key] = error
            known = self._known[key]
        if isinstance(known, CallError):
            raise known
        return known

    def _commands(self, missing: Iterable[Missing]) -> tuple[str, ...]:
        who = self._caller or f'"{YOU}"'
        grants = dict.fromkeys((one.role, one.scope) for one in missing)
        return tuple(
            f'az role assignment create --assignee {who} --role "{role}" --scope {shlex.quote(scope)}'
            for role, scope in grants
        )
