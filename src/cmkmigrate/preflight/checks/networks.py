"""PF21: the network of the new workspace. The rules are those that keep a run from beginning."""

from __future__ import annotations

from collections.abc import Iterable

from cmkmigrate.kinds.azure import network_rules, workspace_network
from cmkmigrate.kinds.azure.private_endpoints import STAYS
from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, warned


def network(ground: Ground) -> Iterable[Seen]:
    """PF21. Subnets that are delegated, large enough, guarded and nobody's (the vendor's page on VNet injection); a way
    in where public access is off; an access connector for the storage firewall."""
    steps = [one for one in ground.of("workspaces") if not one.settings.get("existing")]
    target = ground.workspace()
    if not ground.source_id or not steps or target is None:
        return [passed("does not apply: no workspace is made")]
    source, settings = dict(ground.resource().resource or {}), steps[0].settings
    seen: list[Seen] = []
    if not settings.get("browser_authentication") and network_rules.connections(source, network_rules.BROWSER):
        seen.append(warned(f"the old workspace holds an endpoint of the group {network_rules.BROWSER}: {STAYS}"))
    if target.resource:
        return [passed(f"{target.name} is there already, in its network"), *seen]
    faults = workspace_network.faults(ground.site, source, settings, target.id)
    found = [failed(f"{one.what}: {one.subject}{f', {one.why}' if one.why else ''}", one.next) for one in faults]
    in_own = network_rules.network_of(source, settings).rpartition("/")[2]
    fine = f"the subnets in {in_own} can be used" if in_own else "the service makes the network"
    return [*(found or [passed(fine)]), *seen]


CHECKS = (Check("PF21", "The network of the new workspace", network),)
