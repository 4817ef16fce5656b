"""What the comparer does not look at, kind by kind, each with its reason. Nothing else is ignored.

A path is dotted; `[*]` is every element of a list. DEFAULTS: a value that the service fills in where nothing was said,
so that having it and not having it mean the same. What is *not* here is compared as it is, fields that nobody has
heard of included.
"""

from __future__ import annotations

from typing import Any

MADE_ANEW = "the service gives a new one to whatever is created"
CREATOR = "whoever runs the migration creates the objects; the API does not let anybody else be named"
SCHEMAS = "names of the protocol, which every answer of SCIM carries and an estate need not"
RUNNING = "describes what runs or ran on the machines, not what was configured"

IGNORED: dict[str, dict[str, str]] = {
    "users": {
        "id": "the account's number of the principal; what stands for it elsewhere is the name",
        "schemas": SCHEMAS,
    },
    "service_principals": {
        "id": "the account's number of the principal; what stands for it elsewhere is the name",
        "schemas": SCHEMAS,
    },
    "groups": {
        "id": MADE_ANEW,
        "schemas": SCHEMAS,
        "externalId": "the account's: a workspace cannot say it for a group of its own",
    },
    "git_folders": {
        "id": MADE_ANEW,
        "head_commit_id": "follows from the branch; a commit that no branch points at cannot be asked for",
    },
    "instance_pools": {
        "instance_pool_id": MADE_ANEW,
        "default_tags": "made of the id and the creator",
        "state": RUNNING,
        "stats": RUNNING,
        "status": RUNNING,
    },
    "cluster_policies": {
        "policy_id": MADE_ANEW,
        "creator_user_name": CREATOR,
        "created_at_timestamp": MADE_ANEW,
        "is_default": "says that the service made it; the copies that it made itself are in BUILT_IN",
    },
    "clusters": {
        "cluster_id": MADE_ANEW,
        "creator_user_name": CREATOR,
        "cluster_source": "how it was made: by a person in the old workspace, through the API in the new one",
        "default_tags": "made of the id, the name and the creator",
        "pinned_by_user_name": "whoever runs the migration pins it; that it is pinned is compared (`pinned`)",
        "spec": "the request that made or changed it last, which the migration itself is",
        "state": RUNNING + "; that the new one is TERMINATED is asked for separately",
        "state_message": RUNNING,
        "start_time": RUNNING,
        "terminated_time": RUNNING,
        "termination_reason": RUNNING,
        "last_state_loss_time": RUNNING,
        "last_restarted_time": RUNNING,
        "last_activity_time": RUNNING,
        "driver": RUNNING,
        "executors": RUNNING,
        "jdbc_port": RUNNING,
        "spark_context_id": RUNNING,
        "cluster_cores": RUNNING,
        "cluster_memory_mb": RUNNING,
        "cluster_log_status": RUNNING,
    },
    "jobs": {
        "job_id": MADE_ANEW,
        "creator_user_name": CREATOR,
        "created_time": MADE_ANEW,
        "format": "MULTI_TASK for every job since API 2.1; the service writes it",
        "run_as_user_name": "the same principal as `run_as`, which is compared (from this field where it stands alone)",
    },
}

_NOTIFICATIONS: dict[str, Any] = {"email_notifications": {}, "webhook_notifications": {}, "timeout_seconds": 0}
_TASK: dict[str, Any] = _NOTIFICATIONS | {"run_if": "ALL_SUCCESS"}
_AZURE: dict[str, Any] = {
    "azure_attributes.first_on_demand": 1,
    "azure_attributes.availability": "ON_DEMAND_AZURE",
    "azure_attributes.spot_bid_max_price": -1.0,
    "azure_attributes": {},
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "users": {"entitlements": [], "active": True},
    "service_principals": {"entitlements": [], "active": True},
    "groups": {"entitlements": [], "members": []},
    "git_folders": {},
    "instance_pools": {"min_idle_instances": 0, "enable_elastic_disk": False, "custom_tags": {}, **_AZURE},
    "cluster_policies": {"description": "", "libraries": []},
    "clusters": {
        "custom_tags": {},
        "autotermination_minutes": 0,
        "enable_elastic_disk": True,
        "pinned": False,
        **_AZURE,
    },
    "jobs": {
        "name": "Untitled",
        "max_concurrent_runs": 1,
        "tags": {},
        **_NOTIFICATIONS,
        **{f"tasks[*].{path}": value for path, value in _TASK.items()},
        **{f"tasks[*].for_each_task.task.{path}": value for path, value in _TASK.items()},
    },
}

# Of a cluster on a pool: the pool's, and refused beside it by the service.
ON_A_POOL = ("node_type_id", "driver_node_type_id", "enable_elastic_disk", "azure_attributes")

# What people pass to their own code is theirs, and moved as it is: an id in it is compared as a text, not as an id.
VERBATIM = ("base_parameters", "job_parameters", "named_parameters", "parameters", "python_params", "jar_params")

# Lists without an order.
SETS = {"users": ("entitlements",), "service_principals": ("entitlements",), "groups": ("entitlements", "members")}

# Whole objects of a dump that are not compared.
NOT_COMPARED = {
    "in_git_folder": "what is in a Git folder comes from Git; the folder is compared",
    "token_permissions": "who may have tokens: no kind of this version",
    "DASHBOARD": "stands in the tree and in the listing of dashboards; it is judged by the latter",
    "users.members": "the members of the group `users` are the service's: everybody who is in the workspace",
    "operator": "whoever runs the migration is in the new workspace, with a home, and is an admin of it",
    "members who are nobody": "a membership of an id that stands for nobody in the source cannot be made",
    "clusters of jobs": "clusters whose source is not UI or API belong to a job, pipeline or warehouse",
    "ACL of what is left out": "is a part of its object, and is nowhere when that is",
    "trash": "what a user has deleted: the folder is reported as excluded, and nothing looks into it",
    "run marker": "the file by which a run holds the target is gone when no run is at work",
}
OWN_CLUSTERS = ("UI", "API", "")
TRASH = r"/Users/[^/]+/Trash"

# Seeded by the service in every new workspace, so it may be in the target without being in the source.
BUILT_IN = {
    "directories": "/Users, /Repos, /Shared and the homes of the principals of the workspace",
    "cluster_policies": "the policies of the built-in families (is_default); their descriptions are the service's",
    "groups": "`admins` and `users`",
}

# ACL entries that say nothing.
ADMINS = "admins has CAN_MANAGE (of a policy: CAN_USE) on everything by itself; a direct entry adds nothing"

# Of a notebook's .ipynb: what differs between two exports of the same notebook.
NOTEBOOK_VOLATILE = {
    "nuid": MADE_ANEW,
    "origId": MADE_ANEW,
    "guid": MADE_ANEW,
    "version": "counts how often a dashboard was saved",
    "execution_count": "names one run of a cell, not its result",
    "datasetInfos": "names one run of a cell, not its result",
    "startTime": "names one run of a cell, not its result",
    "finishTime": "names one run of a cell, not its result",
    "submitTime": "names one run of a cell, not its result",
}
