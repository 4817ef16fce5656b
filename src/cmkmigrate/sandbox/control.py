"""The control API: plain HTTP on the front's own port, under `/_sandbox/`.

GET, DELETE  /_sandbox/requests       what reached the sandbox, as JSON lines; DELETE forgets it
GET, PUT     /_sandbox/faults         the rules of faults.py
GET, PUT     /_sandbox/limits         {"mode": "off" | "documented" | "xN"[, "retry_after": ...]}
GET, PUT     /_sandbox/clock          {"advance": seconds}
GET, PUT     /_sandbox/settings       what settings.py has
GET          /_sandbox/state/{host}   canonical JSON of a workspace, or of everything in ARM
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cmkmigrate.sandbox import arm_operations
from cmkmigrate.sandbox.cloud import iso
from cmkmigrate.sandbox.faults import BadRule
from cmkmigrate.sandbox.hosts import ARM, DATABRICKS, place_of
from cmkmigrate.sandbox.wire import BadBody, Request, Response, json_response

if TYPE_CHECKING:
    from cmkmigrate.sandbox.app import App

ROOT = "/_sandbox/"
LOCAL = ("127.0.0.1", "localhost", "[::1]", "")


def _error(status: int, message: str) -> Response:
    return json_response({"error": message}, status)


def handle(app: App, request: Request) -> Response:
    """The answer to a request on the front's own port."""
    if request.host not in LOCAL or not request.raw_path.startswith(ROOT):
        return _error(403, "this port is a proxy for CONNECT; its control API is under /_sandbox/")
    what, _, rest = request.path.removeprefix(ROOT).partition("/")
    if what == "state":
        return _state(app, rest)
    wanted = HANDLERS.get((request.method, what))
    if wanted is None or rest:
        return _error(404, f"there is no {request.method} {request.path}")
    try:
        return wanted(app, request)
    except (BadRule, BadBody, ValueError) as error:
        return _error(400, str(error))


def _state(app: App, host: str) -> Response:
    place = place_of(host)
    if place is not None and place.kind == ARM:
        body = app.cloud.state(place.cloud)
    elif place is not None and place.kind == DATABRICKS and place.label in app.cloud.served:
        body = app.cloud.served[place.label].state()
    else:
        known = ", ".join(["management.azure.test", *app.cloud.served])
        return _error(404, f"there is no state of {host}; there is of {known}")
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Response(200, text.encode(), {"content-type": "application/json; charset=utf-8"})


def _requests(app: App, request: Request) -> Response:
    lines = (json.dumps(line) + "\n" for line in app.recorder.all())
    return Response(200, "".join(lines).encode(), {"content-type": "application/x-ndjson; charset=utf-8"})


def _forget(app: App, request: Request) -> Response:
    app.recorder.clear()
    return Response(204)


def _faults(app: App, request: Request) -> Response:
    return json_response(app.faults.as_json())


def _put_faults(app: App, request: Request) -> Response:
    app.faults.put(request.json() or [])
    arm_operations.let_go(app.cloud)
    return json_response(app.faults.as_json())


def _limits(app: App, request: Request) -> Response:
    return json_response(app.limits.as_json())


def _put_limits(app: App, request: Request) -> Response:
    body: Any = request.json()
    if not isinstance(body, dict) or set(body) - {"mode", "retry_after"}:
        raise ValueError('limits are {"mode": "off" | "documented" | "xN", "retry_after": "always" and so on}')
    app.limits.put(str(body.get("mode", app.limits.mode)), body.get("retry_after"))
    return json_response(app.limits.as_json())


def _clock(app: App, request: Request) -> Response:
    clock = app.cloud.clock
    return json_response({"now": iso(clock.now()), "advanced_s": clock.offset})


def _put_clock(app: App, request: Request) -> Response:
    body: Any = request.json()
    seconds = body.get("advance") if isinstance(body, dict) else None
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds < 0:
        raise ValueError('the clock is moved by {"advance": seconds}, forward')
    app.cloud.clock.advance(float(seconds))
    app.clock_moved()
    return _clock(app, request)


def _settings(app: App, request: Request) -> Response:
    settings = app.cloud.settings
    return json_response({name: getattr(settings, name) for name in settings.__slots__})


def _put_settings(app: App, request: Request) -> Response:
    app.cloud.settings.put(request.json())
    return _settings(app, request)


HANDLERS: dict[tuple[str, str], Callable[[App, Request], Response]] = {
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget,
    ("GET", "faults"): _faults,
    ("PUT", "faults"): _put_faults,
    ("GET", "limits"): _limits,
    ("PUT", "limits"): _put_limits,
    ("GET", "clock"): _clock,
    ("PUT", "clock"): _put_clock,
    ("GET", "settings"): _settings,
    ("PUT", "settings"): _put_settings,
}
