"""PF03, PF04, PF05, PF18, PF20 and PF23: the two workspaces as Azure has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.engine.marker import PATH
from cmkmigrate.errors import NotFound
from cmkmigrate.preflight.ground import Ground, Thing, known
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown, warned

_LOCKS: Final = "2016-09-01"  # api-version of Microsoft.Authorization/locks
_STOPPED: Final = frozenset({"TERMINATED", "ERROR", "STOPPED", "DELETED"})
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
        fix = f"az databricks workspace show --ids {one.id}; mend it, or ask the vendor's support"
        return failed(f"{text}: it must be mended before it is changed", fix) if changed else warned(text, fix)
    return failed(f"{text}: something else is changing it", "wait until it is Succeeded")


def locks(ground: Ground) -> Iterable[Seen]:
    """PF05. ReadOnly stops every change at and below its scope, CanNotDelete stops the end of the old workspace."""
    if not ground.source_id or not ground.of("workspaces", "key_vaults", "key_access", "entity_encryption"):
        return [passed("does not apply: nothing is provisioned")]
    return list(_locks(ground)) or [passed("no lock on the workspace, its group or the vault")]


def _locks(ground: Ground) -> Iterator[Seen]:
    seen: set[str] = set()
    scopes = [ground.source_id, *(one.id if one.resource else one.group_id for one in ground.vaults())]
    target = ground.workspace()
    if target:
        scopes.append(target.id if target.resource else target.group_id)
    written = {one.lower().rstrip("/") for one in (scopes if ground.in_place else scopes[1:])}
    for scope in scopes:
        path = f"{scope}/providers/Microsoft.Authorization/locks"
        for lock in ground.once(f"locks {scope.lower()}", partial(_at, ground, scope, path)):
            id = str(lock.get("id") or "")
            if id.lower() in seen:
                continue
            held = id.lower().rpartition("/providers/microsoft.authorization/locks/")[0]
            below = any(one == held or one.startswith(f"{held}/") for one in written)
            level = str((lock.get("properties") or {}).get("level") or "")
            seen.add(id.lower())
            if level == "ReadOnly" and below:
                yield failed(f"the lock {lock.get('name')} makes {held} read-only", f"az lock delete --ids {id}")
            elif level == "ReadOnly":
                yield warned(f"the lock {lock.get('name')} makes {held} read-only; the source is only read")
            else:
                yield warned(f"the lock {lock.get('name')} ({level}) on {held} stops the end of the old workspace")


def _at(ground: Ground, scope: str, path: str) -> list[dict[str, Any]]:
    return list(ground.subscription_of(scope).listing(path, _LOCKS, "atScope()"))


def running(ground: Ground) -> Iterable[Seen]:
    """PF18. What runs keeps disks without the key, and writes while it is copied. Whether services stop compute
    themselves when a key is set is not in the vendor's pages: for disks it is refused, otherwise told."""
    source = ground.source()
    found = [f"cluster {one.get('cluster_name') or one.get('cluster_id')}" for one in _clusters(source)]
    found += [
        f"warehouse {one.get('name')}"
        for one in source.read("/api/2.0/sql/warehouses").get("warehouses") or ()
        if str(one.get("state", "")) not in _STOPPED and not one.get("enable_serverless_compute")
    ]
    runs = source.read("/api/2.1/jobs/runs/list", {"active_only": "true", "limit": 25}).get("runs") or ()
    found += [f"run {one.get('run_id')} of job {one.get('job_id')}" for one in runs]
    if not found:
        return [passed("no cluster, warehouse or job is running")]
    named = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    if ground.in_place and "managed_disks" in ground.features:
        return [failed(f"running, with disks that are not under the key: {named}", "stop them, then look again")]
    return [warned(f"running: {named}; what they write during the copy is found by `verify`, not copied by itself")]


def _clusters(source: Any) -> Iterator[dict[str, Any]]:
    query: dict[str, Any] = {"page_size": 100}
    while query:
        page = source.read("/api/2.1/clusters/list", query)
        yield from (one for one in page.get("clusters") or () if str(one.get("state", "")) not in _STOPPED)
        token = page.get("next_page_token")
        query = {"page_size": 100, "page_token": token} if token and token != query.get("page_token") else {}


def managed_group(ground: Ground) -> Iterable[Seen]:
    """PF20. The group is made by the service and must not be there; it cannot be that of the workspace."""
    target = ground.workspace()
    if not ground.makes_workspace or target is None:
        return [passed("does not apply: no workspace is made")]
    if target.resource is not None:
        return [passed(f"{target.name} is there, with the group that it has")]
    wanted = next((known(one.settings.get("managed_resource_group")) for one in ground.of("workspaces")), "")
    name = (wanted or f"databricks-rg-{target.name}").rstrip("/").rpartition("/")[2]
    subscription = ground.subscription_of(target.id)
    groups = {str(one.get("name") or "").lower(): one for one in subscription.resource_groups()}
    if name.lower() == target.group_id.rpartition("/")[2].lower():
        return [failed(f"{name} is the group of the workspace itself", "choose another managed_resource_group")]
    if wanted and name.lower() in groups:
        return [failed(f"the resource group {name} is there already", "choose another managed_resource_group")]
    return [
        passed(f"its name is free: {name}" if wanted else "it gets a name of its own, made from the workspace's id")
    ]


def empty(ground: Ground) -> Iterable[Seen]:
    """PF23. The target is to be made, or empty, or ours: what others have made is never changed, and is in the way."""
    if not ground.moves:
        return [passed("does not apply: nothing is moved")]
    thing = ground.workspace()
    if thing is not None and thing.resource is None:
        return [passed(f"{thing.name} is free in {ResourceId.parse(thing.id).group}")]
    if ground.begun:
        return [passed("the run has begun: what it made is its own")]
    target = ground.target()
    if target is None:
        return [passed("it is made by the run")]
    try:
        target.read("/api/2.0/workspace/get-status", {"path": PATH})
        return [unknown(f"another run has left its marker there: {PATH}", "cmkmigrate status of that run, or wait")]
    except NotFound:
        pass
    jobs = target.read("/api/2.1/jobs/list", {"limit": 1}).get("jobs") or ()
    listed = target.read("/api/2.0/workspace/list", {"path": "/"}).get("objects") or ()
    others = [str(one.get("path")) for one in listed if str(one.get("path")) not in _SEEDED]
    if jobs or others:
        text = ", ".join([*others[:3], *(["jobs"] if jobs else [])])
        return [
            warned(f"the target is not empty ({text}): what has the same name is left as it is, and blocks its twin")
        ]
    return [passed("the target is empty")]


CHECKS = (
    Check("PF03", "The plan is Premium", premium),
    Check("PF04", "The workspaces are in a settled state", settled),
    Check("PF05", "No lock in the way", locks),
    Check("PF18", "Running compute and jobs", running),
    Check("PF20", "Name of the managed resource group free", managed_group),
    Check("PF23", "Target free, empty or ours", empty),
)
