"""Sites that take no write, for plan and verify: that they only read is then no matter of discipline."""

from __future__ import annotations

from typing import Any, Final

from cmkmigrate.errors import Fatal

# How the names of writing methods of a Subscription and of a Vault begin; a test holds that they all do.
_WRITING: Final = ("put_", "patch_", "add_", "create")
_OPENING: Final = ("keys", "hsm")  # give a vault or an HSM, which is guarded too


class ReadOnly:
    """Opens every site for reading. `sites` is a clients.cloud.Cloud."""

    def __init__(self, sites: Any) -> None:
        self._sites: Any = sites._sites if isinstance(sites, ReadOnly) else sites

    @property
    def paces(self) -> Any:
        """How fast each family of endpoints may be called (clients.pace.Paces)."""
        return self._sites.paces

    def workspace(self, ref: str, *, profile: str = "", source: bool = False, writes: bool | None = None) -> Any:
        """A Workspace that refuses to write, whichever side it is."""
        return self._sites.workspace(ref, profile=profile, source=source, writes=False)

    def share_source(self, factor: float) -> bool:
        """Call sources at this part of their limits from now on; whether that is a change."""
        return bool(self._sites.share_source(factor))

    def source_share(self) -> float:
        """The part of their limits that sources are called at; inf for no limit."""
        return float(self._sites.source_share())

    def subscription(self, subscription_id: str) -> Any:
        """A Subscription whose writing methods raise Fatal, as do those of the vaults it opens."""
        return _Guard(self._sites.subscription(subscription_id))


class _Guard:
    def __init__(self, site: Any) -> None:
        self._site = site

    def __getattr__(self, name: str) -> Any:
        if name.startswith(_WRITING):
            raise Fatal(
                "a write was about to leave while only reading", subject=name, next="report this: it is a defect"
            )
        value = getattr(self._site, name)
        return (lambda *given: _Guard(value(*given))) if name in _OPENING else value
