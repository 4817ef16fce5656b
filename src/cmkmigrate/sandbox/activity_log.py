"""The Activity Log of a subscription: what was written in it through ARM, by whom, and how it ended.

Contract: Microsoft.Insights/eventtypes/management/values, 2015-04-01 (the REST reference of activity logs and the page
of their event schema). A write that goes on in an operation has events while it runs and one when it has ended, with
one correlation id and one operation id. Kept for 90 days (documented). What a client sends as
x-ms-correlation-request-id is the correlation id, as for all of ARM.

Known to differ, and assumed: events are there at once (the service takes minutes); a refused request leaves one event;
whether events of workspaces bring the body of the answer (`properties.responseBody`, as those of other providers do)
nobody has shown, so it is a setting (`activity_bodies`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cmkmigrate.sandbox.arm import page
from cmkmigrate.sandbox.cloud import Body, Cloud, guid, iso
from cmkmigrate.sandbox.wire import Request, Response, azure_error, route

DAYS: Final = 90.0
DAY_S: Final = 86_400.0
FILTER: Final = re.compile(r"(\w+)\s+(ge|le|eq)\s+'?([^']*?)'?")
WANTED: Final = ("resourcegroupname", "resourceuri", "resourceprovider", "correlationid")
PHRASES: Final = {200: "OK", 201: "Created", 202: "Accepted", 204: "NoContent"}


@dataclass(slots=True)
class Written:
    """One write. ends: the operation that goes on with it, None for what ended at once. told: an event of an estate,
    shown as it is over what is derived."""

    at: float
    action: str
    id: str
    caller: str
    method: str
    client: str
    correlation: str
    status: int
    number: int
    ends: Any = None
    ended: float = 0.0
    body: str = ""
    told: Body | None = None


def note(cloud: Cloud, request: Request, action: str, response: Response) -> None:
    """Keep what a request to ARM has written, or was refused to write."""
    caller, number = request.principal, len(cloud.activity)
    assert caller is not None, "ARM's routes want a token"
    id = request.path.rstrip("/")
    correlation = request.headers.get("x-ms-correlation-request-id") or guid("correlation", id, str(number))
    made = Written(cloud.clock.now(), action, id, caller.id, request.method, cloud.settings.client_address, correlation,
                   response.status, number)  # fmt: skip
    workspace = cloud.workspaces.get(id.lower())
    if response.status in (201, 202) and workspace is not None and workspace.operation is not None:
        made.ends = workspace.operation
    if cloud.settings.activity_bodies == "response":
        made.body = response.body.decode("utf-8", "replace")
    cloud.activity.append(made)


def load(cloud: Cloud, extra: Body, scope: Callable[[str], str]) -> None:
    """The events of an `arm.json`. scope: gives the ARM id of what an event names."""
    for one in extra.get("activity") or ():
        cloud.activity.append(_told(cloud, one, scope(one["resource"])))
    cloud.activity.sort(key=lambda one: one.at)


def _told(cloud: Cloud, one: Body, id: str) -> Written:
    number = len(cloud.activity)
    more: Body = {}
    if one.get("status"):
        more["status"] = _word(str(one["status"]))
    if one.get("operation_id"):
        more["operationId"] = str(one["operation_id"])
    if one.get("properties"):
        more["properties"] = one["properties"]
    at = one["at"] if isinstance(one["at"], int | float) else datetime.fromisoformat(str(one["at"])).timestamp()
    who = str(one.get("caller") or cloud.operator.id)
    correlation = str(one.get("correlation") or guid("correlation", id, str(number)))
    action = str(one.get("operation") or "Microsoft.Databricks/workspaces/write")
    return Written(at, action, id, who, "PUT", cloud.settings.client_address, correlation, 200, number, told=more)


@route("GET", "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values")
def list_events(cloud: Cloud, request: Request) -> Response:
    """The events of a time, newest first, of a group, a resource, a provider or a correlation id."""
    asked = request.arg("$filter")
    if (wanted := _filter(asked)) is None:
        # Assumption: code and texts of these refusals; that a start is required is documented.
        return azure_error(400, "BadRequest", f"The filter '{asked}' is not supported: it needs eventTimestamp ge.")
    begin, end, key, value = wanted
    now = cloud.clock.now()
    if begin < now - DAYS * DAY_S - 60:
        return azure_error(400, "BadRequest", "The start time cannot be more than 90 days in the past.")
    inside = f"/subscriptions/{request.params['subscription']}/".lower()
    found = [
        event
        for one in reversed(cloud.activity)
        if f"{one.id}/".lower().startswith(inside)
        for event in _events(cloud, one)
        if begin <= _at(event) <= end and _has(event, key, value)
    ]
    return page(cloud, request, found)


def _filter(asked: str) -> tuple[float, float, str, str] | None:
    """Start, end, and the one property that is filtered by; None for a filter that is not taken."""
    begin, end, key, value = 0.0, float("inf"), "", ""
    for part in re.split(r"\s+and\s+", asked.strip(), flags=re.IGNORECASE):
        match = FILTER.fullmatch(part)
        name = match[1].lower() if match else ""
        if match is not None and name == "eventtimestamp" and match[2] in ("ge", "le"):
            try:
                at = datetime.fromisoformat(match[3]).timestamp()
            except ValueError:
                return None
            begin, end = (at, end) if match[2] == "ge" else (begin, at)
        elif match is not None and name in WANTED and match[2] == "eq" and not key:
            key, value = name, match[3].lower()
        else:
            return None
    return (begin, end, key, value) if begin else None


def _events(cloud: Cloud, one: Written) -> list[Body]:
    """The events of a write, newest first: how it ended, and where it went on, that it had begun."""
    if one.told is not None:
        return [{**_event(cloud, one, one.at, "Succeeded", "OK"), **one.told}]
    if one.status >= 400:
        return [_event(cloud, one, one.at, "Failed", str(one.status))]
    if one.ends is None:
        return [_event(cloud, one, one.at, "Succeeded", PHRASES.get(one.status, "OK"))]
    one.ends.look(cloud, poll=False)
    found = [_event(cloud, one, one.at, "Accepted", PHRASES[one.status]), _event(cloud, one, one.at, "Started", "")]
    if one.ends.done:
        one.ended = one.ended or cloud.clock.now()
        how = ("Failed", "") if one.ends.error else ("Succeeded", "OK")
        found.insert(0, _event(cloud, one, one.ended, *how))
    return found


def _event(cloud: Cloud, one: Written, at: float, status: str, sub: str) -> Body:
    parts = one.id.split("/")
    provider = one.action.partition("/")[0]
    data = guid("event", str(one.number), status)
    when = iso(at)
    properties = {"statusCode": sub, "serviceRequestId": None, "eventCategory": "Administrative"}
    if one.body and status != "Started":
        properties["responseBody"] = one.body
    return {
        "authorization": {"action": one.action, "scope": one.id},
        "caller": one.caller,
        "channels": "Operation",
        "claims": {"http://schemas.microsoft.com/identity/claims/objectidentifier": one.caller},
        "correlationId": one.correlation,
        "description": "",
        "eventDataId": data,
        "eventName": _word("BeginRequest" if status == "Started" else "EndRequest"),
        "category": _word("Administrative"),
        "httpRequest": {
            "clientRequestId": guid("request", str(one.number)),
            "clientIpAddress": one.client,
            "method": one.method,
        },
        "id": f"{one.id}/events/{data}/ticks/{int(at * 10_000_000) + 621_355_968_000_000_000}",
        "level": "Error" if status == "Failed" else "Informational",
        "resourceGroupName": parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else "",
        "resourceProviderName": _word(provider),
        "resourceId": one.id,
        "resourceType": _word(one.action.rpartition("/")[0]),
        "operationId": guid("operation", str(one.number)),
        "operationName": _word(one.action),
        "properties": properties,
        "status": _word(status),
        "subStatus": _word(sub),
        "eventTimestamp": when,
        "submissionTimestamp": when,
        "subscriptionId": parts[2] if len(parts) > 2 else "",
        "tenantId": cloud.tenant_id,
    }


def _word(value: str) -> Body:
    return {"value": value, "localizedValue": value}


def _at(event: Body) -> float:
    return datetime.fromisoformat(event["eventTimestamp"]).timestamp()


def _has(event: Body, key: str, value: str) -> bool:
    if key == "resourceprovider":
        return bool(event["resourceProviderName"]["value"].lower() == value)
    field = {"": "", "resourcegroupname": "resourceGroupName", "resourceuri": "resourceId"}.get(key, "correlationId")
    return not field or str(event[field]).lower() == value
