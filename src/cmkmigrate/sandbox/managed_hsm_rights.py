"""Who may do what inside a managed HSM: its built-in local roles, by the vendor's table of permitted operations.

Roles, ids and data actions: the page on local RBAC built-in roles of Managed HSM. Azure's own roles count for nothing
there. Assumption: a local role takes effect with the delay of Azure's, as no page says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cmkmigrate.sandbox.cloud import Assignment, Cloud, Hsm

# What keys and their policies are asked (as access policies call it) -> the data action.
ACTIONS: Final = {
    "get": "keys/read/action",
    "list": "keys/read/action",
    "getrotationpolicy": "keys/read/action",  # Assumption; that setting one is writing the key is documented
    "setrotationpolicy": "keys/write/action",
    "update": "keys/write/action",
    "rotate": "keys/rotate/action",
    "create": "keys/create",
    "delete": "keys/delete",
    "recover": "keys/deletedKeys/recover/action",
    "wrapkey": "keys/wrap/action",
    "unwrapkey": "keys/unwrap/action",
}
_ROLE_MANAGEMENT: Final = frozenset(
    f"{what}/{verb}/action" for what in ("roleAssignments", "roleDefinitions") for verb in ("read", "write", "delete")
)
_ROLE_READING: Final = frozenset({"roleAssignments/read/action", "roleDefinitions/read/action"})


@dataclass(frozen=True, slots=True)
class LocalRole:
    """A built-in local role; the names of its data actions are without `Microsoft.KeyVault/managedHsm/`."""

    id: str
    name: str
    actions: frozenset[str]


LOCAL_ROLES: Final = {
    role.id: role
    for role in (
        LocalRole("a290e904-7015-4bba-90c8-60543313cdb4", "Managed HSM Administrator", _ROLE_MANAGEMENT),
        LocalRole(
            "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
            "Managed HSM Crypto Officer",
            _ROLE_MANAGEMENT | {"keys/deletedKeys/read/action", "keys/deletedKeys/recover/action"},
        ),
        LocalRole(
            "21dbd100-6940-42c2-9190-5d6cb909625b",
            "Managed HSM Crypto User",
            _ROLE_READING
            | {"keys/read/action", "keys/write/action", "keys/rotate/action", "keys/create", "keys/delete"}
            | {"keys/wrap/action", "keys/unwrap/action", "keys/import/action", "keys/backup/action"},
        ),
        LocalRole("4bd23610-cdcf-4971-bdee-bdc562cc28e4", "Managed HSM Policy Administrator", _ROLE_MANAGEMENT),
        LocalRole(
            "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
            "Managed HSM Crypto Auditor",
            _ROLE_READING | {"keys/read/action"},
        ),
        LocalRole(
            "33413926-3206-4cdd-b39a-83574fe37a17",
            "Managed HSM Crypto Service Encryption User",
            frozenset({"keys/read/action", "keys/wrap/action", "keys/unwrap/action"}),
        ),
    )
}


def local_role(name: str) -> LocalRole | None:
    """A local role by id or by name."""
    found = (one for one in LOCAL_ROLES.values() if one.name.lower() == name.lower())
    return LOCAL_ROLES.get(name.lower()) or next(found, None)


def above(assignment: Assignment, scope: str) -> bool:
    """Whether an assignment is at a scope (`/`, `/keys`, `/keys/NAME`) or above it."""
    return (scope.lower().rstrip("/") + "/").startswith(assignment.scope.lower().rstrip("/") + "/")


def may(cloud: Cloud, principal: str, hsm: Hsm, scope: str, action: str) -> bool:
    """Whether a principal has a data action at a scope."""
    now = cloud.clock.now()
    return any(
        action in LOCAL_ROLES[one.role].actions
        for one in hsm.local.values()
        if one.principal == principal.lower() and above(one, scope) and cloud.settings.in_effect(one.since, now)
    )


def refused(cloud: Cloud, principal: str, hsm: Hsm, key: str, *actions: str) -> str:
    """The first of these actions on a key that the principal may not carry out; "" when it may all."""
    scope = f"/keys/{key}" if key else "/keys"
    return next(
        (one for one in actions if not may(cloud, principal, hsm, scope, ACTIONS.get(one.lower(), one))),
        "",
    )
