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
from cmkmigrate.sandbox.faults import MARK
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
    workspace: Any = None
    polls: int = 0
    done: bool = False
    error: str = ""
    code: str = "ApplianceProvisioningFailed"  # Assumption: the code of a failure
    fate: str = ""  # what a fault makes of it (`faults.HOW`)

    def look(self, cloud: Cloud, *, poll: bool) -> None:
        """Finish it when its time has come: after enough polls, or enough seconds without any."""
        if self.done or self.fate == "never":
            return
        self.polls += poll
        late = cloud.clock.now() - self.started >= cloud.settings.operation_s
        if not late and self.polls <= cloud.settings.polls:
            return
        self.done = True
        if self.fate == "fail":
            self.workspace.state = "Failed"
        elif self.fate == "lie":
            self.workspace.state = "Succeeded"
        else:
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
    made = Operation(key, workspace.subscription, workspace.group, workspace.location, now, finish, workspace)
    cloud.operations[key] = made
    workspace.operation = made
    return made


def doom(cloud: Cloud, url: str, fate: str, code: str, message: str) -> None:
    """Give the operation of this URL, where it is one and has not ended, a fate (`faults.HOW`)."""
    operation: Operation | None = cloud.operations.get(url.partition("?")[0].rpartition("/operationStatuses/")[2])
    if operation is not None and not operation.done:
        operation.fate = fate
        if fate == "fail":
            operation.code, operation.error = code, message


def let_go(cloud: Cloud) -> None:
    """Let operations that a fault holds up go on."""
    for operation in cloud.operations.values():
        if not operation.done and operation.fate != "fail":
            operation.fate = ""


@route("GET", RESOURCE + "Microsoft.Databricks/locations/{location}/operationStatuses/{id}")
def get_operation(cloud: Cloud, request: Request) -> Response:
    """How far an operation is."""
    operation: Operation | None = cloud.operations.get(request.params["id"])
    if operation is None:
        return azure_error(404, "OperationNotFound", "The operation was not found.")
    fate = operation.fate
    mark = {MARK: "operation"} if fate else {}
    operation.look(cloud, poll=fate not in ("early", "forgotten"))
    if fate == "forgotten":
        return azure_error(404, "OperationNotFound", "The operation was not found.", headers=mark)
    if not operation.done and fate != "early":
        return json_response({"status": "Accepted"}, 202, {"location": operation.url(request), **POLL_MS, **mark})
    if operation.error:
        return json_response(
            {"status": "Failed", "error": {"code": operation.code, "message": operation.error}}, 200, mark
        )
    return json_response({"status": "Succeeded"}, 200, mark)
