"""The keys of one key vault (or managed HSM), through azure-keyvault-keys. Raw KeyBundles out, no key material.

Errors are CallErrors; `code` is the service's inner code where it gives one. A 403 right after a grant is Denied here:
whether that means "not yet" is for the kind to say.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cmkmigrate import __version__
from cmkmigrate.clients.again import ATTEMPTS, read_again
from cmkmigrate.clients.arm_bodies import parsed
from cmkmigrate.clients.azure_core import called, error_of, host_policy, transport
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.imports import load
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import Unknown


class Vault:
    """The data plane of the vault at `uri` (https://NAME.vault.azure.net/)."""

    def __init__(self, uri: str, login: Login, endpoints: Endpoints) -> None:
        self.uri = endpoints.check(uri)
        self._login, self._endpoints = login, endpoints
        self._lock = threading.Lock()
        self._made: Any = None
        self.attempts = ATTEMPTS  # of a read that is not answered

    def key(self, name: str, version: str = "") -> dict[str, Any]:
        """The KeyBundle of a version, of the newest for "". Raises NotFound, Denied."""
        return read_again(
            lambda: self._bundle(lambda hook: self._client().get_key(name, version, raw_response_hook=hook)),
            attempts=self.attempts,
        )

    def versions(self, name: str) -> list[dict[str, Any]]:
        """The versions of a key ({"kid", "attributes"}), in no particular order; [] when there is no such key."""
        return read_again(
            lambda: self._items(
                lambda hook: self._client().list_properties_of_key_versions(name, raw_response_hook=hook)
            ),
            attempts=self.attempts,
        )

    def names(self) -> list[dict[str, Any]]:
        """The keys of the vault ({"kid", "attributes"}, the kid without a version)."""
        return read_again(
            lambda: self._items(lambda hook: self._client().list_properties_of_keys(raw_response_hook=hook)),
            attempts=self.attempts,
        )

    def deleted(self, name: str) -> dict[str, Any]:
        """A soft-deleted key. Raises NotFound."""
        return read_again(
            lambda: self._bundle(lambda hook: self._client().get_deleted_key(name, raw_response_hook=hook)),
            attempts=self.attempts,
        )

    def create(
        self,
        name: str,
        kty: str,
        size: int,
        operations: Sequence[str] = ("wrapKey", "unwrapKey"),
        tags: Mapping[str, str] | None = None,
        expires: int = 0,
    ) -> dict[str, Any]:
        """ONE request that makes a key, or a further VERSION where the name is taken. Raises as `key` does, or Unknown.

        expires: when it ends, in Unix seconds (0: never).
        (The SDK asks once without a body beforehand, to be told where to sign in; that request makes nothing.)
        """
        ends = datetime.fromtimestamp(expires, UTC) if expires else None
        given = {"size": size, "key_operations": list(operations), "tags": dict(tags or {}), "expires_on": ends}
        return self._bundle(lambda hook: self._client().create_key(name, kty, raw_response_hook=hook, **given))

    def patch_expiry(self, name: str, version: str, expires: int) -> dict[str, Any]:
        """ONE request that sets when a version of a key ends (Unix seconds); nothing else of it is changed."""
        ends = datetime.fromtimestamp(expires, UTC)
        return self._bundle(
            lambda hook: self._client().update_key_properties(name, version, expires_on=ends, raw_response_hook=hook)
        )

    def rotation_policy(self, name: str) -> dict[str, Any]:
        """The rotation policy of a key: {"lifetimeActions": [...], "attributes": {"expiryTime", ...}}. Raises NotFound
        where there is no such key."""
        return read_again(lambda: self._asked("GET", f"keys/{name}/rotationpolicy"), attempts=self.attempts)

    def put_rotation_policy(self, name: str, policy: Mapping[str, Any]) -> dict[str, Any]:
        """ONE PUT of a key's rotation policy; what the policy does not say stays undefined."""
        return self._asked("PUT", f"keys/{name}/rotationpolicy", policy)

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """ONE request with a path (or a URL) of this data plane, for which the SDK has no call, or only one that drops
        what it does not know. Raises CallErrors."""
        HttpRequest = load("azure.core.rest").HttpRequest
        url = path if "://" in path else f"{self.uri.rstrip('/')}/{path}"
        request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
        answer = called(lambda: self._client().send_request(request))
        if answer.status_code not in (200, 201):
            raise error_of(answer.status_code, answer.headers, answer.content)
        return parsed(answer)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = load("azure.keyvault.keys").KeyClient(
                    self.uri,
                    self._login,
                    retry_total=0,
                    permit_redirects=False,
                    per_call_policies=[host_policy(self._endpoints)],
                    user_agent=f"cmkmigrate/{__version__}",
                    transport=transport(self._endpoints),
                )
            return self._made

    def _bundle(self, call: Callable[[Callable[[Any], None]], Any]) -> dict[str, Any]:
        bodies: list[Any] = []
        called(lambda: call(lambda answer: _collect(answer.http_response, bodies)))
        if not bodies or not isinstance(bodies[-1], dict) or not isinstance(bodies[-1].get("key"), dict):
            raise Unknown(f"{self.uri}: the answer is not a key")
        return dict(bodies[-1])

    def _items(self, call: Callable[[Callable[[Any], None]], Any]) -> list[dict[str, Any]]:
        bodies: list[Any] = []
        called(lambda: [None for _ in call(lambda answer: _collect(answer.http_response, bodies))])
        if not all(isinstance(body, dict) and isinstance(body.get("value") or [], list) for body in bodies):
            raise Unknown(f"{self.uri}: the answer is not a list")
        return [item for body in bodies for item in body.get("value") or []]


def _collect(response: Any, bodies: list[Any]) -> None:
    if response.status_code == 200:  # what is not, the SDK raises
        bodies.append(response.json())
