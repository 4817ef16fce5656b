"""Reads that are older than the write before them: SCIM, permissions and secret ACLs are served from caches.

Seen by users: a put of a secret ACL that lists did not show for most of a minute (databrickslabs/ucx#627). Off unless
`stale_s` of the settings is set: then the first read of something within so many seconds after a write to its service
answers what it answered before the write. Later reads are right.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.workspace import WorkspaceState
from cmkmigrate.sandbox.wire import Handler, Request, Response

CACHED = ("/api/2.0/preview/scim/v2/", "/api/2.0/permissions/", "/api/2.0/secrets/acls/")


def served(state: WorkspaceState, request: Request, handler: Handler) -> Response:
    """The handler's answer, or an older one where this workspace is to give such."""
    service = next((one for one in CACHED if request.raw_path.startswith(one)), "") if state.settings.stale_s else ""
    if not service:
        return handler(state, request)
    now = state.clock.now()
    if request.method != "GET":
        state.written[service] = now
        return handler(state, request)
    key = f"{request.raw_path}?{request.query_string}"
    written, before = state.written.get(service), state.seen.get(key)
    fresh = handler(state, request)
    state.seen[key] = (now, fresh)
    if before is not None and written is not None and before[0] <= written and now - written < state.settings.stale_s:
        return before[1]
    return fresh
