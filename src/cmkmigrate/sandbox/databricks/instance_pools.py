"""Instance pools. Creating one with idle instances starts them, which is counted.

Names are unique as the vendor's documentation says; `unique_pool_names` of the workspace switches that off, as one
independent model of the service permits duplicates.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.refusals import invalid, missing, taken
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState, own_entry
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

POOLS = "/api/2.0/instance-pools"
SERVER_OWNED = frozenset({"instance_pool_id", "default_tags", "state", "stats", "status"})
EDITABLE = frozenset(
    {
        "instance_pool_name",
        "node_type_id",
        "custom_tags",
        "idle_instance_autotermination_minutes",
        "max_capacity",
        "min_idle_instances",
        "remote_disk_throughput",
        "total_initial_remote_disk_size",
        "node_type_flexibility",
    }
)


def pool_of(state: WorkspaceState, id: object) -> Body:
    """The pool. Raises a 404."""
    pool = state.pools.get(str(id))
    if pool is None:
        raise missing(f"Instance pool {id} does not exist.")
    return pool


def _check(state: WorkspaceState, body: Body, own: str = "") -> None:
    name = body.get("instance_pool_name")
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        raise invalid("instance_pool_name must have between 1 and 100 characters.")
    if not body.get("node_type_id"):
        raise invalid("node_type_id is required.")
    same = [id for id, pool in state.pools.items() if pool["instance_pool_name"] == name and id != own]
    if same and state.unique_pool_names:
        raise taken(f"Instance pool with name {name} already exists.")


@route("GET", f"{POOLS}/list")
def list_pools(state: WorkspaceState, request: Request) -> Response:
    return json_response({"instance_pools": list(state.pools.values())} if state.pools else {})


@route("GET", f"{POOLS}/get")
def get_pool(state: WorkspaceState, request: Request) -> Response:
    return json_response(pool_of(state, request.arg("instance_pool_id")))


@route("POST", f"{POOLS}/create")
def create_pool(state: WorkspaceState, request: Request) -> Response:
    who = state.caller(request)
    body = request.json()
    _check(state, body)
    id = state.ids.dated("pool-")
    given = {key: value for key, value in body.items() if key not in SERVER_OWNED}
    tags = {"Vendor": "Databricks", "DatabricksInstancePoolId": id, "DatabricksInstancePoolCreatorId": who.name}
    idle = int(body.get("min_idle_instances") or 0)
    state.pools[id] = {
        "min_idle_instances": 0,
        "enable_elastic_disk": False,
        "azure_attributes": {"availability": "ON_DEMAND_AZURE", "spot_bid_max_price": -1.0},
        **given,
        "instance_pool_id": id,
        "default_tags": tags,
        "state": "ACTIVE",
        "status": {},
        "stats": {"used_count": 0, "idle_count": idle, "pending_used_count": 0, "pending_idle_count": 0},
    }
    state.started["idle_instances"] += idle
    state.acls[("instance-pools", id)] = [own_entry(who, "CAN_MANAGE")]
    return json_response({"instance_pool_id": id})


@route("POST", f"{POOLS}/edit")
def edit_pool(state: WorkspaceState, request: Request) -> Response:
    """Replaces what can be edited; the rest stays as it was made."""
    body = request.json()
    pool = pool_of(state, body.get("instance_pool_id"))
    id = str(pool["instance_pool_id"])
    _check(state, body, own=id)
    if body["node_type_id"] != pool["node_type_id"]:
        raise invalid("node_type_id of an instance pool cannot be changed.")
    kept = {key: value for key, value in pool.items() if key not in EDITABLE}
    idle = int(body.get("min_idle_instances") or 0)
    state.started["idle_instances"] += max(0, idle - int(pool.get("min_idle_instances") or 0))
    given = {key: value for key, value in body.items() if key in EDITABLE}
    state.pools[id] = {"min_idle_instances": 0, **kept, **given, "stats": {**pool.get("stats", {}), "idle_count": idle}}
    return json_response({})


@route("POST", f"{POOLS}/delete")
def delete_pool(state: WorkspaceState, request: Request) -> Response:
    pool = pool_of(state, request.json().get("instance_pool_id"))
    del state.pools[str(pool["instance_pool_id"])]
    state.forget_acl("instance-pools", pool["instance_pool_id"])
    return json_response({})
