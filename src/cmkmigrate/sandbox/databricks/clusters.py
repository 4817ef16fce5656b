"""Clusters. Creating one starts it: PENDING, a little later RUNNING; delete terminates it and keeps its configuration.

Names are not unique. An `idempotency_token` gives the cluster that has it as long as that one is not terminated.
Terminated clusters that are not pinned are gone from the list after 30 days (and from get after 60).
"""

from __future__ import annotations

from collections.abc import Callable

from cmkmigrate.sandbox.databricks.cluster_configuration import NOT_WITH_POOL, SERVER_OWNED, configuration, spec
from cmkmigrate.sandbox.databricks.node_types import cores
from cmkmigrate.sandbox.databricks.refusals import bad_state, invalid
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState, own_entry
from cmkmigrate.sandbox.wire import Handler, Request, Response, json_response, route

DAY = 86_400.0
LISTED_DAYS, KEPT_DAYS = 30, 60  # after termination, of clusters that are not pinned
MOST_PINNED = 100
ACTIVE = frozenset({"PENDING", "RUNNING", "RESTARTING", "RESIZING", "TERMINATING"})


def _missing(id: object) -> Exception:
    return invalid(f"Cluster {id} does not exist")


def settle(state: WorkspaceState, id: str) -> None:
    """Bring a cluster to the state that it has reached by now."""
    due = state.cluster_due.get(id)
    if due is None or state.clock.now() < due[0]:
        return
    del state.cluster_due[id]
    cluster = state.clusters[id]
    refused = state.compute_refusal() if due[1] == "RUNNING" else ""
    too_many = state.quota_refusal() if due[1] == "RUNNING" and not refused else ""
    refused = refused or too_many
    cluster["state"], cluster["state_message"] = "TERMINATED" if refused else due[1], ""
    if cluster["state"] == "TERMINATED":
        state.cluster_ended[id] = due[0]
        cluster["terminated_time"] = int(due[0] * 1000)
        cluster["state_message"] = refused or "Terminated by a user"
        reason: Body = {"code": "USER_REQUEST", "type": "SUCCESS", "parameters": {}}
        if too_many:
            parameters = {"azure_error_code": "QuotaExceeded", "azure_error_message": too_many}
            reason = {"code": "AZURE_QUOTA_EXCEEDED_EXCEPTION", "type": "CLIENT_ERROR", "parameters": parameters}
        elif refused:
            parameters = {"azure_error_message": refused}
            reason = {"code": "CLOUD_PROVIDER_LAUNCH_FAILURE", "type": "CLOUD_FAILURE", "parameters": parameters}
        cluster["termination_reason"] = reason
        for name in ("cluster_cores", "cluster_memory_mb", "driver", "executors"):
            cluster.pop(name, None)


def _age(state: WorkspaceState, id: str) -> float:
    """Days since an unpinned cluster was terminated; 0.0 for all others."""
    if id in state.pinned or state.clusters[id]["state"] != "TERMINATED":
        return 0.0
    return (state.clock.now() - state.cluster_ended.get(id, state.clock.now())) / DAY


def cluster_of(state: WorkspaceState, id: object) -> Body:
    """The cluster as it is now. Raises a 400, as the service does for a cluster that is not there."""
    key = str(id)
    if key not in state.clusters or _age(state, key) > KEPT_DAYS:
        raise _missing(id)
    settle(state, key)
    return state.clusters[key]


def _shown(state: WorkspaceState, cluster: Body) -> Body:
    pinned = state.pinned.get(cluster["cluster_id"])
    return {**cluster, "pinned_by_user_name": pinned} if pinned else cluster


def _started(state: WorkspaceState, cluster: Body) -> None:
    id = cluster["cluster_id"]
    cluster["state"], cluster["state_message"] = "PENDING", "Starting Spark"
    cluster["start_time"] = state.clock.ms()
    for name in ("terminated_time", "termination_reason"):
        cluster.pop(name, None)
    state.cluster_ended.pop(id, None)
    state.cluster_due[id] = (state.clock.now() + state.start_seconds, "RUNNING")
    state.started["clusters"] += 1
    pool = state.pools.get(str(cluster.get("instance_pool_id")), {})
    size = str(cluster.get("node_type_id") or pool.get("node_type_id") or "")
    workers = int(cluster.get("num_workers") or (cluster.get("autoscale") or {}).get("min_workers") or 0)
    cluster["cluster_cores"] = cores(size) * (workers + 1)


