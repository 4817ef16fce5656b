"""Sites that take no write, for plan and verify: that they only read is then no matter of discipline."""

from __future__ import annotations

from typing import Any, Final

from cmkmigrate.errors import Fatal

# The methods of a Subscription and of a Vault that only read; whatever else can be called is refused.
_READING: Final = frozenset(
    {
        "azure_databricks_object_id", "deleted", "deleted_vaults", "key", "names", "operator_object_id", "poll",
        "role_assignments", "subscriptions", "vault", "vault_name_taken", "vaults", "versions", "workspace", "workspaces",
    }
)  # fmt: skip
_OPENING: Final = "keys"  # gives a vault, which is guarded too


class ReadOnly:
    """Opens every site for reading. `sites` is a clients.cloud.Cloud."""

    def __init__(self, sites: Any) -> None:
        self._sites = sites

    def workspace(self, ref: str, *, profile: str = "", source: bool = False) -> Any:
        """A Workspace that refuses to write, whichever side it is."""
        return self._sites.workspace(ref, profile=profile, source=source, writes=False)

    def subscription(self, subscription_id: str) -> Any:
        """A Subscription whose writing methods raise Fatal, as do those of the vaults it opens."""
        return _Guard(self._sites.subscription(subscription_id))


class _Guard:
    def __init__(self, site: Any) -> None:
        self._site = site

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._site, name)
        if name == _OPENING:
            return lambda *given: _Guard(value(*given))
        if callable(value) and name not in _READING:
            raise Fatal(
                "a write was about to leave while only reading", subject=name, next="report this: it is a defect"
            )
        return value
