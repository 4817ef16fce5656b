"""Bearer tokens: shaped like Entra's (a JWT with aud, oid, appid, tid), signed with nothing that anybody trusts."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass

from cmkmigrate.sandbox.hosts import CLOUDS
from cmkmigrate.sandbox.wire import Clock, Principal

DATABRICKS_APPLICATION = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"  # AzureDatabricks, the same in every tenant
LIFETIME_S = 3599  # what Entra gives a service principal


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer token stands for. `audience` is a host class, or "" for one that no service takes."""

    principal: Principal
    audience: str
    expires: float


def audience_of(resource: str) -> str:
    """The host class that a resource or scope is for ("" when none): `/.default` and slashes do not matter."""
    name = resource.strip().removesuffix(".default").rstrip("/").lower()
    if name == DATABRICKS_APPLICATION:
        return "databricks"
    host = name.removeprefix("https://").removeprefix("http://")
    for cloud in CLOUDS:
        if host == cloud.arm or host in cloud.audiences:
            return "arm"
        if host == cloud.graph:
            return "graph"
        if host == cloud.vault:
            return "vault"
        if host == cloud.hsm:
            return "hsm"
    return ""


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


class Tokens:
    """The tokens that were given out. They are looked up, not parsed: what was not given out here is not valid."""

    def __init__(self, tenant_id: str, clock: Clock) -> None:
        self.tenant_id, self.clock = tenant_id, clock
        self.lifetime_s = LIFETIME_S
        self._known: dict[str, Token] = {}

    def issue(self, principal: Principal, resource: str, application: str, issuer: str) -> str:
        now = int(self.clock.now())
        claims: dict[str, object] = {
            "aud": resource, "iss": issuer, "iat": now, "nbf": now, "exp": now + self.lifetime_s, "appid": application,
            "oid": principal.id, "sub": principal.id, "tid": self.tenant_id, "idtyp": "app", "ver": "1.0",
            "jti": secrets.token_hex(8),
        }  # fmt: skip
        token = f"{_part({'typ': 'JWT', 'alg': 'RS256'})}.{_part(claims)}.{secrets.token_urlsafe(32)}"
        self._known[token] = Token(principal, audience_of(resource), now + self.lifetime_s)
        return token

    def ended(self, authorization: str) -> float:
        """When the token of an Authorization header expired; 0.0 for one that did not, or is unknown."""
        token = self._known.get(authorization[7:].strip())
        return token.expires if token and token.expires <= self.clock.now() else 0.0

    def of(self, authorization: str) -> Token | None:
        """The token of an Authorization header, None when it is missing, unknown or expired."""
        if authorization[:7].lower() != "bearer ":
            return None
        token = self._known.get(authorization[7:].strip())
        return token if token and token.expires > self.clock.now() else None
