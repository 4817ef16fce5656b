"""One cloud and one signed-in caller: where subscriptions and workspaces are opened.

Importing this module imports no SDK (they cost one to three seconds); they come with the first call that needs them.
"""

from __future__ import annotations

import configparser
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmkmigrate.clients.answers import keeps_out_network
from cmkmigrate.clients.arm import Subscription
from cmkmigrate.clients.arm_id import ResourceId
from cmkmigrate.clients.arm_wire import Reads
from cmkmigrate.clients.databricks import Entra, Pat, Workspace
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login, login
from cmkmigrate.clients.pace import Paces, Seen
from cmkmigrate.errors import Blocked, CallError, Denied, Mistake, NotAllowed, NotFound, Stopped

FROM_ITS_NETWORK = "run it where the workspace can be reached: from its network, or from an address that it lets in"
WORKSPACES = "Microsoft.Databricks/workspaces"


class Cloud:
    """Opens subscriptions and workspaces with one credential (a `Login`). `environ` is where paths are looked up."""

    def __init__(
        self,
        endpoints: Endpoints,
        credential: Login,
        paces: Paces | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.endpoints, self.credential = endpoints, credential
        self.paces = paces or Paces()
        self._environ = os.environ if environ is None else environ
        self._lock = threading.Lock()
        self._subscriptions: dict[str, Subscription] = {}

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Cloud:
        """As the variables of endpoints.py, login.py and pace.py say. Sends nothing. Raises Mistake."""
        endpoints = Endpoints.from_env(environ)
        return cls(endpoints, login(endpoints, environ), Paces.from_env(environ), environ)

    def subscription(self, subscription_id: str) -> Subscription:
        """The subscription of that id; the same object every time. Sends nothing."""
        with self._lock:
            key = subscription_id.lower()
            if key not in self._subscriptions:
                self._subscriptions[key] = Subscription(subscription_id, self.credential, self.endpoints)
            return self._subscriptions[key]

    def subscriptions(self) -> list[dict[str, Any]]:
        """Every subscription that the caller sees, as ARM lists them. Raises CallErrors."""
        return self.subscription("00000000-0000-0000-0000-000000000000").subscriptions()

    def workspace(self, ref: str, *, profile: str = "", source: bool = False, writes: bool | None = None) -> Workspace:
        """The workspace at `ref`, an ARM id or an https URL, opened and tried with one request.

        profile: a section of ~/.databrickscfg to sign in with (a token, or a service principal of Azure). source: it is
        the old workspace, which is opened for reading unless `writes` is True.
        Raises Mistake, Blocked, NotAllowed or Stopped, each saying which workspace and what to do.
        """
        writes = not source if writes is None else writes
        resource: dict[str, Any] = {}
        if ref.lower().startswith("/subscriptions/"):
            resource = self._resource(ref)
            host = str((resource.get("properties") or {}).get("workspaceUrl") or "")
            if not host:
                raise Blocked(
                    "the workspace has no URL yet",
                    subject=ref,
                    why=f"its state is {(resource.get('properties') or {}).get('provisioningState')}",
                    next="wait until it is Succeeded",
                )
        else:
            host = self._host(ref)
        strategy = self._strategy(profile, host, str(resource.get("id", "")))
        arm = None
        if resource:
            of = self.subscription(ResourceId.parse(ref).subscription)
            arm = Reads(of.read, of.listing)
        try:
            return Workspace(
                host, strategy, self.endpoints, self.paces, resource=resource, source=source, writes=writes, arm=arm
            )
        except Denied as error:
            raise NotAllowed(
                "the workspace does not let you in",
                subject=ref,
                why=str(error),
                next=FROM_ITS_NETWORK if keeps_out_network(str(error)) else "ask an administrator of it for access",
            ) from None
        except CallError as error:
            raise Stopped(
                "the workspace does not answer",
                subject=ref,
                why=str(error),
                next="check its URL, the network and HTTPS_PROXY",
            ) from None

    def share_source(self, factor: float) -> bool:
        """Call sources at this part of their limits from now on; whether that is a change."""
        return self.paces.share_source(factor)

    def source_share(self) -> float:
        """The part of their limits that sources are called at; inf for no limit."""
        return self.paces.source_factor

    def paces_seen(self) -> list[Seen]:
        """How fast each family of endpoints was called so far, and how often the service asked for less."""
        return self.paces.seen()

    def _resource(self, ref: str) -> dict[str, Any]:
        at = ResourceId.parse(ref)
        if at.type.lower() != WORKSPACES.lower():
            raise Mistake(f"{ref!r} is not a workspace", why=f"it is of the type {at.type}, not {WORKSPACES}")
        try:
            return self.subscription(at.subscription).workspace(ref)
        except NotFound:
            raise Blocked(
                "there is no such workspace",
                subject=ref,
                next=f"az databricks workspace list --subscription {at.subscription}",
            ) from None
        except Denied as error:
            raise NotAllowed("the workspace may not be read", subject=ref, why=str(error), next="az login") from None
        except CallError as error:
            raise Stopped("Azure does not answer", subject=ref, why=str(error), next="try again later") from None

    def _host(self, ref: str) -> str:
        parts = urlsplit(ref if "://" in ref else f"https://{ref}")
        url = f"https://{parts.netloc}"
        if parts.scheme != "https" or not self.endpoints.allowed(url):
            raise Mistake(
                f"{ref!r} is not a workspace",
                why=f"it must be an ARM id, or https://adb-….{self.endpoints.databricks_suffix}",
            )
        return parts.netloc.lower()

    def _strategy(self, profile: str, host: str, arm_id: str) -> Entra | Pat:
        if not profile:
            return Entra(self.credential, self.endpoints, arm_id)
        values = self._profile(profile)
        given = urlsplit(values.get("host", "")).netloc.lower() or values.get("host", "").strip("/").lower()
        if given and given != host:
            raise Mistake(f"the profile {profile!r} is for {given}", why=f"the workspace is {host}")
        if values.get("token"):
            return Pat(values["token"])
        arm_id = arm_id or values.get("azure_workspace_resource_id", "")
        names = ("azure_tenant_id", "azure_client_id", "azure_client_secret")
        if all(values.get(name) for name in names):
            principal = {name.upper(): values[name] for name in names}
            return Entra(login(self.endpoints, principal), self.endpoints, arm_id)
        return Entra(self.credential, self.endpoints, arm_id)

    def _profile(self, name: str) -> dict[str, str]:
        path = Path(self._environ.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()
        parser = configparser.ConfigParser(interpolation=None, default_section="")  # DEFAULT is a profile like others
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise Mistake(f"the profile {name!r} cannot be read", subject=str(path), why=error.strerror or "") from None
        except configparser.Error:  # its text would quote the line, which may hold a token
            raise Mistake(f"the profile {name!r} cannot be read", subject=str(path), why="it is no INI file") from None
        if not parser.has_section(name):
            known = ", ".join(parser.sections()) or "none"
            raise Mistake(f"there is no profile {name!r}", subject=str(path), why=f"there are: {known}")
        return dict(parser[name])
