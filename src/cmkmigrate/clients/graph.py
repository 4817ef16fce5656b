"""The directory: the object id of the AzureDatabricks principal, which differs from tenant to tenant."""

from __future__ import annotations

from typing import Any

from cmkmigrate import __version__
from cmkmigrate.clients import trace
from cmkmigrate.clients.again import read_again, retry_after
from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.clients.login import Login
from cmkmigrate.errors import CallError, Denied, NotFound, Refused, Stopped, Throttled, Unknown


def azure_databricks_object_id(login: Login, endpoints: Endpoints) -> str:
    """The object id in this tenant of the application that every workspace acts as.

    Raises Denied where the caller may not read the directory, NotFound where the tenant has no such principal yet (it
    is made when the resource provider Microsoft.Databricks is registered).
    """
    application = endpoints.databricks_resource
    # The query that the Azure CLI sends (recorded traffic); the shorter forms are documented and unrecorded.
    found = read_again(
        lambda: _get(
            login,
            endpoints,
            "/v1.0/servicePrincipals",
            {"$filter": f"servicePrincipalNames/any(c:c eq '{application}')"},
        )
    )
    for principal in found.get("value") or []:
        if str(principal.get("appId", "")).lower() == application.lower() and principal.get("id"):
            return str(principal["id"])
    raise NotFound(
        f"the tenant has no service principal of the application {application} (AzureDatabricks); "
        f"az ad sp create --id {application} makes it",
        status=404,
    )


def _get(login: Login, endpoints: Endpoints, path: str, query: dict[str, str]) -> dict[str, Any]:
    import requests

    url = endpoints.check(f"{endpoints.graph}{path}")
    try:
        answer = requests.get(
            url,
            params=query,
            headers={
                "Authorization": f"Bearer {login.token(endpoints.graph_scope)}",
                "User-Agent": f"cmkmigrate/{__version__}",
            },
            timeout=endpoints.timeout_s,
            allow_redirects=False,
        )
        trace.answered("GET", url, answer.status_code, answer.headers)
        body = answer.json() if answer.content else None
    except requests.exceptions.RequestException as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):  # another try would end the same
            why, next = str(error)[:300], "name the certificate authority in REQUESTS_CA_BUNDLE"
            raise Stopped("the connection to the directory cannot be trusted", why=why, next=next) from None
        raise Unknown(f"GET {path}: no readable answer ({type(error).__name__})") from None
    if answer.status_code == 200:
        if not isinstance(body, dict) or not isinstance(body.get("value"), list):
            raise Unknown(f"GET {path}: the answer is not a list")
        return body
    said = body.get("error") if isinstance(body, dict) else None
    said = said if isinstance(said, dict) else {}
    code, message = str(said.get("code", "")), str(said.get("message", "")) or f"HTTP {answer.status_code}"
    if answer.status_code == 429:
        raise Throttled(message, retry_after=retry_after(answer.headers), code=code)
    kinds: dict[int, type[CallError]] = {401: Denied, 403: Denied, 404: NotFound}
    kind = Unknown if answer.status_code >= 500 else kinds.get(answer.status_code, Refused)
    raise kind(message, status=answer.status_code, code=code, request_id=answer.headers.get("request-id", ""))
