"""Long-running operations of the workspace provider: what a PUT or DELETE starts, and what asking about it tells.

Recorded: PUT answers 201 with `Azure-AsyncOperation` alone, DELETE 202 with `Location` alone; asking gives 202 with
`{"status":"Accepted"}` and a fresh `Location`, at last 200 with `{"status":"Succeeded"}`. A failure has the shape of
azure-core's contract. `retry-after-ms` is the sandbox's own: it spares clients their 30 s.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cmkmigrate.sandbox.arm import RESOURCE, api_version
from cmkmigrate.sandbox.cloud import Cloud, digest
from cmkmigrate.sandbox.wire import Request, Response, azure_error, json_response, route

POLL_MS = {"retry-after-ms": "20"}


@dataclass(slots=True)
class Operation:
    """`finish` carries the work out and gives the reason of a failure ("" when it succeeded)."""

    id: str
    subscription: str
    group: str
    location: str
    started: float
    finish: Callable[[], str]
    polls: int = 0
    done: bool = False
    error: str = ""

    def look(self, cloud: Cloud, *, poll: bool) -> None:
        """Finish it when its time has come: after enough polls, or enough seconds without any."""
        if self.done:
            return
        self.polls += poll
        late = cloud.clock.now() - self.started >= cloud.settings.operation_s
        if late or self.polls > cloud.settings.polls:
            self.done = True
            self.error = self.finish()

    def url(self, request: Request) -> str:
        path = (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/Microsoft.Databricks/locations/"
            f"{self.location}/operationStatuses/{self.id}"
        )
        signature = digest(self.id, str(self.polls))[:16]
        query = f"api-version={api_version(request)}&t={638_000_000_000_000_000 + self.polls}&c=c&s={signature}&h=h"
        return f"https://{request.host}{path}?{query}"


def start(cloud: Cloud, workspace: Any, finish: Callable[[], str]) -> Operation:
    """Begin an operation on a workspace."""
    now, job = cloud.clock.now(), f"{workspace.id}|{len(cloud.operations)}"
    said = {"fullyQualifiedApplianceId": workspace.id, "jobId": digest("job", job)[:32].upper()}
    key = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).rstrip(b"=").decode()
    made = Operation(key, workspace.subscription, workspace.group, workspace.location, now, finish)
    cloud.operations[key] = made
    workspace.operation = made
    return made


@route("GET", RESOURCE + "Microsoft.Databricks/locations/{location}/operationStatuses/{id}")
def get_operation(cloud: Cloud, request: Request) -> Response:
    """How far an operation is."""
    operation: Operation | None = cloud.operations.get(request.params["id"])
    if operation is None:
        return azure_error(404, "OperationNotFound", "The operation was not found.")
    operation.look(cloud, poll=True)
    if not operation.done:
        return json_response({"status": "Accepted"}, 202, {"location": operation.url(request), **POLL_MS})
    if operation.error:
        error = {"code": "ApplianceProvisioningFailed", "message": operation.error}  # Assumption: the code
        return json_response({"status": "Failed", "error": error})
    return json_response({"status": "Succeeded"})
