"""An estate of oddities, made for the tests: what the small one has not, and a careless tool trips over.

Each thing is here for one reason, said beside it. Ids look like those of the service.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.estates import HEADER, Estate

ORG = 7405600000007777
EVA, BOB, QUOTE, DOTTED = "Eva.Black@odd.example", "bob@odd.example", "o'brien+x@odd.example", "İstanbul@odd.example"
GONE, SERVICE = "gone@odd.example", "aaaaaaaa-1111-2222-3333-444444444444"
NOTEBOOK, CELL = "application/vnd.databricks.v1+notebook", "application/vnd.databricks.v1+cell"
POOL, OTHER_POOL = "0101-010101-first1-pool-abcd1234", "0101-010102-other2-pool-abcd5678"
POLICY = "AA00000000000003"


def build(folder: Path) -> Path:
    """The estate in `folder`."""
    made = Estate(folder, "odd", ORG, EVA)
    _people(made)
    _tree(made)
    _secrets(made)
    _compute(made)
    _jobs(made)
    return made.done()


def _people(made: Estate) -> None:
    users = [
        {"id": str(1000000000 + at), "userName": name, "displayName": name.partition("@")[0], "active": name != BOB}
        | ({"entitlements": [{"value": "workspace-access"}]} if at % 2 else {})
        for at, name in enumerate((EVA, BOB, QUOTE, DOTTED))
    ]  # one who is not active, an apostrophe, a capital that has no single small letter
    sps = [
        {
            "id": "2000000000",
            "applicationId": SERVICE,
            "displayName": "sp",
            "entitlements": [{"value": "allow-cluster-create"}],
        }
    ]

    def group(id: int, name: str, members: list[int], type: str = "WorkspaceGroup", *given: str) -> dict[str, Any]:
        values = [{"value": str(one)} for one in members]
        body = {"id": str(id), "displayName": name, "members": values, "meta": {"resourceType": type}}
        return body | {"entitlements": [{"value": one} for one in given]}

    groups = [
        group(3000000000, "admins", [1000000000]),
        group(3000000001, "users", [1000000000 + at for at in range(4)], "WorkspaceGroup", "workspace-access"),
        group(3000000002, "chain a", [3000000003]),  # a group in a group in a group, listed before what it holds
        group(3000000003, "chain b", [3000000004, 1000000001]),
        group(3000000004, "Chain B", [2000000000, 999999999]),  # differs in case alone; a member who is nobody
        group(3000000005, "of the account", [1000000003], "Group", "databricks-sql-access"),
        group(3000000006, "nobody in it", []),
    ]
    made.put("identities.json", {"users": users, "service_principals": sps, "groups": groups})


def _ipynb(cells: list[dict[str, Any]], **own: Any) -> bytes:
    metadata = {NOTEBOOK: {"language": "python", "notebookName": "x", "widgets": {}, "dashboards": [], **own}}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 0}
    return json.dumps(document).encode()


def _cell(source: str, own: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    usual = {"nuid": "n", "title": "", "showTitle": False, "inputWidgets": {}, "cellMetadata": {}}
    cell = {"cell_type": "code", "execution_count": None, "metadata": {CELL: usual | (own or {})}, "outputs": []}
    return {**cell, "source": [source], **more}


def _tree(made: Estate) -> None:
    for path in (
        "/Users",
        "/Shared",
        "/Repos",
        f"/Users/{EVA}",
        f"/Users/{BOB}",
        f"/Users/{QUOTE}",
        "/Workspace folder",
    ):
        made.node(path, "DIRECTORY")
    for path in (f"/Users/{GONE}", f"/Users/{GONE}/sub"):  # the home of somebody who is gone, and what is in it
        made.node(path, "DIRECTORY")
    made.notebook(f"/Users/{GONE}/sub/left", HEADER)
    made.node(f"/Users/{BOB}/Trash", "DIRECTORY")  # the trash of a user, and a folder that is only called so
    made.notebook(f"/Users/{BOB}/Trash/old", HEADER)
    made.node("/Shared/a", "DIRECTORY")
    made.node("/Shared/a/Trash", "DIRECTORY")
    made.notebook("/Shared/a/Trash/kept", HEADER + b"1")
    for language, mark in (("SQL", "--"), ("SCALA", "//"), ("R", "#")):
        made.notebook(f"/Shared/a/{language}", f"{mark} Databricks notebook source\nx".encode(), language)
    made.notebook("/Shared/a/no header", b"print(1)\n")
    made.notebook("/Shared/a/nothing", b"")
    made.notebook("/Shared/a/not utf-8", HEADER + b"\xe9\xff\x00")
    made.notebook("/Shared/a/header of another language", b"-- Databricks notebook source\nselect")
    output = {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]}
    widgets = {"a": {"currentValue": "v", "nuid": "w", "typedWidgetInfo": {"name": "a"}}}
    environment = {"environment_version": "2", "base_environment": "", "dependencies": ["pandas==2.0"]}
    picture = {"cell_type": "markdown", "metadata": {}, "source": ["![](attachment:x.png)"]}
    for name, cells, own in (
        ("plain", [_cell("1")], {}),
        ("a result", [_cell("1", outputs=[output], execution_count=4)], {}),
        ("a widget", [_cell("dbutils.widgets.text('a', 'b')")], {"widgets": widgets}),
        ("an environment", [_cell("1")], {"environmentMetadata": environment}),
        ("a widget of a cell", [_cell("x", {"inputWidgets": {"w": {"value": 1}}})], {}),
        ("a picture", [picture | {"attachments": {"x.png": {"image/png": "AAAA"}}}], {}),
    ):
        made.notebook(f"/Shared/a/{name}", _ipynb(cells, **own), "PYTHON", "JUPYTER")
    made.node("/Shared/x.py", "DIRECTORY")  # names that end like a format, of folders, notebooks and files
    made.notebook("/Shared/x.py/y.ipynb", HEADER)
    made.node("/Shared/x.py/f.ipynb", "FILE", _ipynb([_cell("1")]))
    made.node("/Shared/x.py/f.py", "FILE", HEADER + b"1")
    made.node("/Shared/x.py/empty", "FILE", b"")
    made.node("/Shared/x.py/larger than JSON may be", "FILE", bytes(range(256)) * 45000)
    form = b'\r\n--abc\r\nContent-Disposition: form-data; name="content"\r\n\r\nx\r\n--abc--\r\n'
    made.node("/Shared/x.py/looks like a form", "FILE", form)
    path = "/Shared/x.py"
    for at in range(40):
        path += f"/level {at}"
        deep = made.node(path, "DIRECTORY")
    made.notebook(f"{path}/deep", HEADER)
    made.acl("directories", deep, ("user_name", GONE, "CAN_READ"), ("group_name", "of the account", "CAN_EDIT"))
    made.node(f"/Repos/{EVA}", "DIRECTORY")
    for path, url, provider, more in (
        (f"/Repos/{EVA}/r", "https://dev.azure.com/o/p/_git/r", "azureDevOpsServices", {"branch": "feature/x y"}),
        (
            "/Shared/a/sparse",
            "https://github.com/o/r",
            "GitHub",
            {"branch": "main", "sparse_checkout": {"patterns": ["a"]}},
        ),
        ("/Shared/a/on no branch", "https://github.com/o/s.git", "gitHub", {"branch": "", "head_commit_id": "abc"}),
    ):
        id = made.node(path, "REPO")
        made.put(f"repos/{id}.json", {"id": id, "path": path, "url": url, "provider": provider, **more})


def _secrets(made: Estate) -> None:
    many = {f"n{at}": f"odd-canary-{at}".encode() for at in range(120)}
    made.scope("many", {"empty": b"", "nul": b"\0" * 1000, **many}, {"users": "READ", GONE: "MANAGE"})
    made.scope("nobody", {}, {})  # no ACL at all: whoever makes the copy must not keep one
    made.scope("closed", {"z": b"x"}, {SERVICE: "WRITE"}, readable=False)  # the service gives no value out


def _compute(made: Estate) -> None:
    size = {"node_type_id": "Standard_DS3_v2"}
    azure = {"availability": "SPOT_AZURE", "spot_bid_max_price": 0.5}
    first = {
        "instance_pool_id": POOL,
        "instance_pool_name": "p one",
        "min_idle_instances": 3,
        "azure_attributes": azure,
    }
    made.put(f"pools/{POOL}.json", {**size, **first, "stats": {"idle_count": 3}, "field_of_tomorrow": {"a": [1, 2]}})
    made.put(f"pools/{OTHER_POOL}.json", {**size, "instance_pool_id": OTHER_POOL, "instance_pool_name": "P One"})
    changed = {
        "policy_family_id": "personal-vm",
        "policy_family_definition_overrides": '{"num_workers":{"type":"unlimited"}}',
    }
    for id, name, more in (
        ("AA00000000000001", "Personal Compute", changed),  # the name of a built-in one, with rules of its own
        (
            "AA00000000000002",
            "Shared Compute",
            {"definition": '{"a":{"type":"fixed","value":1}}'},
        ),  # likewise, of no family
        (POLICY, "  spaces  ", {"definition": json.dumps({"instance_pool_id": {"type": "fixed", "value": POOL}})}),
    ):
        made.put(f"policies/{id}.json", {"policy_id": id, "name": name, **more})
    made.acl("instance-pools", POOL, ("group_name", "Chain B", "CAN_MANAGE"))
    plain = made.cluster(1)
    made.acl("clusters", plain, ("user_name", BOB, "CAN_RESTART"), ("group_name", "admins", "CAN_MANAGE"))
    made.cluster(2, cluster_source="JOB")  # of a job: not a thing of its own
    made.cluster(3, state="RUNNING")
    made.cluster(4, pinned_by_user_name=BOB)
    made.cluster(
        5, instance_pool_id=POOL, driver_instance_pool_id=OTHER_POOL, policy_id=POLICY, enable_elastic_disk=True
    )
    made.cluster(6, data_security_mode="SINGLE_USER", single_user_name=BOB)
    made.cluster(7, data_security_mode="SINGLE_USER", single_user_name=GONE)
    made.cluster(8, custom_tags={"cmkmigrate-src": "of an earlier move"})  # this workspace was a target once
    made.cluster(9, num_workers=None, autoscale={"min_workers": 0, "max_workers": 3})
    conf = {"a.b.c": "{{secrets/many/n1}}", "spark.x": "{{secrets/nowhere/k}}"}
    scripts = [{"workspace": {"destination": "/Workspace/Shared/x.py/f.py"}}, {"dbfs": {"destination": "dbfs:/x"}}]
    made.cluster(10, spark_conf=conf, init_scripts=scripts, workload_type={"clients": {"jobs": False}})


def _jobs(made: Estate) -> None:
    plain, id = "0202-020201-oddclust", 880000000000000
    many = {f"t{at:02}": "v" for at in range(25)}
    call = {"task_key": "s", "run_job_task": {"job_id": 0}}

    def calls(number: int) -> dict[str, Any]:
        return {**call, "run_job_task": {"job_id": id + number}}

    none = made.job(1, {"name": "no tasks"})
    made.acl("jobs", none, ("group_name", "chain a", "CAN_VIEW"))  # no owner
    orphan = made.job(2, {"name": "its owner is gone"})
    made.acl("jobs", orphan, ("user_name", GONE, "IS_OWNER"), ("user_name", BOB, "CAN_MANAGE"))
    of_service = made.job(3, {"name": "of a service principal"}, run_as=SERVICE)
    made.acl("jobs", of_service, ("service_principal_name", SERVICE, "IS_OWNER"))
    other = {"job_completion": {"jobs": [{"job_id": id + 5, "workspace_id": ORG}]}, "pause_status": "UNPAUSED"}
    made.job(4, {"name": "after another one", "trigger": other})
    made.job(5, {"name": "calls itself", "tasks": [calls(5)]})
    made.job(6, {"name": "ring", "tasks": [calls(7)]})
    each = {"task_key": "s", "for_each_task": {"inputs": "[1]", "task": calls(8)}}
    made.job(7, {"name": "ring", "tasks": [each]})
    made.job(8, {"name": "ring", "tasks": [calls(6)]})
    schedule = {"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "UTC"}  # without a word: it runs
    files = [
        {"pause_status": "UNPAUSED", "periodic": {"interval": 1, "unit": "DAYS"}},
        {"file_arrival": {"url": "abfss://x"}},
    ]
    made.job(9, {"name": "three ways to start", "schedule": schedule, "triggers": files})
    made.job(10, {"name": "always", "continuous": {"task_retry_mode": "NEVER"}})
    made.job(11, {"name": "of a bundle", "deployment": {"kind": "BUNDLE", "metadata_file_path": "/x"}})
    for number in (12, 13):  # twins with no room for a marker
        made.job(number, {"name": "full", "tags": many})
    made.job(14, {"name": "room for one", "tags": dict(list(many.items())[:24])})
    made.job(15, {"name": "moved before", "tags": {"cmkmigrate_src_job": "77", "k": "v"}})
    made.job(16, {"name": "calls nobody", "tasks": [call]})
    notebook = {"notebook_task": {"notebook_path": "/Shared/a/SQL", "source": "WORKSPACE"}, "job_cluster_key": "k"}
    before: list[list[dict[str, str]]] = [[{"task_key": f"t{at - 1}"}] if at else [] for at in range(130)]
    tasks = [{"task_key": f"t{at}", "depends_on": before[at], **notebook} for at in range(130)]
    compute = {"spark_version": "15", "instance_pool_id": POOL, "policy_id": POLICY, "num_workers": 1}
    clusters = [{"job_cluster_key": "k", "new_cluster": compute}]
    made.job(17, {
        "name": "two pages of two lists", "tasks": tasks, "job_clusters": clusters,
        "parameters": [{"name": f"p{at}", "default": "x"} for at in range(120)],
    })  # fmt: skip
    told = {"notebook_path": "/Shared/is not there", "base_parameters": {"cluster": plain}}
    made.job(18, {"name": "an id as a text", "tasks": [{"task_key": "a", "notebook_task": told}]})
    made.job(19, {"name": "runs as nobody"}, run_as=GONE)
