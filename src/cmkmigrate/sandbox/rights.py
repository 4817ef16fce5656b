"""Who may do what: actions in ARM and data actions on keys by roles, access policies, and the vault's firewall.

A role assignment counts once it has taken effect, on its scope and below.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from fnmatch import fnmatchcase

from cmkmigrate.sandbox import managed_hsm_rights
from cmkmigrate.sandbox.cloud import Cloud, Hsm, Vault
from cmkmigrate.sandbox.roles import BUILT_IN, KEYS, VAULTS, Role

# What an access policy calls one thing, a role's data actions call another (the vendor's page of the operations of
# Microsoft.KeyVault); what is not here is called KEYS + name + "/action".
_DATA_ACTIONS = {
    "get": f"{KEYS}read",
    "list": f"{KEYS}read",
    "wrapkey": f"{KEYS}wrap/action",
    "unwrapkey": f"{KEYS}unwrap/action",
    "delete": f"{KEYS}delete",
    "getrotationpolicy": f"{VAULTS}keyrotationpolicies/read",
    "setrotationpolicy": f"{VAULTS}keyrotationpolicies/write",
}


def data_action(operation: str) -> str:
    """The data action of what an access policy calls `operation` (get, wrapKey, rotate and so on)."""
    return _DATA_ACTIONS.get(operation.lower(), f"{KEYS}{operation.lower()}/action")


def role_of(cloud: Cloud, id: str) -> Role | None:
    """The role definition of that id (in small letters), built-in or custom."""
    return BUILT_IN.get(id) or cloud.custom_roles.get(id)


def role_named(cloud: Cloud, name: str) -> Role | None:
    """A role by id or by name."""
    known = (*BUILT_IN.values(), *cloud.custom_roles.values())
    return role_of(cloud, name.lower()) or next((one for one in known if one.name.lower() == name.lower()), None)


def roles_of(cloud: Cloud, principal: str, scope: str) -> list[Role]:
    """The roles that are in effect for a principal on a scope, inherited ones too; one for each assignment."""
    now, wanted = cloud.clock.now(), scope.lower().rstrip("/") + "/"
    found = [
        role
        for one in cloud.assignments.values()
        if one.principal == principal
        and (role := role_of(cloud, one.role)) is not None
        and cloud.settings.in_effect(one.since, now)
        and wanted.startswith(one.scope.lower().rstrip("/") + "/")
    ]
    lacks = tuple(cloud.settings.operator_lacks.split())
    if not lacks or principal != cloud.operator.id:
        return found
    return [
        replace(one, not_actions=one.not_actions + lacks, not_data_actions=one.not_data_actions + lacks)
        for one in found
    ]


def may(cloud: Cloud, principal: str, action: str, scope: str) -> bool:
    """Whether a principal may carry out an ARM action on a scope: one of his roles has it and does not take it off."""
    return any(
        _covers(role.actions, action) and not _covers(role.not_actions, action)
        for role in roles_of(cloud, principal, scope)
    )


def may_below(cloud: Cloud, principal: str, action: str, scope: str) -> bool:
    """Whether a principal may carry out an ARM action on anything that is inside a scope."""
    start = scope.lower().rstrip("/") + "/"
    found = {one.scope for one in cloud.assignments.values() if one.principal == principal}
    return any(f"{one.lower()}/".startswith(start) and may(cloud, principal, action, one) for one in found)


def enters_as_admin(cloud: Cloud, principal: str, workspace: str) -> bool:
    """Whether a principal is let into a workspace as its admin: the vendor's lists have an action for just that.

    Assumption: that it must be able to read the workspace besides (other tools ask for both).
    """
    needed = ("assignWorkspaceAdmin/action", "read")
    return all(may(cloud, principal, f"Microsoft.Databricks/workspaces/{one}", workspace) for one in needed)


def _covers(patterns: tuple[str, ...], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def may_use_key(cloud: Cloud, principal: str, vault: Vault, key: str, *operations: str) -> str:
    """The first of these operations that the principal may not carry out on the key; "" when he may all."""
    if isinstance(vault, Hsm):
        return managed_hsm_rights.refused(cloud, principal, vault, key, *operations)
    if vault.properties.get("enableRbacAuthorization"):
        had = roles_of(cloud, principal, f"{vault.id}/keys/{key}" if key else vault.id)

        def allowed(operation: str) -> bool:
            action = data_action(operation)
            return any(_covers(one.data_actions, action) and not _covers(one.not_data_actions, action) for one in had)
    else:
        given = {
            str(action).lower()
            for policy in vault.properties.get("accessPolicies") or ()
            if policy.get("objectId", "").lower() == principal.lower()
            for action in (policy.get("permissions") or {}).get("keys") or ()
        }

        def allowed(operation: str) -> bool:
            return "all" in given or operation.lower() in given

    return next((one for one in operations if not allowed(one)), "")


def blocked_by_network(cloud: Cloud, vault: Vault, trusted: bool) -> str:
    """ "firewall" or "connection" when the vault's network rules keep a caller out, else "".

    `trusted` is a service of Azure's list (Databricks, Storage, Disk), which `bypass: AzureServices` lets in, also
    where public access is disabled, but not into a network security perimeter (documented).
    """
    rules, access = vault.properties.get("networkAcls") or {}, vault.properties.get("publicNetworkAccess")
    if access == "SecuredByPerimeter":
        return "connection"
    closed = access == "Disabled"
    if not closed and rules.get("defaultAction", "Allow") != "Deny":
        return ""
    if trusted and "AzureServices" in str(rules.get("bypass", "AzureServices")):
        return ""
    if closed:
        return "connection"
    listed = (str(one.get("value", "")) for one in rules.get("ipRules") or ())
    return "" if any(_holds(one, cloud.settings.client_address) for one in listed) else "firewall"


def _holds(block: str, address: str) -> bool:
    """Whether an address, or a block of them, of a firewall's rule has this address in it."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
