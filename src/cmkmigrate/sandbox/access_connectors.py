"""Microsoft.Databricks/accessConnectors made and deleted; storage_accounts.py reads them.

Contract: specification of 2024-05-01. Recorded (`access_connector`, `access_connector_v2`): made at once, with 201,
then 200; the identity is in the reply.
"""

from __future__ import annotations

from cmkmigrate.sandbox.arm import RESOURCE, locked, need_group
from cmkmigrate.sandbox.cloud import Body, Cloud
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

TYPE = "Microsoft.Databricks/accessConnectors"
CONNECTORS = RESOURCE + TYPE


@route("PUT", CONNECTORS + "/{name}")
def put_connector(cloud: Cloud, request: Request) -> Response:
    need_group(cloud, request)
    id, asked = request.path.rstrip("/"), request.json()
    if (refused := locked(cloud, id, delete=False)) is not None:
        return refused
    if not asked.get("location"):
        return azure_error(400, "LocationRequired", "The location property is required for this definition.")
    known = id.lower() in cloud.data_resources
    body: Body = {"id": id, "name": request.params["name"], "type": TYPE, "location": asked["location"],
                  "properties": {"provisioningState": "Succeeded"}}  # fmt: skip
    kind = str((asked.get("identity") or {}).get("type", ""))
    if kind:
        body["identity"] = {**asked["identity"], "type": kind}
    if "SystemAssigned" in kind:
        body["identity"] |= {"principalId": cloud.identity("connector", id), "tenantId": cloud.tenant_id}
    if asked.get("tags"):
        body["tags"] = asked["tags"]
    cloud.data_resources[id.lower()] = body
    return json_response(body, 200 if known else 201)


@route("DELETE", CONNECTORS + "/{name}")
def delete_connector(cloud: Cloud, request: Request) -> Response:
    if (refused := locked(cloud, request.path, delete=True)) is not None:
        return refused
    return Response(200 if cloud.data_resources.pop(request.path.rstrip("/").lower(), None) else 204)
