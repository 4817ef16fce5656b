"""PF01 and PF02: the subscription is there, and Azure's services are switched on in it.

Which resource providers a new workspace needs is not in the vendor's pages as a list: Databricks and Key Vault are what
is called here; the other four are what a workspace is made of. Assumption: creating a workspace fails where one of
these four is not registered and registers none by itself; as nobody has confirmed it, they are warned of and do not
block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cmkmigrate.errors import CallError
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
    fix = f"az account show --subscription {id}"
    if state not in ("Enabled", "Warned", "PastDue"):
        text = f"the subscription {id} is {state or 'in no known state'}: nothing can be made in it"
        return [failed(text, fix, "whoever pays for it has to switch it on")]
    if state != "Enabled":
        return [warned(f"the subscription {id} is {state}: it will be switched off", fix, "have its bill paid")]
    return [passed(f"the subscription {id} of the tenant {tenant} is Enabled")]


def registered(ground: Ground) -> Iterable[Seen]:
    """PF02."""
    if not ground.source_id or not ground.of("workspaces", "key_vaults", "entity_encryption"):
        return [passed("does not apply: nothing is provisioned")]
    return list(_providers(ground))


def _providers(ground: Ground) -> Iterator[Seen]:
    id = ground.source_id.split("/")[2]
    needed = ["Microsoft.Databricks"]
    if any(one.resource is None for one in ground.vaults()):
        needed.append("Microsoft.KeyVault")
    parts = _PARTS if ground.makes_workspace else ()
    for name in (*needed, *parts):
        show = f"az provider show --namespace {name} --subscription {id}"
        try:
            state = str(ground.site.read(f"/subscriptions/{id}/providers/{name}", _PROVIDERS).get("registrationState"))
        except CallError as error:
            yield (unknown if name in needed else warned)(f"whether {name} is registered was not told: {error}", show)
            continue
        if state == "Registered":
            yield passed(f"{name} is registered")
        elif state == "Registering":
            advice = "wait until it is Registered; that takes minutes"
            yield (unknown if name in needed else warned)(f"{name} is being registered", show, advice)
        else:
            fix = f"az provider register --namespace {name} --subscription {id}"
            yield (failed if name in needed else warned)(f"{name} is {state}", fix)


CHECKS = (
    Check("PF01", "Tenant and subscription reachable", reachable),
    Check("PF02", "Resource providers registered", registered),
)
