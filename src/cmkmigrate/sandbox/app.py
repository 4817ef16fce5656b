"""The dispatcher: one request in, one answer out. A raw ASGI application, since routing is on every request's path.

In order: where does the host name lead, which route is it, is there a fault on it, is it within its limits, who calls,
may he; then the service. What goes wrong inside a service is a 500 in that host's shape, and a traceback on stderr.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cmkmigrate.sandbox import (
    access_connectors,
    activity_log,
    arm,
    arm_databricks,
    arm_network,
    arm_operations,
    authorization,
    control,
    databricks,
    diagnostic_settings,
    entra,
    exchanges,
    faulty,
    graph,
    key_vault_keys,
    key_vault_rotation,
    key_vault_rp,
    key_vault_rp_keys,
    managed_hsm_roles,
    managed_hsms,
    networks,
    other_resources,
    policies,
    private_endpoints,
    providers,
    quotas,
    resource_groups,
    role_definitions,
    storage_accounts,
)
from cmkmigrate.sandbox.arm_workspace import Workspace
from cmkmigrate.sandbox.cloud import Cloud, iso
from cmkmigrate.sandbox.faults import MARK, Fault, Faults
from cmkmigrate.sandbox.hosts import ARM, DATABRICKS, GRAPH, HSM, LOGIN, VAULT, Place, place_of
from cmkmigrate.sandbox.limits import Limits
from cmkmigrate.sandbox.recorder import Recorder
from cmkmigrate.sandbox.rights import enters_as_admin
from cmkmigrate.sandbox.tokens import Token
from cmkmigrate.sandbox.wire import (
    READING,
    BadBody,
    Failure,
    Request,
    Response,
    Route,
    Routes,
    azure_error,
    databricks_error,
)

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
# Assumption: several slashes are one to ARM and Graph. databricks-sdk finds a workspace by its id with a GET of
# //subscriptions/... (credentials_provider.py), which could not work otherwise; prowler asks in the same way.
SLASHES = ("management.", "graph.", "microsoftgraph.")


class App:
    """The application of one sandbox. `drop` of a scope's state is how a connection is cut."""

    def __init__(self, cloud: Cloud, limits: Limits, faults: Faults, recorder: Recorder) -> None:
        self.cloud, self.limits, self.faults, self.recorder = cloud, limits, faults, recorder
        self.exchanges = exchanges.opened()
        self.clock_moved: Callable[[], None] = lambda: None  # the server says the time in every answer
        self.routes: dict[str, Routes] = {
            ARM: Routes.collect(
                access_connectors, activity_log, arm_databricks, arm_operations, authorization, diagnostic_settings,
                key_vault_rp, key_vault_rp_keys, managed_hsms, networks, other_resources, policies, private_endpoints,
                providers, quotas, resource_groups, role_definitions, storage_accounts, ignore_case=True,
            ),
            GRAPH: Routes.collect(graph),
            LOGIN: Routes.collect(entra),
            VAULT: Routes.collect(key_vault_keys, key_vault_rotation),
            HSM: Routes.collect(key_vault_keys, key_vault_rotation, managed_hsm_roles),
            DATABRICKS: databricks.ROUTES,
        }  # fmt: skip

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "").rsplit(":", 1)[0].lower()
        body = await _body(scope, receive)
        if body is None:
            return
        raw_path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        if "//" in raw_path and host.startswith(SLASHES):
            raw_path = re.sub("/{2,}", "/", raw_path)
        request = Request(scope["method"], host, raw_path, query, headers, body)
        if scope["scheme"] == "http":  # not through CONNECT: the control API
            await _answer(send, control.handle(self, request))
            return
        await self._serve(request, scope, send)

    async def _serve(self, request: Request, scope: MutableMapping[str, Any], send: Send) -> None:
        place = place_of(request.host)
        found = self.routes[place.kind].find(request.method, request.raw_path) if place else None
        writes = found[0].writes if found else request.method not in READING
        fault = None
        if self.faults.rules:
            pattern = found[0].pattern if found else ""
            fault = self.faults.find(
                request.method, request.host, request.path, writes, request.query_string, request.body, pattern
            )
        response: Response | None
        if fault is None:
            response = self._respond(place, found, request)
        else:
            kind = place.kind if place else ""
            response = await faulty.carry_out(
                fault, kind, self.cloud, request, lambda asked: self._respond(place, found, asked)
            )
        self._note(request, scope, response.status if response else 0, writes, fault)
        if self.exchanges is not None:
            self._exchanged(request, response, found, fault)
        if fault is not None:
            await faulty.deliver(fault, response, scope["state"], send)
        elif response is not None:
            await _answer(send, response)

    def respond(self, request: Request) -> Response:
        """The answer to a request, without faults and without a line in the record."""
        place = place_of(request.host)
        found = self.routes[place.kind].find(request.method, request.raw_path) if place else None
        response = self._respond(place, found, request)
        if self.exchanges is not None:
            self._exchanged(request, response, found, None)
        return response

    def _exchanged(
        self,
        request: Request,
        response: Response | None,
        found: tuple[Route, dict[str, str]] | None,
        fault: Fault | None,
    ) -> None:
        assert self.exchanges is not None
        made_by = response.headers.get(MARK, "") if response is not None else fault.action if fault else ""
        self.exchanges.note(request, response, found[0].pattern if found else "", made_by)

    def _note(
        self, request: Request, scope: MutableMapping[str, Any], status: int, writes: bool, fault: Fault | None
    ) -> None:
        client, name = scope.get("client"), ""
        if fault is not None:
            name = fault.name
        self.recorder.note(
            self.cloud.clock.now(), f"{client[0]}:{client[1]}" if client else "", request.method, request.host,
            request.path, request.query_string, status, writes, name, request.headers.get("user-agent", ""),
        )  # fmt: skip

    def _respond(self, place: Place | None, found: tuple[Route, dict[str, str]] | None, request: Request) -> Response:
        """The answer of the service that the request is for."""
        if place is None:
            return azure_error(403, "NotSimulated", f"The sandbox does not serve {request.host}.")
        kind = place.kind
        try:
            if found is None:
                return self._no_route(kind, request)
            return self._handle(place, found[0], found[1], request)
        except Failure as failure:
            return failure.response
        except BadBody as error:
            return _malformed(kind, str(error))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            text = f"The sandbox failed at {request.method} {request.path}; its stderr says where."
            if kind == DATABRICKS:
                return databricks_error(500, "INTERNAL_ERROR", text)
            return azure_error(500, "InternalServerError", text)

    def _handle(self, place: Place, route: Route, params: dict[str, str], request: Request) -> Response:
        kind, cloud = place.kind, self.cloud
        request.params = params
        state: Any = cloud
        if kind == DATABRICKS:
            state = cloud.served.get(place.label)
            if state is None:
                return databricks_error(404, "404", f"There is no workspace at {request.host}.")
            if (shut := arm_network.closed(cloud, state.arm_id)) is not None:
                return shut
        limited = self.limits.check(kind, request.host, route)
        if limited is not None:
            return limited
        token: Token | None = None
        if not route.anonymous:
            token = cloud.tokens.of(request.headers.get("authorization", ""))
            if token is None or token.audience != kind:
                return _unauthenticated(cloud, place, token, request)
            request.principal = token.principal
        if kind == ARM:
            refused = (
                arm.refusal(cloud, request, route)
                or providers.refusal(cloud, request)
                or policies.refusal(cloud, request, route)
            )
            if refused is not None:
                return refused
            if route.writes:
                response = route.handler(state, request)
                activity_log.note(cloud, request, arm.action_of(route, request.path)[0], response)
                return response
        elif kind == DATABRICKS and token is not None:
            _admit(cloud, state, request)
        response = route.handler(state, request)
        if kind == DATABRICKS:
            response.headers.setdefault("x-databricks-org-id", str(state.org_id))
        return response

    def _no_route(self, kind: str, request: Request) -> Response:
        other = next(
            (m for m in ("GET", "PUT", "POST", "PATCH", "DELETE") if self.routes[kind].find(m, request.raw_path)), ""
        )
        text = f"The sandbox does not serve {request.method} {request.path}."
        if kind == DATABRICKS:
            return databricks_error(404, "ENDPOINT_NOT_FOUND", text)
        if other:
            return azure_error(405, "MethodNotAllowed", text)
        return azure_error(404, "InvalidResourceType" if kind == ARM else "NotFound", text)


