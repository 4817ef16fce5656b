"""generate:N - a workspace of N notebooks and what belongs to them, made up in memory, the same each time.

N notebooks (four languages; each 50th kept as a Jupyter document), N/20 directories, N/100 files, N/50 jobs, N/200
clusters, N/1000 pools, policies and secret scopes, N/100 users (at most 200), groups, an ACL on each tenth notebook.
The bytes are made when they are read.
"""

from __future__ import annotations

import json

from cmkmigrate.sandbox.databricks.contents import Made
from cmkmigrate.sandbox.databricks.policy_families import seed_policies
from cmkmigrate.sandbox.databricks.tree import FILE, NOTEBOOK
from cmkmigrate.sandbox.databricks.workspace import AclEntry, Scope, WorkspaceState
from cmkmigrate.sandbox.wire import Clock, Directory, Principal

LANGUAGES = ("PYTHON", "PYTHON", "PYTHON", "SQL", "SCALA", "R")
MARKS = {"PYTHON": "#", "SQL": "--", "SCALA": "//", "R": "#"}
LINES = {
    "PYTHON": 'rows = spark.table("bronze.t{0}").where("day = {1}")\ndisplay(rows.limit({1}))',
    "SQL": "SELECT day, count(*) AS n FROM bronze.t{0} WHERE day > {1} GROUP BY day",
    "SCALA": 'val rows{1} = spark.table("bronze.t{0}").count()\nprintln(rows{1})',
    "R": 'rows <- sql("SELECT * FROM bronze.t{0}")\nhead(rows, {1})',
}
LEVELS = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
EPOCH = 1_700_000_000_000  # ms; times count up from here


def source(number: int) -> bytes:
    """The code of notebook `number`: two to nine cells."""
    language = LANGUAGES[number % len(LANGUAGES)]
    mark = MARKS[language]
    cells = [f"{mark} MAGIC %md\n{mark} MAGIC # Notebook {number}"]
    cells += [LINES[language].format(number, 7 * cell + number % 31) for cell in range(1, 2 + number % 8)]
    between = f"\n\n{mark} COMMAND ----------\n\n"
    return f"{mark} Databricks notebook source\n{between.join(cells)}\n".encode()


