"""What an estate holds and this product does not move yet: lists and gets, and the update of a query.

SQL warehouses, pipelines, queries, alerts, Lakeview dashboards, global init scripts, libraries of clusters. And the
host metadata that every SDK asks for first.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cmkmigrate.sandbox.databricks.refusals import invalid, missing
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

PAGE = 100
_QUERY = (
    "apply_auto_limit", "catalog", "description", "display_name", "owner_user_name", "parameters", "query_text",
    "run_as_mode", "schema", "tags", "warehouse_id",
)  # fmt: skip


def _held(state: WorkspaceState, kind: str, request: Request) -> Body:
    body = state.listed.get(kind, {}).get(request.params["id"])
    if body is None:
        raise missing(f"The specified {kind.removesuffix('s')} {request.params['id']} was not found.")
    return body


def _page(bodies: list[Body], name: str, request: Request, size_name: str, usual: int) -> Response:
    """A page of a list that answers with `next_page_token`."""
    size, at = int(request.arg(size_name) or usual), int(request.arg("page_token") or 0)
    if not 0 < size <= PAGE:
        raise invalid(f"{size_name} must be between 1 and {PAGE}.")
    answer: Body = {name: bodies[at : at + size]} if bodies[at:] else {}
    if len(bodies) > at + size:
        answer["next_page_token"] = str(at + size)
    return json_response(answer)


def _without(kind: str, state: WorkspaceState, *fields: str) -> list[Body]:
    bodies = state.listed.get(kind, {}).values()
    return [{key: value for key, value in body.items() if key not in fields} for body in bodies]


@route("GET", "/.well-known/databricks-config", anonymous=True)
def host_metadata(state: WorkspaceState, request: Request) -> Response:
    """Who this host is."""
    return json_response(
        {
            "oidc_endpoint": f"https://{request.host}/oidc",
            "workspace_id": str(state.org_id),
            "cloud": "Azure",
        }
    )


@route("GET", "/api/2.0/sql/warehouses")
def list_warehouses(state: WorkspaceState, request: Request) -> Response:
    return _page(_without("warehouses", state), "warehouses", request, "page_size", PAGE)


@route("GET", "/api/2.0/sql/warehouses/{id}")
def get_warehouse(state: WorkspaceState, request: Request) -> Response:
    return json_response(_held(state, "warehouses", request))


@route("GET", "/api/2.0/pipelines")
def list_pipelines(state: WorkspaceState, request: Request) -> Response:
    bodies = _without("pipelines", state, "spec", "last_modified", "run_as", "parameters")
    return _page(bodies, "statuses", request, "max_results", 25)


@route("GET", "/api/2.0/pipelines/{id}")
def get_pipeline(state: WorkspaceState, request: Request) -> Response:
    return json_response(_held(state, "pipelines", request))


@route("GET", "/api/2.0/sql/queries")
def list_queries(state: WorkspaceState, request: Request) -> Response:
    return _page(_without("queries", state, "parent_path"), "results", request, "page_size", 20)


@route("GET", "/api/2.0/sql/queries/{id}")
def get_query(state: WorkspaceState, request: Request) -> Response:
    return json_response(_held(state, "queries", request))


@route("PATCH", "/api/2.0/sql/queries/{id}")
def update_query(state: WorkspaceState, request: Request) -> Response:
    """The fields that `update_mask` names (databricks-sdk: of UpdateQueryRequestQuery, `*` for all).

    Assumption: the time of the update moves also where nothing else does; a field that the mask names and the body does
    not have is emptied.
    """
    who = state.caller(request)
    held, body = _held(state, "queries", request), request.json()
    mask = [name for name in str(body.get("update_mask") or "").split(",") if name]
    if not mask:
        raise invalid("update_mask must be given.")
    given = body.get("query") or {}
    names = list(_QUERY) if mask == ["*"] else mask
    if unknown := [name for name in names if name not in _QUERY]:
        raise invalid(f"update_mask has unknown fields: {', '.join(unknown)}.")
    for name in names:
        held.pop(name, None)
        if name in given:
            held[name] = given[name]
    held["update_time"] = datetime.fromtimestamp(state.clock.ms() / 1000, UTC).isoformat().replace("+00:00", "Z")
    held["last_modifier_user_name"] = who.name
    return json_response(held)


@route("GET", "/api/2.0/sql/alerts")
def list_alerts(state: WorkspaceState, request: Request) -> Response:
    return _page(_without("alerts", state, "parent_path"), "results", request, "page_size", 20)


@route("GET", "/api/2.0/sql/alerts/{id}")
def get_alert(state: WorkspaceState, request: Request) -> Response:
    return json_response(_held(state, "alerts", request))


@route("GET", "/api/2.0/lakeview/dashboards")
def list_dashboards(state: WorkspaceState, request: Request) -> Response:
    return _page(_without("dashboards", state, "serialized_dashboard"), "dashboards", request, "page_size", PAGE)


@route("GET", "/api/2.0/lakeview/dashboards/{id}")
def get_dashboard(state: WorkspaceState, request: Request) -> Response:
    return json_response(_held(state, "dashboards", request))


@route("GET", "/api/2.0/global-init-scripts")
def list_init_scripts(state: WorkspaceState, request: Request) -> Response:
    bodies = sorted(_without("global_init_scripts", state, "script"), key=lambda body: int(body.get("position", 0)))
    return json_response({"scripts": bodies} if bodies else {})


@route("GET", "/api/2.0/global-init-scripts/{id}")
def get_init_script(state: WorkspaceState, request: Request) -> Response:
    return json_response(_held(state, "global_init_scripts", request))


@route("GET", "/api/2.0/libraries/all-cluster-statuses")
def list_libraries(state: WorkspaceState, request: Request) -> Response:
    found = [{"cluster_id": id, "library_statuses": held} for id, held in state.libraries.items()]
    return json_response({"statuses": found} if found else {})


@route("GET", "/api/2.0/libraries/cluster-status")
def get_libraries(state: WorkspaceState, request: Request) -> Response:
    id = request.arg("cluster_id")
    if id not in state.clusters:
        raise invalid(f"Cluster {id} does not exist")
    held = state.libraries.get(id)
    return json_response({"cluster_id": id, **({"library_statuses": held} if held else {})})
