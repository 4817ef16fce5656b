"""What the Azure clients have in common: how they are built, and what their exceptions mean.

Nothing is sent twice and no redirect is followed: the retry, redirect and provider-registration policies of the SDKs
are left out. Every request, also one for a next page or an operation's status, is held to the allow-list of hosts
before a token is put on it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from cmkmigrate import __version__
from cmkmigrate.clients import leave, trace
from cmkmigrate.clients.again import retry_after
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.imports import load
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import (
    AlreadyExists,
    Blocked,
    CallError,
    Denied,
    NotFound,
    OperatorError,
    Refused,
    Stopped,
    Throttled,
    Unknown,
)
from cmkmigrate.redaction import without_secrets

T = TypeVar("T")
_EXISTS: Final = frozenset({"RoleAssignmentExists", "VaultAlreadyExists", "AlreadyExists"})
_LONGEST: Final = 2000  # characters of a message that are kept; the texts of failed operations are long and telling


def host_policy(endpoints: Endpoints) -> Any:
    """A pipeline policy that raises Refused before anything is sent to a host that is not of this cloud. What is sent
    is told to whoever asked for `--debug`."""
    load("azure.core.pipeline.policies")
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class HostPolicy(SansIOHTTPPolicy[Any, Any]):
        def on_request(self, request: Any) -> None:
            endpoints.check(request.http_request.url)

        def on_response(self, request: Any, response: Any) -> None:
            sent, answer = request.http_request, response.http_response
            trace.answered(sent.method, sent.url, answer.status_code, answer.headers)

        def on_exception(self, request: Any) -> None:
            trace.lost(request.http_request.method, request.http_request.url, sys.exc_info()[1])

    return HostPolicy()


def management_options(login: Login, endpoints: Endpoints) -> dict[str, Any]:
    """Keyword arguments for an azure-mgmt client: the pipeline, the scope, the waiting times."""
    policies = load("azure.core.pipeline.policies")

    return {
        "base_url": endpoints.arm,
        "credential_scopes": [endpoints.arm_scope],
        "transport": transport(endpoints),
        "policies": [
            policies.RequestIdPolicy(),
            policies.HeadersPolicy(),
            policies.UserAgentPolicy(base_user_agent=f"cmkmigrate/{__version__}"),
            policies.ContentDecodePolicy(),
            host_policy(endpoints),
            _sign(login, endpoints.arm_scope),
            policies.CustomHookPolicy(),
        ],
    }


def transport(endpoints: Endpoints) -> Any:
    """What a client of Azure sends through: azure-core's own, whose writes keep to `leave.by`."""
    load("azure.core.pipeline.transport")
    from azure.core.pipeline.transport import RequestsTransport
    from requests import Session
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    class Adapter(HTTPAdapter):
        def get_connection_with_tls_context(self, *given: Any, **more: Any) -> Any:
            pool: Any = super().get_connection_with_tls_context(*given, **more)
            pool.ConnectionCls = leave.held_to(pool.ConnectionCls)
            return pool

    session = Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(max_retries=Retry(total=False, redirect=False, raise_on_status=False)))
    timeout = endpoints.timeout_s
    return RequestsTransport(session=session, connection_timeout=timeout, read_timeout=timeout)


def _sign(login: Login, scope: str) -> Any:
    """The policy that puts a token on each request. A request whose token is refused (401), although it seemed to be
    good, is sent once more with a new one: nothing was done."""
    load("azure.mgmt.core.policies")
    from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

    class Sign(ARMChallengeAuthenticationPolicy):
        def on_request(self, request: Any) -> None:
            super().on_request(request)
            request.context["cmkmigrate_sent"] = time.monotonic()

        def on_challenge(self, request: Any, response: Any) -> bool:
            body: Any = getattr(request.http_request, "body", None)
            if hasattr(body, "seek"):  # the first sending has read it to its end
                body.seek(0)
            if super().on_challenge(request, response):
                return True
            login.renew(request.context["cmkmigrate_sent"])
            self.authorize_request(request, scope)
            return True

    return Sign(login, scope)


def called(call: Callable[[], T]) -> T:
    """What `call`, a call of an Azure SDK, gives; its exceptions as CallErrors."""
    load("azure.core.exceptions")
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        return call()
    except (CallError, OperatorError):
        raise
    except HttpResponseError as error:
        response: Any = error.response
        if response is None:
            raise Unknown(f"no readable answer ({type(error).__name__})") from None
        raise error_of(response.status_code, response.headers, content_of(response)) from None
    except AzureError as error:  # nothing came back, or it broke off
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise Stopped(
                "the connection to Azure cannot be trusted",
                why=str(error)[:300],
                next="name the certificate authority in REQUESTS_CA_BUNDLE",
            ) from None
        raise Unknown(f"no readable answer ({type(error).__name__})") from None
    except (ValueError, AttributeError, TypeError) as error:  # no JSON, or not what the SDK takes apart without a look
        raise Unknown(f"no readable answer ({type(error).__name__})") from None


def error_of(status: int, headers: Mapping[str, str], content: bytes) -> CallError:
    """The error that an answer of ARM or Key Vault is. Raises Blocked when a resource provider is not registered.

    Bodies are `{"error": {"code", "message", "innererror": {"code"}}}`; the inner code, where there is one, is the one
    that says something (`ForbiddenByRbac`), and is the error's `code`.
    """
    said, readable = _body(content)
    inner = said.get("innererror")
    code = str((inner.get("code") if isinstance(inner, dict) else None) or said.get("code") or "")
    message = without_secrets(str(said.get("message") or f"HTTP {status}"))[:_LONGEST]
    request_id = headers.get("x-ms-request-id") or ""
    if code == "MissingSubscriptionRegistration":
        namespace = next((word.strip("'\".") for word in message.split() if "Microsoft." in word), "NAMESPACE")
        raise Blocked(
            "a resource provider is not registered in the subscription",
            subject=namespace,
            why=message,
            next=f"az provider register --namespace {namespace}",
        )
    if status >= 500 or status == 408 or not readable:
        return Unknown(message, status=status, code=code, request_id=request_id)
    if status == 429:
        return Throttled(message, retry_after=retry_after(headers), code=code)
    kind: type[CallError] = Refused
    if status in (401, 403):
        kind = Denied
    elif status == 404:
        kind = NotFound
    elif status == 409 and (code in _EXISTS or "already exists" in message):
        kind = AlreadyExists
    return kind(message, status=status, code=code, request_id=request_id)


def content_of(response: Any) -> bytes:
    """The body of an answer of either kind that azure-core has; bytes that nobody can read when it broke off."""
    try:
        body = response.content if hasattr(response, "content") else response.body()
    except Exception:  # it says nothing
        return b"\xff"
    return bytes(body or b"")


def _body(content: bytes) -> tuple[dict[str, Any], bool]:
    """(what an error body says, whether it could be read); an empty one can, and says nothing."""
    if not content.strip():
        return {}, True
    try:
        body = json.loads(content)
    except ValueError:
        return {"message": "the answer cannot be read"}, False
    said = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(said, str):  # Entra's shape: {"error": "invalid_client", "error_description": ...}
        said = {"code": said, "message": body.get("error_description", said)}
    return (said, True) if isinstance(said, dict) else ({"message": "the answer cannot be read"}, False)
