"""Entra: where clients sign in. Discovery, and tokens for client credentials (v2.0, and v1 with `resource`).

Error codes and wordings (AADSTS...) are those that Entra publishes.
"""

from __future__ import annotations

import uuid

from cmkmigrate.sandbox.arm import names_of
from cmkmigrate.sandbox.cloud import Body, Cloud, iso
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

ANY_TENANT = ("common", "organizations", "consumers")


def _error(cloud: Cloud, status: int, error: str, number: int, text: str) -> Response:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    ids = f"Trace ID: {trace} Correlation ID: {correlation}"
    when = iso(cloud.clock.now())[:19].replace("T", " ") + "Z"
    body: Body = {
        "error": error,
        "error_description": f"AADSTS{number}: {text} {ids} Timestamp: {when}",
        "error_codes": [number],
        "timestamp": when,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return json_response(body, status)


def _known(cloud: Cloud, tenant: str) -> bool:
    return tenant.lower() == cloud.tenant_id or tenant.lower() in ANY_TENANT


def _no_tenant(cloud: Cloud, tenant: str, error: str) -> Response:
    text = (
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud."
    )
    return _error(cloud, 400, error, 90002, text)


@route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", anonymous=True)
@route("GET", "/{tenant}/.well-known/openid-configuration", anonymous=True)
def configuration(cloud: Cloud, request: Request) -> Response:
    tenant, host = request.params["tenant"], request.host
    if not _known(cloud, tenant):
        return _no_tenant(cloud, tenant, "invalid_tenant")
    base = f"https://{host}/{tenant}"
    return json_response(
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": f"https://{host}/{cloud.tenant_id}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": host.removeprefix("login."),
        }
    )


@route("GET", "/common/discovery/instance", anonymous=True)
def instance(cloud: Cloud, request: Request) -> Response:
    """Instance discovery: clients ask it under the public name whether an authority is one of Microsoft's."""
    host = names_of(request).login
    return json_response(
        {
            "tenant_discovery_endpoint": f"https://{host}/{cloud.tenant_id}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


@route("POST", "/{tenant}/oauth2/v2.0/token", reads=True, anonymous=True)
@route("POST", "/{tenant}/oauth2/token", reads=True, anonymous=True)
def token(cloud: Cloud, request: Request) -> Response:
    """A token for an application that knows its secret."""
    tenant, form = request.params["tenant"], request.form()
    if not _known(cloud, tenant):
        return _no_tenant(cloud, tenant, "invalid_request")
    if form.get("grant_type") != "client_credentials":
        text = f"The app requested an unsupported grant type '{form.get('grant_type', '')}'."
        return _error(cloud, 400, "unsupported_grant_type", 70003, text)
    application = form.get("client_id", "").lower()
    known = cloud.applications.get(application)
    if known is None:
        text = f"Application with identifier '{application}' was not found in the directory '{cloud.tenant_id}'."
        return _error(cloud, 400, "unauthorized_client", 700016, text)
    secret, principal = known
    if form.get("client_secret") != secret:
        text = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{application}'."
        )
        return _error(cloud, 401, "invalid_client", 7000215, text)
    version_two = "/v2.0/" in request.raw_path
    wanted = form.get("scope", "") if version_two else form.get("resource", "")
    if not wanted:
        text = f"The request body must contain the following parameter: '{'scope' if version_two else 'resource'}'."
        return _error(cloud, 400, "invalid_request", 900144, text)
    resource = wanted.split()[0]
    if version_two and not resource.endswith("/.default"):
        text = f"The provided request must include a '/.default' scope. The scope {resource} is not valid."
        return _error(cloud, 400, "invalid_scope", 1002012, text)
    issuer = f"https://sts.windows.net/{cloud.tenant_id}/"
    given = cloud.tokens.issue(principal, resource.removesuffix("/.default"), application, issuer)
    lifetime = cloud.tokens.lifetime_s
    body: Body = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": given}
    if not version_two:
        body |= {"expires_in": str(lifetime), "resource": resource}
        body["expires_on"] = str(int(cloud.clock.now()) + lifetime)
    return json_response(body, headers={"cache-control": "no-store, no-cache", "pragma": "no-cache"})
