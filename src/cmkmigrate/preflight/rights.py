"""The rights that a playbook needs in Azure (`permissions.yaml`), and whether the caller has them; nothing is tried.

https://learn.microsoft.com/rest/api/authorization/permissions lists what a caller may do at a scope; an entry allows
what its actions name and its notActions do not. Deny assignments and conditions of a grant are not in that answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cmkmigrate.audit import health
from cmkmigrate.errors import CallError, OperatorError
from cmkmigrate.kinds.azure.key_rules import closed_to_operator
from cmkmigrate.kinds.azure.network_rules import UI_API, connections, connector_of, network_of
from cmkmigrate.preflight.ground import Ground, Thing, known
from cmkmigrate.strict_yaml import read_yaml

FILE: Final = "permissions.yaml"


@dataclass(frozen=True, slots=True)
class Right:
    """One row of the table."""

    action: str
    at: str
    when: str
    role: str
    use: str


@cache
def table() -> tuple[Right, ...]:
    """Every row."""
    data, _ = read_yaml(files("cmkmigrate.preflight").joinpath(FILE).read_text("utf-8"), FILE)
    return tuple(Right(**row) for row in data)


def needed(ground: Ground) -> list[tuple[Right, str]]:
    """The rows that count for a playbook, each with the scope that it is needed at."""
    if not ground.source_id:  # by URL: Azure is not asked
        return []
    found = []
    for right in table():
        if not WHEN[right.when](ground):
            continue
        scopes = [scope for scope in AT[right.at](ground) if scope]
        if right.when == "grants":  # not on a vault whose grants are all there
            granting = _at(_seen(ground.granting))
            scopes = [scope for scope in scopes if scope in granting]
        found += [(right, scope) for scope in scopes]
    return list(dict.fromkeys(found))


def _at(vaults: Iterable[Thing]) -> list[str]:
    """The vaults; of one that is to be made its resource group, as rights on it come from there."""
    return [one.id if one.resource else one.group_id for one in vaults]


def _seen(read: Callable[[], list[Thing]]) -> list[Thing]:
    """What may be read; what may not be is named by the rights to read it, and counts for no others."""
    try:
        return read()
    except CallError:
        return []


def _by_role(vault: Thing) -> bool:
    return vault.resource is None or health.uses_roles(vault.resource)


def _vaults(ground: Ground) -> list[str]:
    """Where vaults are read: at one that is there, or in the group that it would be in."""
    found = {one.id for one in _seen(ground.vaults) if one.resource}
    named = [(id, id in found or existing) for id, existing in ground.vault_ids().items()]
    return [id if there else "/".join(id.split("/")[:5]) for id, there in named]


def _closed(ground: Ground) -> list[Thing]:
    """The vaults that keep the operator out where he is, in which a key is made: that goes by Resource Manager."""
    making = {known(one.settings.get("vault")).lower() for one in ground.of("keys") if one.makes and ground.made(one)}
    there = [one for one in _seen(ground.vaults) if one.resource and closed_to_operator(one.resource)]
    return [one for one in there if one.id.lower() in making or "" in making]


def _network(ground: Ground) -> list[str]:
    """The network that the new workspace is to be in."""
    source = next((one.resource for one in _seen(lambda: [ground.resource()])), None) or {}
    return [network_of(source, one.settings) for one in ground.of("workspaces")]


def _carried(ground: Ground, kind: str) -> list[Any]:
    """What of this kind the new workspace shall have, as the old one has it."""

    def read() -> list[Any]:
        found: list[Any] = []
        for one in ground.of(kind):
            found += ground.migration.kinds[kind].desired(ground.source(), one.settings, lambda _: [])
        return [one for one in found if not one.excluded and not one.unsupported]

    try:
        return ground.once(f"carried {kind}", read)
    except (CallError, OperatorError):
        return []  # what may not be read is named by the rights to read


def _old_endpoints(ground: Ground) -> list[str]:
    """The groups of the endpoints that lead to the old workspace, where new ones are to be made like them."""
    source = next((one.resource for one in _seen(lambda: [ground.resource()])), None) or {}
    steps = [one for one in ground.of("private_endpoints") if not one.settings.get("endpoint_subnets")]
    return ["/".join(id.split("/")[:5]) for id in connections(source, UI_API)] if steps else []


def _endpoint_groups(ground: Ground) -> list[str]:
    return ["/".join(str(one.body["at"]).split("/")[:5]) for one in _carried(ground, "private_endpoints")]


def _endpoint_subnets(ground: Ground) -> list[str]:
    return [str(one.body["properties"]["subnet"]["id"]) for one in _carried(ground, "private_endpoints")]


def _zones(ground: Ground) -> list[str]:
    groups = [one.body["properties"] for one in _carried(ground, "dns_zone_groups")]
    return [str(one["properties"]["privateDnsZoneId"]) for of in groups for one in of["privateDnsZoneConfigs"]]


def _connector(ground: Ground) -> list[str]:
    source = next((one.resource for one in _seen(lambda: [ground.resource()])), None) or {}
    steps = ground.of("workspaces") if ground.makes_workspace else []
    return [str(connector_of(source, one.settings).get("id") or "") for one in steps]


AT: Final[Mapping[str, Callable[[Ground], list[str]]]] = {
    "subscription": lambda ground: ["/".join(ground.source_id.split("/")[:3])],
    "source": lambda ground: [ground.source_id],
    "target group": lambda ground: ["/".join(ground.workspace_id.split("/")[:5])],
    "vaults": _vaults,
    "new vaults": lambda ground: _at(one for one in _seen(ground.vaults) if one.resource is None),
    "vaults by role": lambda ground: _at(one for one in _seen(ground.vaults) if _by_role(one)),
    "vaults by policy": lambda ground: _at(one for one in _seen(ground.vaults) if not _by_role(one)),
    "closed vaults": lambda ground: [one.id for one in _closed(ground)],
    "managed HSMs": lambda ground: ground.hsm_ids(),
    "network": _network,
    "connector": _connector,
    "endpoints": _endpoint_groups,
    "old endpoints": _old_endpoints,
    "endpoint subnets": _endpoint_subnets,
    "zones": _zones,
}
WHEN: Final[Mapping[str, Callable[[Ground], bool]]] = {
    "always": lambda ground: True,
    "provisions": lambda ground: bool(ground.of("workspaces", "key_vaults", "key_access", "entity_encryption")),
    "starts compute": lambda ground: ground.starts_compute,
    "changes a workspace": lambda ground: ground.makes_workspace or ground.in_place,
    "makes a workspace": lambda ground: ground.makes_workspace,
    "in place": lambda ground: ground.in_place,
    "makes a vault": lambda ground: any(one.resource is None for one in _seen(ground.vaults)),
    "uses a vault": lambda ground: bool(ground.vault_ids()),
    "makes a key in a closed vault": lambda ground: bool(_closed(ground)),
    "uses a managed HSM": lambda ground: bool(ground.hsm_ids()),
    "grants": lambda ground: bool(_seen(ground.granting)),
    "uses a connector": lambda ground: any(_connector(ground)),
    "carries logs": lambda ground: bool(_carried(ground, "diagnostic_settings")),
    "carries roles": lambda ground: bool(_carried(ground, "role_assignments")),
    "carries locks": lambda ground: bool(_carried(ground, "locks")),
    "has endpoints": lambda ground: bool(_old_endpoints(ground)),
    "carries endpoints": lambda ground: bool(_carried(ground, "private_endpoints")),
    "carries zones": lambda ground: bool(_zones(ground)),
    "own network": lambda ground: ground.makes_workspace and any(_network(ground)),
}


def asked(ground: Ground) -> str:
    """Who the caller is, for commands: his object id, or a word in its place. Raises nothing."""
    try:
        return known(ground.site.operator_object_id())
    except Exception:
        return "OBJECT-ID"
