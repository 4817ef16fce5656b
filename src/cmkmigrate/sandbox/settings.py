"""What differs between tenants, or is not known for certain: switched by `/_sandbox/settings`, or by an estate.

Each choice and what it rests on: docs/sandbox.md. The first value of a choice is the usual one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "grants": ("delay", "flap", "never"),
    "graph": ("allow", "deny"),
    "disk_check": ("recorded", "strict"),
    "legacy_features": ("enabled", "disabled"),
    "catalog_data": ("none", "kept"),
    "secret_values": ("scope", "refuse"),
    "activity_bodies": ("none", "response"),
}


@dataclass(slots=True)
class Settings:
    """Times are in seconds.

    grants, grant_delay_s, grant_flap_s: a role assignment takes effect after the delay (documented: several minutes).
    With "flap" it works for grant_flap_s, then not for as long again, then for good; with "never" it stays without
    effect. What an estate brought is in effect from the start.
    polls, operation_s: a long-running operation ends after so many polls, or so many seconds.
    graph: "deny" answers 403. disk_check: "recorded" accepts a managed-disk key that nobody can use, as the recorded
    service does; "strict" lets the operation fail, as users have met it.
    page: items on a page of an ARM listing. client_address: who calls, in the eyes of a vault's firewall.
    stale_s: so long after a write the first read of a thing is older than the write (`databricks/stale.py`); 0: never.
    lost_acl_puts: so many of the next puts of a secret ACL are answered with 200 and lost; -1: all.
    legacy_features: "disabled": workspaces that are created from now on have no DBFS root, mounts or hive_metastore.
    catalog_data: "kept": a workspace has data of Unity Catalog, and a DELETE without forceDeletion leaves it behind.
    secret_values: "refuse": no scope gives values through secrets/get; "scope": as each scope of the estate says.
    operator_lacks: actions and data actions (with * for anything, separated by spaces) that every role of the operator
    has among its notActions, for as long as this is set: what is done by somebody who was not given all of it.
    unregistered: namespaces of resource providers (separated by spaces) that no subscription has registered.
    core_quota: cores that may be in use in a region; a cluster that needs more does not start.
    command_s: so long a context of the command-execution API is Pending, and each command in it Running.
    activity_bodies: "response": the Activity Log has the body that a write was answered with; "none": it has none.
    """

    grants: str = "delay"
    grant_delay_s: float = 1.0
    grant_flap_s: float = 30.0
    polls: int = 2
    operation_s: float = 5.0
    graph: str = "allow"
    disk_check: str = "recorded"
    page: int = 200
    client_address: str = "203.0.113.10"
    stale_s: float = 0.0
    lost_acl_puts: int = 0
    legacy_features: str = "enabled"
    catalog_data: str = "none"
    secret_values: str = "scope"
    command_s: float = 0.0
    operator_lacks: str = ""
    unregistered: str = ""
    core_quota: int = 10_000
    activity_bodies: str = "none"

    def put(self, changes: Any) -> None:
        """Set what is named. Raises ValueError for what is not a setting, and then sets nothing."""
        if not isinstance(changes, dict):
            raise ValueError("the settings are an object")
        known = {one.name for one in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting: {name} (known: {', '.join(sorted(known))})")
            wanted = type(getattr(self, name))
            fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
            if not fits or isinstance(value, bool):
                raise ValueError(f"{name} is a {wanted.__name__}, not {value!r}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} is {' or '.join(CHOICES[name])}, not {value!r}")
        for name, value in changes.items():
            setattr(self, name, value)

    def acl_put_is_lost(self) -> bool:
        """Whether the put of a secret ACL that is at hand is one of those to lose; counts it."""
        if self.lost_acl_puts > 0:
            self.lost_acl_puts -= 1
            return True
        return self.lost_acl_puts < 0

    def in_effect(self, since: float, now: float) -> bool:
        """Whether a role assignment made at `since` (0.0: by the estate) is in effect at `now`."""
        if since == 0.0:
            return True
        age = now - since - self.grant_delay_s
        if self.grants == "never" or age < 0:
            return False
        return not (self.grants == "flap" and self.grant_flap_s <= age < 2 * self.grant_flap_s)
