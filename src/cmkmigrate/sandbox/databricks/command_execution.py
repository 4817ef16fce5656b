"""The command-execution API 1.2: contexts on a running cluster, and commands in them. Other tools read secrets so.

Evidence: routes, fields and states are those of databricks-sdk's `command_execution`; `Finished` with a result of the
type `error` for a command that fails, and the words for a secret that is not there, are what the Terraform provider's
tests expect; errors of the API itself are `{"error": text}` ("API 1.2-style errors" in `databricks.sdk.errors`).
A context is Pending and each of its commands, one after the other, Running for `command_s` of the settings.
What the commands may say: `small_python`; other languages have contexts, and their commands fail by name.

Assumptions: the statuses and texts of the API's own errors; a context ends when its cluster stops.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Final

from cmkmigrate.sandbox.databricks.clusters import settle
from cmkmigrate.sandbox.databricks.small_python import NotSimulated, Raised, Session
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Failure, Request, Response, json_response, route

API: Final = "/api/1.2"
LANGUAGES: Final = ("python", "scala", "sql", "r")


@dataclass
class Command:
    """One command. `starts` and `ends` are times of the clock; `results` is there once it was run."""

    language: str
    text: str
    starts: float
    ends: float
    cancelled: bool = False
    results: Body | None = None

    def status(self, now: float) -> str:
        if self.cancelled:
            return "Cancelled"
        return "Queued" if now < self.starts else "Running" if now < self.ends else "Finished"


@dataclass
class Context:
    """A context: of which start of which cluster, in which language, ready from when."""

    cluster: str
    started: int
    language: str
    ready: float
    session: Session
    commands: dict[str, Command] = field(default_factory=dict)


def _refusal(status: int, text: str) -> Failure:
    return Failure(json_response({"error": text}, status))


def _running(state: WorkspaceState, id: str) -> Body:
    """The cluster, which must be running. Raises a 400 or 500."""
    if id not in state.clusters:
        raise _refusal(400, f"ClusterNotFoundException: Cluster not found: {id}")
    settle(state, id)
    cluster = state.clusters[id]
    if cluster["state"] in ("PENDING", "RESTARTING"):
        raise _refusal(500, f"ClusterNotReadyException: Cluster {id} is {cluster['state']}")
    if cluster["state"] not in ("RUNNING", "RESIZING"):
        raise _refusal(400, f"Cluster {id} is not running: it is {cluster['state']}")
    return cluster


def _context(state: WorkspaceState, cluster: str, id: str) -> Context:
    """A context of a running cluster. Raises a 400 or 500."""
    started = int(_running(state, cluster).get("start_time") or 0)
    context: Context | None = state.contexts.get(id)
    if context is None or (context.cluster, context.started) != (cluster, started):
        raise _refusal(400, f"ContextNotFound: there is no execution context {id}")
    return context


def _command(state: WorkspaceState, cluster: str, context: str, id: str) -> Command:
    """A command, with all that is due in its context run by now. Raises a 400 or 500."""
    held = _context(state, cluster, context)
    if id not in held.commands:
        raise _refusal(400, f"CommandNotFound: there is no command {id}")
    now = state.clock.now()
    for one in held.commands.values():
        if one.results is None and one.status(now) == "Finished":
            one.results = _results(held.session, one)
    return held.commands[id]


def _results(session: Session, command: Command) -> Body:
    try:
        if command.language != "python":
            raise NotSimulated(f"{command.language}: {command.text}")
        return {"resultType": "text", "data": session.run(command.text)}
    except Raised as error:
        name, _, text = str(error).partition(": ")
        summary = f'<span class="ansi-red-fg">{html.escape(name)}</span>: {html.escape(text)}'
        return {"resultType": "error", "summary": summary, "cause": str(error)}
    except NotSimulated as error:
        text = f"NotSimulated: the sandbox does not run this: {error}"
        return {"resultType": "error", "summary": html.escape(text), "cause": text}


def _session(state: WorkspaceState) -> Session:
    def secret(scope: str, key: str) -> bytes:
        held = state.scopes.get(scope)
        if held is None or key not in held.values:  # the values of a Key-Vault-backed scope are not in the workspace
            words = f"Secret does not exist with scope: {scope} and key: {key}"
            raise Raised(f"java.lang.IllegalArgumentException: {words}")
        return held.values[key][0]

    return Session(secret)


def _of(body: Body, name: str) -> str:
    return str(body.get(name) or "")


@route("POST", f"{API}/contexts/create")
def create_context(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    cluster, language = _of(body, "clusterId"), _of(body, "language").lower()
    started = int(_running(state, cluster).get("start_time") or 0)
    if language not in LANGUAGES:
        raise _refusal(400, f"language must be one of {', '.join(LANGUAGES)}")
    id, ready = str(state.ids.number()), state.clock.now() + state.settings.command_s
    state.contexts[id] = Context(cluster, started, language, ready, _session(state))
    return json_response({"id": id})


@route("GET", f"{API}/contexts/status")
def context_status(state: WorkspaceState, request: Request) -> Response:
    id = request.arg("contextId")
    context = _context(state, request.arg("clusterId"), id)
    return json_response({"id": id, "status": "Running" if state.clock.now() >= context.ready else "Pending"})


@route("POST", f"{API}/contexts/destroy")
def destroy_context(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    _context(state, _of(body, "clusterId"), _of(body, "contextId"))
    del state.contexts[_of(body, "contextId")]
    return json_response({})


@route("POST", f"{API}/commands/execute")
def execute_command(state: WorkspaceState, request: Request) -> Response:
    """Queues a command; it starts when the context is ready and the commands before it have ended."""
    body = request.json()
    context = _context(state, _of(body, "clusterId"), _of(body, "contextId"))
    before = [one.ends for one in context.commands.values() if not one.cancelled]
    starts = max(state.clock.now(), context.ready, *before)
    id = f"{state.ids.hexadecimal()}{state.ids.hexadecimal()}".lower()
    language = _of(body, "language").lower() or context.language
    context.commands[id] = Command(language, _of(body, "command"), starts, starts + state.settings.command_s)
    return json_response({"id": id})


@route("GET", f"{API}/commands/status")
def command_status(state: WorkspaceState, request: Request) -> Response:
    id = request.arg("commandId")
    command = _command(state, request.arg("clusterId"), request.arg("contextId"), id)
    answer: Body = {"id": id, "status": command.status(state.clock.now())}
    if command.results is not None:
        answer["results"] = command.results
    return json_response(answer)


@route("POST", f"{API}/commands/cancel")
def cancel_command(state: WorkspaceState, request: Request) -> Response:
    """Nothing happens to a command that has ended."""
    body = request.json()
    command = _command(state, _of(body, "clusterId"), _of(body, "contextId"), _of(body, "commandId"))
    command.cancelled = command.results is None
    return json_response({})
