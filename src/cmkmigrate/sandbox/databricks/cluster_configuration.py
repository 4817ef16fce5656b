"""What may stand in the configuration of a cluster, and what the server fills in.

Assumptions: an unknown pool or policy is refused at creation, and so are machine settings beside a pool (the Terraform
provider takes them out before it sends). The defaults are those that a GET shows for clusters made by hand.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks import current_form, legacy
from cmkmigrate.sandbox.databricks.refusals import invalid
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState

NOT_WITH_POOL = ("node_type_id", "driver_node_type_id", "enable_elastic_disk")
SERVER_OWNED = frozenset(
    {
        "cluster_cores",
        "cluster_id",
        "cluster_log_status",
        "cluster_memory_mb",
        "cluster_source",
        "creator_user_name",
        "default_tags",
        "driver",
        "executors",
        "jdbc_port",
        "last_restarted_time",
        "last_state_loss_time",
        "spark_context_id",
        "spec",
        "start_time",
        "state",
        "state_message",
        "terminated_time",
        "termination_reason",
        "pinned_by_user_name",
        "idempotency_token",
        "clone_from",
    }
)
NOT_IN_SPEC = ("cluster_id", "idempotency_token", "clone_from")
SINGLE_USER = ("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED")


def configuration(state: WorkspaceState, body: Body, caller: str) -> Body:
    """The configuration that a create or edit gives, with the server's defaults. Raises a 400."""
    if not body.get("spark_version"):
        raise invalid("Missing required field: spark_version")
    if "num_workers" not in body and "autoscale" not in body and not body.get("is_single_node"):
        raise invalid("Missing required field: one of num_workers, autoscale")
    pool_id, policy_id = body.get("instance_pool_id"), body.get("policy_id")
    if pool_id:
        if pool_id not in state.pools:
            raise invalid(f"Can't find an instance pool with id: {pool_id}")
        for name in NOT_WITH_POOL:
            if body.get(name):
                raise invalid(f"The field '{name}' cannot be supplied when an instance pool ID is provided.")
        if body.get("azure_attributes"):
            raise invalid("The field 'azure_attributes' cannot be supplied when an instance pool ID is provided.")
    else:
        if body.get("driver_instance_pool_id"):
            raise invalid("driver_instance_pool_id needs an instance_pool_id.")
        if not body.get("node_type_id"):
            raise invalid("Missing required field: one of node_type_id, instance_pool_id")
    if body.get("driver_instance_pool_id") and body["driver_instance_pool_id"] not in state.pools:
        raise invalid(f"Can't find an instance pool with id: {body['driver_instance_pool_id']}")
    if policy_id and policy_id not in state.policies:
        raise invalid(f"Can't find a cluster policy with id: {policy_id}.")
    legacy.guard_cluster(state, body)
    given: Body = current_form.cluster({key: value for key, value in body.items() if key not in SERVER_OWNED})
    given.pop("apply_policy_default_values", None)  # comes back in `spec` alone
    given.setdefault("cluster_name", "")
    given.setdefault("autotermination_minutes", 0)
    if pool_id:
        given["enable_elastic_disk"] = bool(state.pools[pool_id].get("enable_elastic_disk", False))
        given["azure_attributes"] = {"first_on_demand": 1, **state.pools[pool_id].get("azure_attributes", {})}
    else:
        given.setdefault("driver_node_type_id", given["node_type_id"])
        given.setdefault("enable_elastic_disk", True)
        usual = {"first_on_demand": 1, "availability": "ON_DEMAND_AZURE", "spot_bid_max_price": -1.0}
        given["azure_attributes"] = {**usual, **(given.get("azure_attributes") or {})}
    if given.get("data_security_mode") in SINGLE_USER:
        given.setdefault("single_user_name", caller)
    return given


def spec(body: Body) -> Body:
    """The `spec` that a GET shows: the configuration as it was asked for."""
    return current_form.cluster({key: value for key, value in body.items() if key not in NOT_IN_SPEC})