def _tags(id: str, name: str, creator: str) -> Body:
    return {"Vendor": "Databricks", "Creator": creator, "ClusterName": name, "ClusterId": id}


def both(method: str, verb: str) -> Callable[[Handler], Handler]:
    """The route under API 2.1, and under 2.0 for older clients."""

    def mark(handler: Handler) -> Handler:
        return route(method, f"/api/2.0/clusters/{verb}")(route(method, f"/api/2.1/clusters/{verb}")(handler))

    return mark


@both("POST", "create")
def create_cluster(state: WorkspaceState, request: Request) -> Response:
    who = state.caller(request)
    body = request.json()
    token = str(body.get("idempotency_token") or "")
    if len(token) > 64:
        raise invalid("idempotency_token must have at most 64 characters.")
    same = state.cluster_tokens.get(token) if token else None
    if same in state.clusters:
        settle(state, same)
        if state.clusters[same]["state"] in ACTIVE:
            return json_response({"cluster_id": same})
    given = configuration(state, body, who.name)
    id = state.ids.dated()
    cluster: Body = {
        **given,
        "cluster_id": id,
        "creator_user_name": who.name,
        "cluster_source": "API",
        "spec": spec(body),
        "last_state_loss_time": 0,
        "default_tags": _tags(id, given["cluster_name"], who.name),
    }
    state.clusters[id] = cluster
    _started(state, cluster)
    if token:
        state.cluster_tokens[token] = id
    state.acls[("clusters", id)] = [own_entry(who, "CAN_MANAGE")]
    return json_response({"cluster_id": id})


@both("GET", "get")
def get_cluster(state: WorkspaceState, request: Request) -> Response:
    return json_response(_shown(state, cluster_of(state, request.arg("cluster_id"))))


def _wanted(state: WorkspaceState, request: Request) -> list[Body]:
    sources = set(request.query.get("filter_by.cluster_sources", []))
    states = set(request.query.get("filter_by.cluster_states", []))
    policy, pinned = request.arg("filter_by.policy_id"), request.arg("filter_by.is_pinned").lower()
    found: list[Body] = []
    for id, cluster in state.clusters.items():
        settle(state, id)
        if _age(state, id) > LISTED_DAYS:
            continue
        if (sources and cluster.get("cluster_source") not in sources) or (states and cluster["state"] not in states):
            continue
        if (policy and cluster.get("policy_id") != policy) or (pinned == "true" and id not in state.pinned):
            continue
        if pinned == "false" and id in state.pinned:
            continue
        found.append(_shown(state, cluster))
    return found


@route("GET", "/api/2.1/clusters/list")
def list_clusters(state: WorkspaceState, request: Request) -> Response:
    """Up to 100 at a time, filtered."""
    size, at = int(request.arg("page_size", "20") or 20), int(request.arg("page_token", "0") or 0)
    if not 0 < size <= 100:
        raise invalid("page_size must be between 1 and 100.")
    found = _wanted(state, request)
    answer: Body = {"clusters": found[at : at + size]} if found[at:] else {}
    answer["next_page_token"] = str(at + size) if len(found) > at + size else ""
    answer["prev_page_token"] = str(max(0, at - size)) if at else ""
    return json_response(answer)


@route("GET", "/api/2.0/clusters/list")
def list_all_clusters(state: WorkspaceState, request: Request) -> Response:
    """The older route: everything at once."""
    found = _wanted(state, request)
    return json_response({"clusters": found} if found else {})


def _named(state: WorkspaceState, request: Request) -> Body:
    return cluster_of(state, request.json().get("cluster_id"))


def _apply(state: WorkspaceState, cluster: Body, given: Body, asked: Body) -> None:
    """Give a cluster another configuration. A running one restarts."""
    kept = {key: value for key, value in cluster.items() if key in SERVER_OWNED}
    cluster.clear()
    cluster.update({**given, **kept, "spec": spec(asked)})
    tags = _tags(cluster["cluster_id"], given["cluster_name"], cluster["creator_user_name"])
    cluster["default_tags"] = tags
    if cluster["state"] == "RUNNING":
        cluster["state"] = "RESTARTING"
        state.cluster_due[cluster["cluster_id"]] = (state.clock.now() + state.start_seconds, "RUNNING")


