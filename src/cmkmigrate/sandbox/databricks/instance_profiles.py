"""Instance profiles are a thing of AWS: in Azure there are none, and the list is empty.

It is served because tools ask for it in every cloud (databrickslabs/migrate does when it exports clusters, and takes
an object). Assumption: Azure answers 200 with an empty object, as lists without elements do elsewhere.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.workspace import WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route


@route("GET", "/api/2.0/instance-profiles/list")
def list_instance_profiles(state: WorkspaceState, request: Request) -> Response:
    return json_response({})
