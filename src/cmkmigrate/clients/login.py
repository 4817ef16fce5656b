"""Signing in to Entra: a service principal from the environment, or whoever is signed in on this machine.

`AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` together name a service principal; without them the usual
chain of azure-identity is gone through (workload and managed identity, `az login`, and the rest). No option and no
variable of this tool ever takes a secret.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Final
from urllib.parse import urlsplit

from cmkmigrate.clients import trace
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.imports import load
from cmkmigrate.errors import NotAllowed, OperatorError, Refused, Stopped
from cmkmigrate.redaction import without_secrets

_SERVICE_PRINCIPAL: Final = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
_CHECK: Final = "check the network, HTTPS_PROXY and CMKMIGRATE_AUTHORITY"
_STANDS_S: Final = 10.0  # an Entra that cannot be reached is not asked again for so long: each try takes seconds
_RENEW_S: Final = 300.0  # a token is renewed this long before it ends, or at half its life where that is shorter
_AGAIN_S: Final = 5.0  # a token that is refused so soon after it was fetched is not the reason


class Login:
    """A credential for the Azure SDKs, whose failures are errors that a person can act on.

    `make` builds the azure-identity credential when the first token is asked for, and not before. `next` is what to do
    when signing in fails. Safe to use from many threads.
    """

    def __init__(
        self, make: Callable[[], Any], *, next: str = "az login", clock: Callable[[], float] = time.time
    ) -> None:
        self._make, self._next, self._clock = make, next, clock
        self._inner: Any = None
        self._lock = threading.Lock()
        self._scopes: dict[str, threading.Lock] = {}
        self._tokens: dict[str, tuple[str, float]] = {}  # scope -> token, when to renew it
        self._unreached: tuple[Stopped, float] | None = None  # why, and until when (monotonic) that stands
        self._renewed = 0.0  # when they were forgotten last (of time.monotonic)

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """An azure-core AccessToken. Raises NotAllowed when signing in is refused, Stopped when Entra is not there."""
        return self._asked(lambda credential: credential.get_token(*scopes, **options))

    def get_token_info(self, *scopes: str, options: Any = None) -> Any:
        """An azure-core AccessTokenInfo; raises as get_token does."""
        return self._asked(lambda credential: credential.get_token_info(*scopes, options=options))

    def token(self, scope: str) -> str:
        """A token for `scope`, kept until shortly before it ends. Raises as get_token does."""
        with self._lock:
            lock = self._scopes.setdefault(scope, threading.Lock())
        with lock:  # one thread asks, the others wait for its answer; other scopes are not held up
            kept, renew = self._tokens.get(scope, ("", 0.0))
            now = self._clock()
            if not kept or now >= renew:
                fresh = self.get_token(scope)
                left = float(fresh.expires_on) - now
                kept, renew = str(fresh.token), now + left - min(_RENEW_S, left / 2)
                self._tokens[scope] = (kept, renew)
            return kept

    def renew(self, sent: float) -> None:
        """Forget the tokens, as a service has refused one that seemed to be good (a clock that went back, a token that
        was revoked), in a request that left at `sent` (of time.monotonic). Not where they were fetched anew since, or a
        moment ago."""
        with self._lock:
            now = time.monotonic()
            if self._renewed > sent or (self._renewed and now - self._renewed < _AGAIN_S):
                return
            self._renewed, self._inner = now, None  # azure-identity keeps tokens of its own
            self._tokens.clear()

    def claims(self, scope: str) -> dict[str, Any]:
        """What the token for `scope` says of its owner (`oid`, `tid`); {} where it cannot be read.

        Assumption: Entra's tokens are JSON Web Tokens. They are today; Microsoft does not promise it.
        """
        try:
            payload = self.token(scope).split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, ValueError, binascii.Error):
            return {}
        return claims if isinstance(claims, dict) else {}

    def _asked(self, ask: Callable[[Any], Any]) -> Any:
        load("azure.core.exceptions")
        from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

        for name in ("azure", "msal"):  # they log what they raise as well, and bodies at lower levels
            logging.getLogger(name).setLevel(logging.ERROR)
        if (stands := self._unreached) and time.monotonic() < stands[1]:
            raise copy(stands[0])
        try:
            with self._lock:
                self._inner = self._inner or self._make()
            return ask(self._inner)
        except OperatorError:
            raise
        except ClientAuthenticationError as error:
            if lost := _lost(error):
                raise self._noted(lost) from None
            if foreign := _foreign(error):
                raise NotAllowed("signing in to Azure failed", why=str(foreign), next=_CHECK) from None
            raise NotAllowed("signing in to Azure failed", why=_line(error), next=self._next) from None
        except HttpResponseError as error:
            if error.status_code and error.status_code < 500 and error.status_code != 429:
                raise NotAllowed("signing in to Azure failed", why=_line(error), next=self._next) from None
            raise Stopped("Entra does not answer", why=_line(error), next="try again later") from None
        except AzureError as error:
            raise self._noted(
                _lost(error) or Stopped("Entra cannot be reached", why=_line(error), next=_CHECK)
            ) from None
        except ValueError as error:  # what azure-identity and MSAL raise for an authority or tenant they cannot use
            raise NotAllowed("signing in to Azure failed", why=_line(error), next=self._next) from None

    def _noted(self, error: Stopped) -> Stopped:
        """The error, which stands for a while for everybody who asks."""
        self._unreached = copy(error), time.monotonic() + _STANDS_S
        return error


def login(endpoints: Endpoints, environ: Mapping[str, str]) -> Login:
    """The Login that `environ` asks for. Nothing is sent before the first token."""
    tenant, client, secret = (environ.get(name, "").strip() for name in _SERVICE_PRINCIPAL)
    authority = urlsplit(endpoints.authority).netloc

    def service_principal() -> Any:
        return load("azure.identity").ClientSecretCredential(
            tenant,
            client,
            secret,
            authority=authority,
            disable_instance_discovery=not endpoints.instance_discovery,
            connection_timeout=endpoints.timeout_s,
            read_timeout=endpoints.timeout_s,
            # Entra's discovery document says where the secret is sent to: it is held to the hosts of the cloud as well.
            raw_request_hook=lambda request: endpoints.check(request.http_request.url),
            raw_response_hook=_answered,
        )

    def whoever() -> Any:
        return load("azure.identity").DefaultAzureCredential(
            authority=authority,
            disable_instance_discovery=not endpoints.instance_discovery,
            exclude_interactive_browser_credential=True,
        )

    if tenant and client and secret:
        variables = ", ".join(_SERVICE_PRINCIPAL)
        return Login(service_principal, next=f"mend {variables}; or unset them and run: az login")
    return Login(whoever)


def _lost(error: BaseException | None) -> Stopped | None:
    """The Stopped that an error is when nothing came back from Entra, or nothing that can be read (a proxy's page, half
    an answer): azure-identity calls that a refusal too."""
    load("azure.core.exceptions")
    from azure.core.exceptions import AzureError, DecodeError, HttpResponseError

    while error is not None:
        lost = isinstance(error, AzureError) and not isinstance(error, HttpResponseError)
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            next = "name the certificate authority in REQUESTS_CA_BUNDLE"
            return Stopped("the connection to Entra cannot be trusted", why=_line(error), next=next)
        if lost or isinstance(error, OSError):
            return Stopped("Entra cannot be reached", why=_line(error), next=_CHECK)
        if isinstance(error, DecodeError | json.JSONDecodeError):
            return Stopped("Entra's answer cannot be read", why=_line(error), next=_CHECK)
        error = error.__cause__
    return None


def _foreign(error: BaseException | None) -> Refused | None:
    """The Refused of a host that is none of the cloud's, which azure-identity wraps as a refusal to sign in."""
    while error is not None and not isinstance(error, Refused):
        error = error.__cause__
    return error


def _answered(response: Any) -> None:
    sent, answer = response.http_request, response.http_response
    trace.answered(sent.method, sent.url, answer.status_code, answer.headers)


def _line(error: BaseException) -> str:
    """The first telling line of an azure-identity message, which has many."""
    lines = [line.strip() for line in str(getattr(error, "message", "") or error).splitlines() if line.strip()]
    text = without_secrets(lines[0]) if lines else type(error).__name__
    return text if len(text) <= 300 else text[:297] + "..."
