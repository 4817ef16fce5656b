"""The rights that a playbook needs in Azure (`permissions.yaml`), and whether the caller has them; nothing is tried.

https://learn.microsoft.com/rest/api/authorization/permissions lists what a caller may do at a scope; an entry allows
what its actions name and its notActions do not. Deny assignments and conditions of a grant are not in that answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cmkmigrate.audit import health
from cmkmigrate.preflight.ground import Ground, known
from cmkmigrate.strict_yaml import read_yaml

FILE: Final = "permissions.yaml"


@dataclass(frozen=True, slots=True)
class Right:
    """One row of the table."""

    action: str
    at: str
    when: str
    role: str


@cache
def table() -> tuple[Right, ...]:
    """Every row."""
    data, _ = read_yaml(files("cmkmigrate.preflight").joinpath(FILE).read_text("utf-8"), FILE)
    return tuple(Right(**row) for row in data)


def allows(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether the caller may, by what the service says of his permissions at a scope."""
    return any(
        _matches(one.get("actions"), action) and not _matches(one.get("notActions"), action) for one in permissions
    )


def _matches(patterns: Any, action: str) -> bool:
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns or ())


def needed(ground: Ground) -> list[tuple[Right, str]]:
    """The rows that count for a playbook, each with the scope that it is needed at. Raises CallError."""
    found = []
    for right in table():
        if not WHEN[right.when](ground):
            continue
        found += [(right, scope) for scope in AT[right.at](ground) if scope]
    return list(dict.fromkeys(found))


def _vaults(ground: Ground) -> list[str]:
    return [one.id if one.resource else one.group_id for one in ground.vaults()]


def _target_group(ground: Ground) -> list[str]:
    target = ground.workspace()
    return [target.group_id] if target else []


def _network(ground: Ground) -> list[str]:
    parameters = ground.resource().properties.get("parameters") or {}
    return [str((parameters.get("customVirtualNetworkId") or {}).get("value") or "")]


def _own_network(ground: Ground) -> bool:
    return ground.makes_workspace and any(_network(ground))


def _grants(ground: Ground, *, by_role: bool) -> bool:
    vaults = ground.vaults() if ground.of("key_access") else []
    return any((one.resource is None or health.uses_roles(one.resource)) == by_role for one in vaults)


def _makes_vault(ground: Ground) -> bool:
    return any(one.resource is None for one in ground.vaults())


AT: Final[Mapping[str, Callable[[Ground], list[str]]]] = {
    "subscription": lambda ground: ["/".join(ground.source_id.split("/")[:3])],
    "source": lambda ground: [ground.source_id],
    "target group": _target_group,
    "vault": _vaults,  # its resource group, where it is to be made
    "network": _network,
}
WHEN: Final[Mapping[str, Callable[[Ground], bool]]] = {
    "always": lambda ground: bool(ground.source_id),
    "provisions": lambda ground: bool(ground.source_id and ground.of("workspaces", "key_vaults", "key_access")),
    "changes a workspace": lambda ground: bool(ground.source_id) and (ground.makes_workspace or ground.in_place),
    "makes a workspace": lambda ground: ground.makes_workspace,
    "in place": lambda ground: ground.in_place,
    "makes a vault": _makes_vault,
    "uses a vault": lambda ground: bool(ground.vaults()),
    "grants by role": lambda ground: _grants(ground, by_role=True),
    "grants by policy": lambda ground: _grants(ground, by_role=False),
    "own network": _own_network,
}


def asked(ground: Ground) -> str:
    """Who the caller is, for commands: his object id, or a word in its place. Raises nothing."""
    try:
        return known(ground.site.operator_object_id())
    except Exception:
        return "OBJECT-ID"
