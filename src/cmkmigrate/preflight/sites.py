"""Sites for looking alone: opened for reading, and a workspace that lets nobody in is seen from Resource Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.clients.pace import Paces
from cmkmigrate.engine.reading import ReadOnly
from cmkmigrate.errors import CallError, NotAllowed


class Closed:
    """A workspace as Resource Manager shows it, where the workspace itself lets the caller not in."""

    def __init__(self, arm_id: str, resource: Mapping[str, Any], why: NotAllowed, arm: Reads) -> None:
        self.arm_id, self.resource, self._why, self.arm = arm_id, dict(resource), why, arm
        self.name, self.location = str(resource.get("name") or ""), str(resource.get("location") or "")
        self.url, self.org_id = "", ""
        self.cache: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        raise self._why


class Patient:
    """Opens every site for reading; a workspace that lets nobody in is given as `Closed`."""

    def __init__(self, sites: Any) -> None:
        self._sites = ReadOnly(sites)

    @property
    def paces(self) -> Paces:
        """How fast each family of endpoints may be called."""
        found: Paces = self._sites.paces
        return found

    def share_source(self, factor: float) -> bool:
        """Call sources at this part of their limits from now on; whether that is a change."""
        return self._sites.share_source(factor)

    def source_share(self) -> float:
        """The part of their limits that sources are called at; inf for no limit."""
        return self._sites.source_share()

    def subscription(self, id: str) -> Any:
        """A Subscription that refuses to write."""
        return self._sites.subscription(id)

    def workspace(self, ref: str, *, profile: str = "", source: bool = False, writes: bool | None = None) -> Any:
        """A Workspace that refuses to write, or Closed. Raises as clients.cloud.Cloud does for what is not there."""
        try:
            return self._sites.workspace(ref, profile=profile, source=source)
        except NotAllowed as error:
            if not ref.lower().startswith("/subscriptions/"):
                raise
            try:
                site = self.subscription(ResourceId.parse(ref).subscription)
                resource = site.workspace(ref)
            except CallError:
                raise error from None
            return Closed(ref, resource, error, Reads(site.read, site.listing))
