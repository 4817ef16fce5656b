"""What the services of Azure Resource Manager have in common: names, pages, rights, errors."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from cmkmigrate.sandbox.cloud import Cloud, resource_id
from cmkmigrate.sandbox.hosts import Names, place_of
from cmkmigrate.sandbox.rights import may, may_below
from cmkmigrate.sandbox.wire import Failure, Request, Response, Route, azure_error, json_response

VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
# Listings of a subscription's resources, of any provider but of what is deleted.
LISTING = re.compile(
    r"/subscriptions/\{subscription\}/(resourceGroups|resources|providers/[\w.]+/(?!deletedVaults)\w+)", re.IGNORECASE
)
RESOURCE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/"


def names_of(request: Request) -> Names:
    """The names of the cloud that a request came under."""
    place = place_of(request.host)
    assert place is not None, "the front lets only simulated hosts through"
    return place.cloud


def api_version(request: Request) -> str:
    return request.arg("api-version")


def wanted_id(request: Request, kind: str) -> str:
    """The ARM id that the route's parameters name (as it was written)."""
    at = request.params
    return resource_id(at["subscription"], at["group"], kind, at["name"])


def not_found(kind: str, name: str, group: str) -> Response:
    text = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix"
    )
    return azure_error(404, "ResourceNotFound", text)


def need_group(cloud: Cloud, request: Request) -> None:
    """Fail with 404 when the resource group of the route is not there."""
    group = request.params["group"]
    if group.lower() not in cloud.groups:
        raise Failure(azure_error(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found."))


def page(cloud: Cloud, request: Request, items: list[Any]) -> Response:
    """One page of a listing, with the link to the next."""
    if request.narrowed and request.principal is not None:
        who = request.principal.id
        items = [one for one in items if may(cloud, who, request.narrowed, one["id"])]
    token = request.arg("$skiptoken") or request.arg("$skipToken")
    start = int(token) if token.isdigit() else 0
    top = request.arg("$top")
    size = min(cloud.settings.page, int(top)) if top.isdigit() and int(top) else cloud.settings.page
    body: dict[str, Any] = {"value": items[start : start + size]}
    if start + size < len(items):
        query = "&".join(
            f"{quote(name, safe='$')}={quote(values[0])}"
            for name, values in request.query.items()
            if name.lower() != "$skiptoken"
        )
        body["nextLink"] = f"https://{request.host}{request.raw_path}?{query}&$skiptoken={start + size}"
    return json_response(body)


def action_of(route: Route, path: str) -> tuple[str, str]:
    """The ARM action that a request carries out, and the scope it must be allowed on."""
    verb = "read" if route.reads else VERBS.get(route.method, "action")
    scope, marked, rest = path.rpartition("/providers/")
    parts = rest.split("/")
    if not marked or len(parts) == 1:  # of ARM itself: subscriptions, resource groups, the providers
        own = "/".join(path.strip("/").split("/")[::2])
        return f"Microsoft.Resources/{own}/{verb}", path.removesuffix(f"/providers/{rest}") if marked else path
    what = "/".join([parts[0], *parts[1::2]])
    if parts[0].lower() == "microsoft.authorization":
        return f"{what}/{verb}", scope
    return f"{what}/{verb}", path


def refusal(cloud: Cloud, request: Request, route: Route) -> Response | None:
    """ARM's own checks before a provider is asked: the api-version and the caller's rights."""
    if not api_version(request):
        text = "The api-version query parameter (?api-version=) is required for all requests."
        return azure_error(400, "MissingApiVersionParameter", text)
    subscription = request.params.get("subscription")
    if subscription is not None and subscription.lower() not in cloud.subscriptions:
        text = f"The subscription '{subscription}' could not be found."
        return azure_error(404, "SubscriptionNotFound", text)
    caller = request.principal
    assert caller is not None, "ARM's routes want a token"
    if subscription is None and "scope" not in request.params:
        return None  # of the tenant: everybody sees what he has rights on
    action, scope = action_of(route, request.path)
    if may(cloud, caller.id, action, scope):
        return None
    # Whoever has rights on some groups alone sees what is in them, without a word on the rest: an empty listing in
    # place of a refusal was met in Azure/azure-sdk-for-go#14110. Assumption: all listings of resources do so.
    listing = route.method == "GET" and LISTING.fullmatch(route.pattern) is not None
    if listing and may_below(cloud, caller.id, action, f"/subscriptions/{subscription}"):
        request.narrowed = action
        return None
    # Assumption: the wording of a refusal, from general knowledge.
    text = (
        f"The client '{caller.id}' with object id '{caller.id}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh "
        "your credentials."
    )
    return azure_error(403, "AuthorizationFailed", text)


def linked_refusal(
    cloud: Cloud, request: Request, action: str, scope: str, needed: str, linked: str
) -> Response | None:
    """The 403 of a caller who may carry out `action` on `scope`, but not `needed` on what the request links to it.

    The wording: microsoft/planetary-computer-hub#25.
    """
    caller = request.principal
    assert caller is not None
    if may(cloud, caller.id, needed, linked):
        return None
    text = (
        f"The client '{caller.id}' with object id '{caller.id}' has permission to perform action '{action}' on scope "
        f"'{scope}'; however, it does not have permission to perform action '{needed}' on the linked scope(s) "
        f"'{linked}' or the linked scope(s) are invalid."
    )
    return azure_error(403, "LinkedAuthorizationFailed", text)


def locked(cloud: Cloud, scope: str, delete: bool) -> Response | None:
    """The refusal of a change to something that is locked; None when no lock is in the way."""
    lower = scope.lower() + "/"
    for lock in cloud.locks.values():
        held = lock["id"].rpartition("/providers/Microsoft.Authorization/locks/")[0]
        level = lock["properties"]["level"]
        if lower.startswith(held.lower() + "/") and (level == "ReadOnly" or delete):
            text = (
                f"The scope '{scope}' cannot perform {'delete' if delete else 'write'} operation because following "
                f"scope(s) are locked: '{held}'. Please remove the lock and try again."
            )
            return azure_error(409, "ScopeLocked", text)
    return None
