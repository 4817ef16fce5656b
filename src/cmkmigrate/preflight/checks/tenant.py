"""PF01 and PF02: the subscription is there, and Azure's services are switched on in it.

Which resource providers a new workspace needs is not in the vendor's pages as a list: Databricks and Key Vault are what
is called here; the other four are what a workspace is made of. Assumption: creating a workspace fails where one of
these four is not registered and registers none by itself, so that they are warned of and do not block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown, warned

_SUBSCRIPTIONS: Final = "2022-12-01"
_PROVIDERS: Final = "2021-04-01"
_PARTS: Final = ("Microsoft.Compute", "Microsoft.Storage", "Microsoft.Network", "Microsoft.ManagedIdentity")


def reachable(ground: Ground) -> Iterable[Seen]:
    """PF01."""
    if not ground.source_id:
        return [passed("does not apply: the workspaces are given by URL, and no subscription is asked")]
    id = ground.source_id.split("/")[2]
    found = ground.site.read(f"/subscriptions/{id}", _SUBSCRIPTIONS)
    state, tenant = str(found.get("state") or ""), str(found.get("tenantId") or "")
    if state not in ("Enabled", "Warned", "PastDue"):
        return [failed(f"the subscription {id} is {state or 'in no known state'}: nothing can be made in it")]
    if state != "Enabled":
        return [warned(f"the subscription {id} is {state}")]
    return [passed(f"the subscription {id} of the tenant {tenant} is Enabled")]


def registered(ground: Ground) -> Iterable[Seen]:
    """PF02."""
    if not (ground.of("workspaces", "key_vaults", "entity_encryption")):
        return [passed("does not apply: nothing is provisioned")]
    return list(_providers(ground))


def _providers(ground: Ground) -> Iterator[Seen]:
    id = ground.source_id.split("/")[2]
    needed = ["Microsoft.Databricks"]
    if ground.of("key_vaults"):
        needed.append("Microsoft.KeyVault")
    parts = _PARTS if ground.makes_workspace else ()
    for name in (*needed, *parts):
        state = str(ground.site.read(f"/subscriptions/{id}/providers/{name}", _PROVIDERS).get("registrationState"))
        fix = f"az provider register --namespace {name} --subscription {id}"
        if state == "Registered":
            yield passed(f"{name} is registered")
        elif state == "Registering":
            yield unknown(f"{name} is being registered", f"az provider show --namespace {name} --subscription {id}")
        else:
            yield (failed if name in needed else warned)(f"{name} is {state}", fix)


CHECKS = (
    Check("PF01", "Tenant and subscription reachable", reachable),
    Check("PF02", "Resource providers registered", registered),
)