def _admit(cloud: Cloud, state: databricks.WorkspaceState, request: Request) -> None:
    """A caller that is no member yet, but may make itself admin by the ARM resource that it names, becomes one."""
    who, wanted = request.principal, request.headers.get("x-databricks-azure-workspace-resource-id", "")
    if who is None or not wanted or state.has(who.kind, who.name):
        return
    workspace: Workspace | None = cloud.workspaces.get(wanted.lower())
    if workspace is None or cloud.served.get(workspace.label) is not state:
        return
    if enters_as_admin(cloud, who.id, workspace.id):
        state.assign(who, admin=True)


def _unauthenticated(cloud: Cloud, place: Place, token: Token | None, request: Request) -> Response:
    """The 401 of each service: without a token, with one that is not valid, with one for somebody else."""
    sent = "authorization" in request.headers
    if place.kind in (VAULT, HSM):
        return key_vault_keys.challenge(cloud, request)
    if place.kind == DATABRICKS:
        if not sent:
            text = "Credential was not sent or was of an unsupported type for this API."
            return databricks_error(401, "401", text)
        return databricks_error(403, "403", "Invalid access token.")
    where = f'Bearer authorization_uri="https://{place.cloud.login}/{cloud.tenant_id}"'
    headers = {"www-authenticate": f'{where}, error="invalid_token"' if sent else where}
    if place.kind == GRAPH:
        text = "Access token validation failure." if sent else "Access token is empty."
        text = "Access token validation failure. Invalid audience." if token else text
        return azure_error(401, "InvalidAuthenticationToken", text, headers=headers)
    if token is not None:
        text = "The access token has been obtained for wrong audience or resource."
        return azure_error(401, "InvalidAuthenticationTokenAudience", text, headers=headers)
    if not sent:
        text = "Authentication failed. The 'Authorization' header is missing."
        return azure_error(401, "AuthenticationFailed", text, headers=headers)
    if ended := cloud.tokens.ended(request.headers["authorization"]):  # code and text: hashicorp/azurerm#20867
        now, then = (f"{iso(when)[:19].replace('T', ' ')}" for when in (cloud.clock.now(), ended))
        text = f"The access token expiry UTC time '{then}' is earlier than current UTC time '{now}'."
        return azure_error(401, "ExpiredAuthenticationToken", text, headers=headers)
    return azure_error(401, "InvalidAuthenticationToken", "The access token is invalid.", headers=headers)


def _malformed(kind: str, why: str) -> Response:
    if kind == DATABRICKS:
        return databricks_error(400, "MALFORMED_REQUEST", f"Invalid JSON given in the body of the request: {why}")
    return azure_error(400, "InvalidRequestContent", f"The request content was invalid: {why}")


async def _body(scope: MutableMapping[str, Any], receive: Receive) -> bytes | None:
    """The body of a request; None where the client went away before all of it came, and nothing is to be done.

    What came whole is worked on, whether or not somebody still waits for the answer: a killed client has written.
    """
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            rest: bytes | None = scope["state"]["rest"]()
            return None if rest is None else b"".join((*chunks, rest))
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _answer(send: Send, response: Response) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
