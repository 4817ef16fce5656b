"""Where keys live: key vaults and managed HSMs, by ARM id or by the URL of their data plane. Reads alone.

A key's id names a host and no subscription. Its vault is looked for in the subscription at hand, and then in all that
the caller sees: the vault of a workspace's key may be in any subscription of the tenant (the vendor's page on keys).
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from typing import Any, Final
from urllib.parse import urlsplit

from cmkmigrate.clients.arm_wire import ArmWire
from cmkmigrate.errors import Blocked, Denied, NotFound

HSM: Final = "Microsoft.KeyVault/managedHSMs"
_VERSION: Final = "2023-07-01"  # of Microsoft.KeyVault: the newest whose HSMs the vendor's published specification has


class KeyHomes(ArmWire):
    """What a Subscription knows of vaults and HSMs; each is kept; `home_now` reads one anew."""

    id: str
    _lock: threading.RLock
    _homes: dict[str, dict[str, Any]]  # ARM id in small letters, and host -> resource

    @abstractmethod
    def vault(self, arm_id: str) -> dict[str, Any]:
        """GET of a key vault. Raises NotFound, Denied."""

    def home(self, arm_id: str) -> dict[str, Any]:
        """The key vault or managed HSM of an ARM id, in whatever subscription. Raises NotFound, Denied."""
        with self._lock:
            known = self._homes.get(arm_id.lower())
        return known or self.home_now(arm_id)

    def home_now(self, arm_id: str) -> dict[str, Any]:
        """The same, read anew: its firewall may have been closed, or it may be gone. Raises NotFound, Denied."""
        found = self.read(arm_id, _VERSION) if _is_hsm(arm_id) else self.vault(arm_id)
        self._keep(found, arm_id)
        return found

    def home_of(self, uri: str) -> dict[str, Any]:
        """The key vault or managed HSM at a URL of its data plane. Raises NotFound where no subscription that the
        caller sees has it; the message counts those that could not be looked into."""
        host, kind = _host(uri), HSM if self.endpoints.is_hsm(uri) else "Microsoft.KeyVault/vaults"
        seen, closed = 0, 0
        for subscription in self._everywhere(host):
            try:
                found = self.listing(f"/subscriptions/{subscription}/providers/{kind}", _VERSION)
            except (Denied, NotFound):
                closed += 1
                continue
            except Blocked:  # the provider is not registered: nothing of it can be there
                found = []
            seen += 1
            for one in found:
                self._keep(one)
        with self._lock:
            known = self._homes.get(host)
        if known is not None:
            return known
        among = f", and in {closed} they could not be listed" if closed else ""
        raise NotFound(f"{host} is in none of the {seen} subscriptions whose vaults you can list{among}", status=404)

    def vault_uri(self, arm_id: str) -> str:
        """The URL of the data plane of a vault or managed HSM, with a slash at its end."""
        return _uri(self.home(arm_id)).rstrip("/") + "/"

    def vault_uses_roles(self, arm_id: str) -> bool:
        """Whether Azure's role assignments count on a vault, and not access policies."""
        return (self.home(arm_id).get("properties") or {}).get("enableRbacAuthorization") is True

    def _everywhere(self, host: str) -> Any:
        """Subscriptions to look in, until the host was found."""
        looked: set[str] = set()

        def wanted(id: str) -> bool:
            with self._lock:
                return host not in self._homes and id.lower() not in looked

        if wanted(self.id):
            looked.add(self.id.lower())
            yield self.id
        if wanted(""):
            for one in self.listing("/subscriptions", "2022-12-01"):
                id = str(one.get("subscriptionId") or "")
                if id and wanted(id):
                    looked.add(id.lower())
                    yield id

    def _keep(self, resource: dict[str, Any], arm_id: str = "") -> None:
        with self._lock:
            for name in (arm_id.lower(), str(resource.get("id") or "").lower(), _host(_uri(resource))):
                if name:
                    self._homes[name] = resource


def _is_hsm(arm_id: str) -> bool:
    return f"/{HSM}/".lower() in arm_id.lower()


def _uri(resource: dict[str, Any]) -> str:
    told = resource.get("properties") or {}
    return str(told.get("vaultUri") or told.get("hsmUri") or "")


def _host(uri: str) -> str:
    return (urlsplit(uri).hostname or "").lower()
