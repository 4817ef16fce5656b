"""PF22: cores. A cluster that is created starts, and is stopped at once; meanwhile its cores are taken.

https://learn.microsoft.com/rest/api/compute/usage/list; the region's total is called `cores`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Seen, failed, passed, unknown, warned

_USAGES: Final = "2024-07-01"
_SMALLEST: Final = 4  # cores of the smallest node types that Databricks offers
_ROOM: Final = 64  # ten small clusters with a worker each, as many as are created side by side
_MORE: Final = "ask for more in the portal: Quotas, Compute"


def cores(ground: Ground) -> Iterable[Seen]:
    """PF22. In place a probe alone is counted: what is stopped there gives back the cores that it takes again."""
    if not ground.source_id or not ground.starts_compute:
        return [passed("does not apply: no compute is made in a known subscription")]
    thing = ground.workspace() or ground.resource()
    location = str(((thing.resource or ground.resource().resource) or {}).get("location") or "")
    subscription = thing.id.split("/")[2]
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages"
    fix = f"az vm list-usage --location {location} --subscription {subscription}"
    for one in ground.subscription_of(thing.id).listing(path, _USAGES):
        if str((one.get("name") or {}).get("value") or "").lower() == "cores":
            left = int(one.get("limit") or 0) - int(one.get("currentValue") or 0)
            text = f"{left} of {one.get('limit')} cores are left in {location}"
            if left < _SMALLEST:
                return [failed(f"{text}: no cluster can be created", fix, _MORE)]
            room = _ROOM if ground.moves else _SMALLEST
            return [warned(f"{text}: clusters are created side by side", fix, _MORE) if left < room else passed(text)]
    return [unknown(f"the usage of {location} names no total of cores", fix)]


CHECKS = (Check("PF22", "Core quota", cores),)
