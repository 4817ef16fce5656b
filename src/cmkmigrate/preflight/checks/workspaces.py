"""PF03, PF04, PF05, PF20 and PF23: the two workspaces as Azure has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.engine.marker import PATH, Marker
from cmkmigrate.preflight.ground import Ground, Thing
from cmkmigrate.preflight.model import Check, Seen, failed, passed, taken, warned

_LOCKS: Final = "2016-09-01"  # api-version of Microsoft.Authorization/locks
_SEEDED: Final = ("/Users", "/Shared", "/Repos", "/Workspace", PATH)
_NONE: Final = "does not apply: the workspaces are given by URL, and Resource Manager is not asked"


def _both(ground: Ground) -> Iterator[Thing]:
    """The source, and the target that exists already and is another."""
    yield ground.resource()
    target = ground.workspace()
    if target and target.resource and target.id.lower() != ground.source_id.lower():
        yield target


def premium(ground: Ground) -> Iterable[Seen]:
    """PF03. Customer-managed keys are for the Premium plan alone (the vendor's page on keys)."""
    if not ground.source_id:
        return [passed(_NONE)]
    if not ground.features:
        return [passed("does not apply: nothing is put under a key")]
    return [_premium(one) for one in _both(ground)]


def _premium(one: Thing) -> Seen:
    sku = str(((one.resource or {}).get("sku") or {}).get("name") or "").lower()
    if sku == "premium":
        return passed(f"{one.name} is Premium")
    fix = f"az databricks workspace update --ids {one.id} --sku premium"
    return failed(f"{one.name} is {sku or 'of no known plan'}, and keys are for Premium alone", fix)


def settled(ground: Ground) -> Iterable[Seen]:
    """PF04. A PUT on a workspace that is Updating or Failed has left some beyond repair (azure-powershell#21324)."""
    if not ground.source_id:
        return [passed(_NONE)]
    return [_settled(one, changed=ground.in_place) for one in _both(ground)]


def _settled(one: Thing, *, changed: bool) -> Seen:
    if one.resource is None:
        return failed(f"{one.name} is not there", f"az databricks workspace show --ids {one.id}")
    state = str(one.properties.get("provisioningState") or "")
    if state == "Succeeded":
        return passed(f"{one.name} is Succeeded")
    text = f"{one.name} is {state or 'in no known state'}"
    if state in ("Failed", "Canceled"):
        fix, advice = f"az databricks workspace show --ids {one.id}", "mend it, or ask the vendor's support"
        if changed:
            return failed(f"{text}: it must be mended before it is changed", fix, advice)
        return warned(f"{text}, and is only read", fix, advice)
    fix = f"az databricks workspace wait --ids {one.id} --custom \"provisioningState=='Succeeded'\""
    return failed(f"{text}: something else is changing it", fix)


def locks(ground: Ground) -> Iterable[Seen]:
    """PF05. ReadOnly stops every change at and below its scope, CanNotDelete stops the end of the old workspace."""
    if not ground.source_id or not ground.of("workspaces", "key_vaults", "key_access", "entity_encryption"):
        return [passed("does not apply: nothing is provisioned")]
    return list(_locks(ground)) or [passed("no lock on the workspaces, the vault or the network, nor above them")]


def _locks(ground: Ground) -> Iterator[Seen]:
    seen: set[str] = set()
    vaults = [one.id if one.resource else one.group_id for one in ground.vaults()]
    target = ground.workspace()
    own = [target.id if target.resource else target.group_id] if target else []
    parameters = ground.resource().properties.get("parameters") or {}
    network = str((parameters.get("customVirtualNetworkId") or {}).get("value") or "")
    written = [*vaults, *own, *([network] if network and ground.makes_workspace else [])]
    for scope in dict.fromkeys([ground.source_id, *written]):
        path = f"{scope}/providers/Microsoft.Authorization/locks"
        for lock in ground.once(f"locks {scope.lower()}", partial(_at, ground, scope, path)):
            id = str(lock.get("id") or "")
            if id.lower() in seen:
                continue
            seen.add(id.lower())
            held = id.lower().rpartition("/providers/microsoft.authorization/locks/")[0]
            below = any(f"{one.lower().rstrip('/')}/".startswith(f"{held}/") for one in written)
            yield _lock(lock, id, held, below)


def _lock(lock: Mapping[str, Any], id: str, held: str, below: bool) -> Seen:
    """below: whether something that is written is at or below what it holds."""
    level, fix = str((lock.get("properties") or {}).get("level") or ""), f"az lock delete --ids {id}"
    name = f"the lock {lock.get('name')} on {held}"
    if level == "ReadOnly" and below:
        return failed(f"{name} makes it read-only, and it is written to", fix, "set it again afterwards")
    if level == "ReadOnly":
        return warned(f"{name} makes it read-only, and it is only read", advice="nothing now")
    text = f"{name} ({level or 'of no known level'}) lets nothing be deleted there, and no grant be taken away"
    return warned(text, advice="nothing now; it is in the way of the end of the old workspace")


def _at(ground: Ground, scope: str, path: str) -> list[dict[str, Any]]:
    return list(ground.subscription_of(scope).listing(path, _LOCKS, "atScope()"))


def managed_group(ground: Ground) -> Iterable[Seen]:
    """PF20. The group is made by the service and must not be there; it cannot be that of the workspace."""
    target = ground.workspace()
    if not ground.makes_workspace or target is None:
        return [passed("does not apply: no workspace is made")]
    if target.resource is not None:
        return [passed(f"{target.name} is there, with the group that it has")]
    name = _managed_group(ground)
    subscription = ground.subscription_of(target.id)
    groups = {str(one.get("name") or "").lower(): one for one in subscription.resource_groups()}
    advice = "choose another managed_resource_group"
    if name.lower() == target.group_id.rpartition("/")[2].lower():
        return [failed(f"{name} is the group of the workspace itself", advice=advice)]
    if found := groups.get(name.lower()):
        owner = str(found.get("managedBy") or "")
        text = f"the resource group {name} is there already" + (f"; it belongs to {owner}" if owner else "")
        return [failed(text, f"az group show --name {name} --subscription {subscription.id}", advice)]
    return [passed(f"the name {name} is free among the {len(groups)} resource groups that are seen")]


def _managed_group(ground: Ground) -> str:
    """The name that the new workspace is sent with. Raises OperatorError where it cannot be planned (PLAN tells)."""
    bodies = [one.body or {} for step in ground.of("workspaces") for one in ground.wanted(step)]
    return str(bodies[0]["properties"]["managedResourceGroupId"]).rstrip("/").rpartition("/")[2]


def empty(ground: Ground) -> Iterable[Seen]:
    """PF23. The target is to be made, or empty, or ours: what others have made is never changed, and is in the way."""
    if not ground.moves:
        return [passed("does not apply: nothing is moved")]
    thing = ground.workspace()
    if thing is not None and thing.resource is None:
        return [passed(f"{thing.name} is free in {ResourceId.parse(thing.id).group}")]
    target = ground.target()
    if target is None:
        return [passed("it is made by the run")]
    owner = Marker(target, ground.run, "").owner()
    if owner is not None and not (ground.run and owner.get("run") == ground.run):
        text = f"another run is at work on the target: {PATH} is of {owner.get('holder') or 'an unknown run'}"
        fix = f"DATABRICKS_HOST={target.url} databricks workspace delete {PATH}"
        return [taken(text, fix, "only if you know that it is gone; else let it end")]
    if ground.run:
        return [passed("the run is there already: what it made is its own")]
    jobs = target.read("/api/2.1/jobs/list", {"limit": 1}).get("jobs") or ()
    listed = target.read("/api/2.0/workspace/list", {"path": "/"}).get("objects") or ()
    others = [str(one.get("path")) for one in listed if str(one.get("path")) not in _SEEDED]
    if jobs or others:
        text = f"the target is not empty ({', '.join([*others[:3], *(['jobs'] if jobs else [])])})"
        advice = "what has the same name is left as it is, and blocks its twin: look at the plan"
        return [warned(text, advice=advice)]
    return [passed("the target is empty")]


CHECKS = (
    Check("PF03", "The plan is Premium", premium),
    Check("PF04", "The workspaces are in a settled state", settled),
    Check("PF05", "No lock in the way", locks),
    Check("PF20", "Name of the managed resource group free", managed_group),
    Check("PF23", "Target free, empty or ours", empty),
)