@both("POST", "edit")
def edit_cluster(state: WorkspaceState, request: Request) -> Response:
    """Replaces the configuration; only of a cluster that is RUNNING or TERMINATED."""
    who = state.caller(request)
    cluster, body = _named(state, request), request.json()
    if cluster["state"] not in ("RUNNING", "TERMINATED"):
        raise bad_state(f"Cluster {cluster['cluster_id']} is in unexpected state {cluster['state']}.")
    _apply(state, cluster, configuration(state, body, who.name), body)
    return json_response({})


@route("POST", "/api/2.1/clusters/update")
def update_cluster(state: WorkspaceState, request: Request) -> Response:
    """Changes the fields that `update_mask` names."""
    who = state.caller(request)
    cluster, body = _named(state, request), request.json()
    if cluster["state"] not in ("RUNNING", "TERMINATED"):
        raise bad_state(f"Cluster {cluster['cluster_id']} is in unexpected state {cluster['state']}.")
    new = {key: value for key, value in cluster.items() if key not in SERVER_OWNED}
    if new.get("instance_pool_id"):
        for name in (*NOT_WITH_POOL, "azure_attributes"):
            new.pop(name, None)
    for path in filter(None, str(body.get("update_mask") or "").split(",")):
        top = path.strip().split(".")[0]
        if top in (body.get("cluster") or {}):
            new[top] = body["cluster"][top]
        else:
            new.pop(top, None)
    _apply(state, cluster, configuration(state, new, who.name), new)
    return json_response({})


@both("POST", "delete")
def terminate_cluster(state: WorkspaceState, request: Request) -> Response:
    """Stops it; nothing happens to one that is terminated already."""
    cluster = _named(state, request)
    if cluster["state"] not in ("TERMINATED", "TERMINATING"):
        cluster["state"], cluster["state_message"] = "TERMINATING", "Terminated by a user"
        state.cluster_due[cluster["cluster_id"]] = (state.clock.now() + state.stop_seconds, "TERMINATED")
    return json_response({})


@both("POST", "permanent-delete")
def delete_cluster(state: WorkspaceState, request: Request) -> Response:
    id = str(_named(state, request)["cluster_id"])
    for held in (state.clusters, state.cluster_due, state.cluster_ended, state.pinned, state.libraries):
        held.pop(id, None)
    state.forget_acl("clusters", id)
    return json_response({})


@both("POST", "start")
def start_cluster(state: WorkspaceState, request: Request) -> Response:
    cluster = _named(state, request)
    if cluster["state"] != "TERMINATED":
        raise bad_state(f"Cluster {cluster['cluster_id']} is in unexpected state {cluster['state']}.")
    _started(state, cluster)
    return json_response({})


@both("POST", "pin")
def pin_cluster(state: WorkspaceState, request: Request) -> Response:
    who = state.caller(request)
    id = str(_named(state, request)["cluster_id"])
    if id not in state.pinned and len(state.pinned) >= MOST_PINNED:
        raise invalid(f"At most {MOST_PINNED} clusters can be pinned.")
    state.pinned.setdefault(id, who.name)
    return json_response({})


@both("POST", "unpin")
def unpin_cluster(state: WorkspaceState, request: Request) -> Response:
    state.pinned.pop(str(_named(state, request)["cluster_id"]), None)
    return json_response({})


@both("POST", "change-owner")
def change_owner(state: WorkspaceState, request: Request) -> Response:
    cluster, owner = _named(state, request), str(request.json().get("owner_username") or "")
    if cluster["state"] != "TERMINATED":
        raise bad_state(f"Cluster {cluster['cluster_id']} must be terminated to change its owner.")
    if not (state.has("user", owner) or state.has("service_principal", owner)):
        raise invalid(f"User {owner} does not exist.")
    cluster["creator_user_name"] = owner
    cluster["default_tags"] = _tags(cluster["cluster_id"], cluster["cluster_name"], owner)
    return json_response({})