def document(number: int) -> bytes:
    """Notebook `number` as a Jupyter document with an output."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": [f"# Notebook {number}"]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "source": [f"print({number} * 2)"],
            "outputs": [{"name": "stdout", "output_type": "stream", "text": [f"{number * 2}\n"]}],
        },
    ]
    own = {"application/vnd.databricks.v1+notebook": {"language": "python", "notebookName": f"nb {number}"}}
    metadata = {**own, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 0}).encode()


def data(number: int) -> bytes:
    """The bytes of file `number`."""
    return "".join(f"{number},{row},{(number * 31 + row) % 997}\n" for row in range(20)).encode()


def generate(count: int, arm_id: str, directory: Directory, clock: Clock) -> WorkspaceState:
    """The workspace of `count` notebooks."""
    org_id = 4_000_000_000_000_000 + count
    state = WorkspaceState(
        host=f"adb-{org_id}.{org_id % 20}.azuredatabricks.net",
        org_id=org_id,
        name=f"generated-{count}",
        location="westeurope",
        arm_id=arm_id,
        directory=directory,
        clock=clock,
    )
    names = [f"user{number:03}@contoso.example" for number in range(max(2, min(200, count // 100)))]
    _identities(state, names)
    seed_policies(state)
    folders = _tree(state, count, names)
    pools = _compute(state, count, names)
    _jobs(state, count, names, folders, pools)
    _scopes(state, count, names)
    return state


def _identities(state: WorkspaceState, names: list[str]) -> None:
    for index, name in enumerate(names):
        email = [{"type": "work", "value": name, "primary": True}]
        person = Principal("user", f"00000000-0000-4000-8000-{index:012}", name, f"User {index:03}", {"emails": email})
        number = state.assign(state.directory.add(person), admin=index == 0)
        state.users[number]["entitlements"] = [{"value": "workspace-access"}]
    for index in range(max(1, len(names) // 10)):
        id = str(state.ids.number())
        members = list(state.users)[index::10][:20]
        state.groups[id] = {
            "id": id,
            "displayName": f"team-{index:02}",
            "members": members,
            "entitlements": [],
            "meta": {"resourceType": "WorkspaceGroup"},
        }


def _tree(state: WorkspaceState, count: int, names: list[str]) -> list[str]:
    """Directories, notebooks and files; gives the paths of some notebooks."""
    for name in ("Shared", "Repos"):
        state.folder(f"/{name}")
    homes = ["/Shared", *(f"/Users/{name}" for name in names)]
    folders = [state.folder(f"{homes[n % len(homes)]}/project {n:05}") for n in range(max(1, count // 20))]
    for number in range(count):
        node = state.tree.add(folders[number % len(folders)], NOTEBOOK, f"nb {number:06}", state.ids.number())
        node.created_at = EPOCH + number * 1000
        node.modified_at = node.created_at + 500
        if number % 50 == 49:
            node.language, node.format, node.content = "PYTHON", "JUPYTER", Made(document, number)
        else:
            node.language, node.format = LANGUAGES[number % len(LANGUAGES)], "SOURCE"
            node.content = Made(source, number)
        if number % 10 == 0:
            entry = AclEntry("user_name", names[number % len(names)], LEVELS[number // 10 % len(LEVELS)])
            state.acls[("notebooks", str(node.id))] = [entry]
    for number in range(count // 100):
        node = state.tree.add(folders[number % len(folders)], FILE, f"data {number:05}.csv", state.ids.number())
        node.created_at = node.modified_at = EPOCH + number
        node.content = Made(data, number)
    return [f"{folders[number % len(folders)].path}/nb {number:06}" for number in range(min(count, 1000))]


def _compute(state: WorkspaceState, count: int, names: list[str]) -> list[str]:
    pools: list[str] = []
    for number in range(max(1, count // 1000)):
        id = state.ids.dated("pool-")
        pools.append(id)
        state.pools[id] = {
            "instance_pool_id": id,
            "instance_pool_name": f"pool {number:03}",
            "node_type_id": "Standard_DS3_v2",
            "min_idle_instances": 0,
            "max_capacity": 10,
            "idle_instance_autotermination_minutes": 15,
            "enable_elastic_disk": True,
            "state": "ACTIVE",
            "status": {},
            "azure_attributes": {"availability": "ON_DEMAND_AZURE", "spot_bid_max_price": -1.0},
            "default_tags": {"Vendor": "Databricks"},
            "stats": {"used_count": 0, "idle_count": 0},
        }
        policy = state.ids.hexadecimal()
        definition = {
            "instance_pool_id": {"type": "fixed", "value": id},
            "autotermination_minutes": {"type": "range", "maxValue": 120},
        }
        state.policies[policy] = {
            "policy_id": policy,
            "name": f"policy {number:03}",
            "definition": json.dumps(definition),
            "creator_user_name": names[0],
            "created_at_timestamp": EPOCH,
            "is_default": False,
        }
    for number in range(max(1, count // 200)):
        id = state.ids.dated()
        owner = names[number % len(names)]
        machine = (
            {"instance_pool_id": pools[number % len(pools)]}
            if number % 2
            else {"node_type_id": "Standard_DS3_v2", "driver_node_type_id": "Standard_DS3_v2"}
        )
        state.clusters[id] = {
            "cluster_id": id,
            "cluster_name": f"cluster {number:04}",
            "spark_version": "15.4.x-scala2.12",
            **machine,
            "num_workers": number % 5,
            "autotermination_minutes": 30,
            "enable_elastic_disk": True,
            "cluster_source": "UI",
            "state": "TERMINATED",
            "state_message": "",
            "creator_user_name": owner,
            "start_time": EPOCH,
            "terminated_time": EPOCH + 1,
            "last_state_loss_time": 0,
            "azure_attributes": {"first_on_demand": 1, "availability": "ON_DEMAND_AZURE", "spot_bid_max_price": -1.0},
            "default_tags": {
                "Vendor": "Databricks",
                "Creator": owner,
                "ClusterName": f"cluster {number:04}",
                "ClusterId": id,
            },
        }
        state.cluster_ended[id] = state.clock.now()
        state.acls[("clusters", id)] = [AclEntry("user_name", owner, "CAN_MANAGE")]
        if number % 4 == 0 and len(state.pinned) < 100:
            state.pinned[id] = names[0]
    return pools


def _jobs(state: WorkspaceState, count: int, names: list[str], notebooks: list[str], pools: list[str]) -> None:
    clusters = list(state.clusters)
    for number in range(count // 50):
        id, owner = state.ids.number(), names[number % len(names)]
        tasks = [
            {
                "task_key": f"t{index}",
                "run_if": "ALL_SUCCESS",
                "timeout_seconds": 0,
                "email_notifications": {},
                "webhook_notifications": {},
                "notebook_task": {"notebook_path": notebooks[(number + index) % len(notebooks)], "source": "WORKSPACE"},
                "existing_cluster_id": clusters[number % len(clusters)],
                **({"depends_on": [{"task_key": f"t{index - 1}"}]} if index else {}),
            }
            for index in range(1 + number % 3)
        ]
        settings = {
            "name": f"job {number:05}",
            "email_notifications": {},
            "webhook_notifications": {},
            "timeout_seconds": 0,
            "max_concurrent_runs": 1,
            "tasks": tasks,
            "format": "MULTI_TASK",
            "run_as": {"user_name": owner},
        }
        if number % 5 == 0:
            settings["schedule"] = {
                "quartz_cron_expression": "0 0 3 * * ?",
                "timezone_id": "UTC",
                "pause_status": "UNPAUSED" if number % 10 else "PAUSED",
            }
        state.jobs[id] = {
            "job_id": id,
            "creator_user_name": owner,
            "run_as_user_name": owner,
            "created_time": EPOCH + number,
            "settings": settings,
        }
        state.acls[("jobs", str(id))] = [AclEntry("user_name", owner, "IS_OWNER")]


def _scopes(state: WorkspaceState, count: int, names: list[str]) -> None:
    for number in range(max(1, count // 1000)):
        scope = state.scopes[f"scope-{number:03}"] = Scope(f"scope-{number:03}")
        scope.values = {f"key{n}": (f"made-up-{number}-{n}".encode(), EPOCH) for n in range(10)}
        scope.acls = {names[0]: "MANAGE", "users": "READ"}
