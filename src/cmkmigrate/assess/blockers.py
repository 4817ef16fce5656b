"""What stands in the way of a remedy, from the workspace as ARM lists it and the locks around it. Pure; asks nobody.

A lock counts on its scope and below it; ReadOnly refuses every PUT, CanNotDelete a deletion alone (vendor's page on
locks). What is not read here, Azure Policy above all, is in record.LIMITS.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cmkmigrate.assess.model import BLOCKERS, NOTHING_TO_DO, Remedy, Step
from cmkmigrate.audit.encryption import OFFERED, mapping, text
from cmkmigrate.audit.model import Feature

_LOCKS: Final = "/providers/microsoft.authorization/locks/"


def blockers(
    resource: Mapping[str, Any],
    remedy: Remedy,
    switch_on: Sequence[Feature],
    locks: Iterable[Mapping[str, Any]] | str,
    vaults: Sequence[str] = (),
) -> tuple[Step, ...]:
    """What is in the way. locks: those of the subscription, or why they could not be read. vaults: ARM ids of vaults
    that are to be mended."""
    if remedy in NOTHING_TO_DO:
        return ()
    id, properties = text(resource.get("id")), mapping(resource.get("properties"))
    found = []
    if remedy is Remedy.NOT_ELIGIBLE:
        found.append(_step("serverless", "a data set that needs such a key needs a classic workspace"))
    if remedy in (Remedy.IN_PLACE, Remedy.MEND, Remedy.UNKNOWN):
        sku = text(mapping(resource.get("sku")).get("name")).lower()
        if sku and sku not in OFFERED:
            command = f"az databricks workspace update --ids {shlex.quote(id)} --sku premium"
            found.append(_step("sku", f"it is {sku}", command))
        if Feature.MANAGED_DISKS in switch_on and _parameter(properties, "enableFedRampCertification") is True:
            found.append(_step("fedramp"))
    state = text(properties.get("provisioningState"))
    if state.lower() != "succeeded":
        command = f"az databricks workspace show --ids {shlex.quote(id)} --query provisioningState"
        found.append(_step("state", f"it is {state or 'not told'}", command))
    if remedy is Remedy.MIGRATE:
        if network := text(_parameter(properties, "customVirtualNetworkId")):
            found.append(_step("subnets", f"in {network}: give their names as public_subnet and private_subnet"))
        if text(properties.get("publicNetworkAccess")).lower() == "disabled":
            found.append(_step("private", "its sub-resource is databricks_ui_api"))
    return (*found, *_locked(id, remedy, locks, vaults))


def _locked(id: str, remedy: Remedy, locks: Iterable[Mapping[str, Any]] | str, vaults: Sequence[str]) -> Iterable[Step]:
    if isinstance(locks, str):
        yield _step("locks-unread", locks)
        return
    group = id.partition("/providers/")[0]
    written = {Remedy.IN_PLACE: (id,), Remedy.MIGRATE: (group,), Remedy.MEND: ()}.get(remedy, ())
    for lock in locks:
        of = text(lock.get("id"))
        held, _, _ = of.lower().partition(_LOCKS)
        level = text(mapping(lock.get("properties")).get("level"))
        command = f"az lock delete --ids {shlex.quote(of)}"
        if level == "ReadOnly" and any(_within(one, held) for one in (*written, *vaults)):
            yield _step("lock-read-only", f"on {of.partition('/providers/Microsoft.Authorization/')[0]}", command)
        elif remedy is Remedy.MIGRATE and _within(id, held):  # ReadOnly on the workspace refuses its deletion too
            on = of.partition("/providers/Microsoft.Authorization/")[0]
            yield _step("lock-delete", f"{level} on {on}; it may stay until then", command)


def _within(id: str, scope: str) -> bool:
    return f"{id.lower()}/".startswith(f"{scope}/")


def _parameter(properties: Mapping[str, Any], name: str) -> Any:
    return mapping(mapping(properties.get("parameters")).get(name)).get("value")


def _step(code: str, more: str = "", command: str = "") -> Step:
    return Step(code, f"{BLOCKERS[code]}{': ' if more else ''}{more}", command)
