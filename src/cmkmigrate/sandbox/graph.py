"""Microsoft Graph: service principals, by filter, by application id, by object id. Whether one may read is a setting.

Shapes: recorded traffic for the filter on servicePrincipalNames and the read by object id; the other forms and the
errors are from general knowledge.
"""

from __future__ import annotations

import re
import uuid

from cmkmigrate.sandbox.arm import names_of
from cmkmigrate.sandbox.cloud import MICROSOFT_TENANT, Body, Cloud
from cmkmigrate.sandbox.tokens import DATABRICKS_APPLICATION
from cmkmigrate.sandbox.wire import Principal, Request, Response, json_response, route

PRINCIPALS = "/v1.0/servicePrincipals"
TYPES = {"user": "user", "group": "group", "service_principal": "servicePrincipal"}
TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
FILTER = re.compile(
    r"\s*(?:servicePrincipalNames/any\(\s*(\w+)\s*:\s*\1 eq '(?P<spn>[^']*)'\s*\)"
    r"|appId eq '(?P<app>[^']*)'|displayName eq '(?P<name>[^']*)'|id eq '(?P<id>[^']*)')\s*",
    re.IGNORECASE,
)


def _headers() -> dict[str, str]:
    return {"content-type": TYPE, "request-id": str(uuid.uuid4()), "odata-version": "4.0", "x-ms-resource-unit": "1"}


def _error(status: int, code: str, text: str) -> Response:
    inner = {"request-id": str(uuid.uuid4()), "client-request-id": str(uuid.uuid4())}
    return json_response({"error": {"code": code, "message": text, "innerError": inner}}, status, _headers())


def _shown(cloud: Cloud, one: Principal) -> Body:
    first_party = one.name == DATABRICKS_APPLICATION
    return {
        "id": one.id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "alternativeNames": [],
        "appDisplayName": one.display_name or one.name,
        "appDescription": None,
        "appId": one.name,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": MICROSOFT_TENANT if first_party else cloud.tenant_id,
        "appRoleAssignmentRequired": False,
        "displayName": one.display_name or one.name,
        "servicePrincipalNames": [one.name],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMultipleOrgs" if first_party else "AzureADMyOrg",
        "tags": [],
    }


def _principals(cloud: Cloud) -> list[Principal]:
    return [one for one in cloud.directory if one.kind == "service_principal"]


def _denied(cloud: Cloud) -> Response | None:
    if cloud.settings.graph == "allow":
        return None
    return _error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _one(cloud: Cloud, request: Request, found: Principal | None, wanted: str) -> Response:
    if (denied := _denied(cloud)) is not None:
        return denied
    if found is None:
        text = f"Resource '{wanted}' does not exist or one of its queried reference-property objects are not present."
        return _error(404, "Request_ResourceNotFound", text)
    context = f"https://{names_of(request).graph}/v1.0/$metadata#servicePrincipals/$entity"
    return json_response({"@odata.context": context, **_shown(cloud, found)}, headers=_headers())


@route("GET", PRINCIPALS)
def list_principals(cloud: Cloud, request: Request) -> Response:
    if (denied := _denied(cloud)) is not None:
        return denied
    found, wanted = _principals(cloud), request.arg("$filter")
    if wanted:
        match = FILTER.fullmatch(wanted)
        if match is None:
            return _error(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {wanted}")
        application, name, identifier = match["spn"] or match["app"], match["name"], match["id"]
        found = [
            one
            for one in found
            if (not application or one.name.lower() == application.lower())
            and (not name or (one.display_name or one.name).lower() == name.lower())
            and (not identifier or one.id == identifier.lower())
        ]
    context = f"https://{names_of(request).graph}/v1.0/$metadata#servicePrincipals"
    body = {"@odata.context": context, "value": [_shown(cloud, one) for one in found]}
    return json_response(body, headers=_headers())


@route("GET", PRINCIPALS + "/{id}")
def get_principal(cloud: Cloud, request: Request) -> Response:
    wanted = request.params["id"].lower()
    found = next((one for one in _principals(cloud) if one.id == wanted), None)
    return _one(cloud, request, found, request.params["id"])


@route("POST", "/v1.0/directoryObjects/getByIds", reads=True)
def get_by_ids(cloud: Cloud, request: Request) -> Response:
    """Who these object ids are, of any kind; those that nobody has are left out (documented).

    `az role assignment list` asks it for the names of principals. `types` narrows it.
    """
    if (denied := _denied(cloud)) is not None:
        return denied
    body = request.json()
    ids = body.get("ids")
    if not isinstance(ids, list) or not ids:
        return _error(400, "Request_BadRequest", "Invalid value specified for property 'ids' of resource 'Collection'.")
    types = {str(one).lower() for one in body.get("types") or ()}
    found = [one for one in (cloud.directory.by_id.get(str(id).lower()) for id in ids) if one is not None]
    shown = [_object(cloud, one) for one in found if not types or TYPES[one.kind].lower() in types]
    context = f"https://{names_of(request).graph}/v1.0/$metadata#directoryObjects"
    return json_response({"@odata.context": context, "value": shown}, headers=_headers())


def _object(cloud: Cloud, one: Principal) -> Body:
    """A principal as an object of the directory, with its type."""
    kind = {"@odata.type": f"#microsoft.graph.{TYPES[one.kind]}"}
    if one.kind == "service_principal":
        return kind | _shown(cloud, one)
    named = {"userPrincipalName": one.name} if one.kind == "user" else {}
    return {**kind, "id": one.id, "displayName": one.display_name or one.name, **named}


@route("GET", "/v1.0/{entity}")
def get_by_key(cloud: Cloud, request: Request) -> Response:
    """`servicePrincipals(appId='...')`, which is one segment of the path."""
    match = re.fullmatch(r"servicePrincipals\(appId='([^']*)'\)", request.params["entity"], re.IGNORECASE)
    if match is None:
        text = f"Resource not found for the segment '{request.params['entity']}'."
        return _error(400, "BadRequest", text)
    found = cloud.directory.find("service_principal", match[1])
    return _one(cloud, request, found, match[1])
