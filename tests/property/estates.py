"""Workspaces drawn at random, as the folders that the sandbox loads. Shares no code with the product.

An estate is {path: JSON body, or {"base64": ...} for bytes}: whatever was drawn can be written down and read again.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

Estate = dict[str, Any]
Draw = Any  # of st.composite

ORG = 7405600000006001
GONE, NOBODY = "gone@odd.example", "999999999"
PEOPLE = ("eva@odd.example", "Bob.Black@odd.example", "o'brien+x@odd.example", "zoë@odd.example", "İda@odd.example")
SERVICES = ("aaaaaaaa-1111-2222-3333-444444444444", "bbbbbbbb-1111-2222-3333-444444444444")
TEAMS = ("team", "Team", "ünïcode 日本", "of the account", "a  b", "100%")
NAMES = (
    "a",
    "A",
    "a b",
    "é",
    "日本",
    "x.py",
    "y.ipynb",
    "Trash",
    "CON",
    "..x",
    "a%20b",
    "q?z",
    "it's",
    "#1",
    "🙂",
    "[x]",
)
TWINS = ("twin", "Twin", "", "job 1", "ñ", "a/b", 'q"uote', "  spaces  ")
BODIES = (
    b"",
    b"# Databricks notebook source\nprint(1)\n",
    b"print(1)\n",
    "# Databricks notebook source\né".encode(),
    b"# Databricks notebook source\n# MAGIC %md x\n\n# COMMAND ----------\n\n1\n",
    b"a\r\nb",
    b"\xef\xbb\xbfx",
)
BYTES = (b"", b"x", bytes(range(256)), b"# Databricks notebook source\n1", "日本\n".encode(), b"\r\n--abc\r\n")
LANGUAGES = ("PYTHON", "SQL", "SCALA", "R")
TREE_LEVELS = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
DAILY = {"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "UTC"}
CLUSTER = {"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 1}
STATES = {"warehouses": "STOPPED", "pipelines": "IDLE"}  # the others that are only listed have none


class Making:
    """One estate while it is drawn."""

    def __init__(self, draw: Draw) -> None:
        self.draw, self.files, self.rows, self.number = draw, {}, [], 5000000000000
        self.people: list[str] = []
        self.services: list[str] = []
        self.teams: list[str] = []
        self.notebooks: list[str] = []
        self.paths: set[str] = set()

    def some(self, most: int) -> int:
        return int(self.draw(st.integers(0, most)))

    def one(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def chance(self) -> bool:
        return bool(self.draw(st.booleans()))

    def several(self, values: Any, most: int) -> list[Any]:
        """Up to `most` of the values, each once."""
        values = list(values)
        if not values:
            return []
        return list(self.draw(st.lists(st.sampled_from(values), max_size=most, unique=True)))

    def node(self, path: str, type: str, data: bytes | None = None, **more: Any) -> int:
        self.number += 1
        row = {"path": path, "object_type": type, "object_id": self.number, **more}
        if data is not None:
            file = f"content/{self.number}"
            self.files[file] = {"base64": base64.b64encode(data).decode()}
            row |= {"file": file, "size": len(data), "modified_at": 1700000000000 + self.number % 999}
        self.rows.append(row)
        self.paths.add(path)
        return self.number

    def acl(self, type: str, id: Any, levels: tuple[str, ...]) -> None:
        """Maybe direct entries of some who are here, and of one who is not."""
        who = [("user_name", one) for one in [*self.people, GONE]]
        who += [("service_principal_name", one) for one in self.services]
        who += [("group_name", one) for one in [*self.teams, "users"]]  # admins: may manage everything by itself
        entries = self.several(who, 2)
        if entries:
            rows = [
                {field: name, "all_permissions": [{"permission_level": self.one(*levels)}]} for field, name in entries
            ]
            self.files[f"permissions/{type}/{id}.json"] = {"object_id": f"/{type}/{id}", "access_control_list": rows}

    def reference(self, known: list[Any], nothing: Any) -> Any:
        """One of the known, or an id that means nothing (seldom)."""
        return self.one(*known, *known, *known, nothing) if known else nothing


@st.composite
def estates(draw: Draw) -> Estate:
    """One workspace."""
    made = Making(draw)
    host = f"https://adb-{ORG}.1.azuredatabricks.net"
    made.files["estate.json"] = {"name": "drawn", "region": "westeurope", "workspace_url": host, "workspace_id": ORG}
    _people(made)
    _tree(made)
    _scopes(made)
    pools, policies = _pools(made), []
    policies += _policies(made, pools)
    clusters = _clusters(made, pools, policies)
    _jobs(made, pools, policies, clusters)
    _listed(made)
    made.files["manifest.jsonl"] = made.rows
    return made.files


def write(estate: Estate, folder: Path) -> Path:
    """The folder of an estate."""
    for name, body in estate.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(body, dict) and set(body) == {"base64"}:
            file.write_bytes(base64.b64decode(body["base64"]))
        elif name.endswith(".jsonl"):
            file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in body), "utf-8")
        else:
            file.write_text(json.dumps(body, ensure_ascii=False), "utf-8")
    return folder


def empty(folder: Path, number: int) -> Path:
    """A workspace with nothing in it."""
    org = ORG + number
    host = f"https://adb-{org}.{org % 20}.azuredatabricks.net"
    about = {"name": f"empty-{number}", "region": "westeurope", "workspace_url": host, "workspace_id": org}
    return write({"estate.json": about}, folder)


def _people(made: Making) -> None:
    made.people = made.several(PEOPLE, 3)
    made.services = made.several(SERVICES, 1)
    users = [
        {"id": str(1000000000 + at), "userName": name, "displayName": name.partition("@")[0]}
        | {"active": made.one(True, True, False)}
        | ({"entitlements": [{"value": "workspace-access"}]} if made.chance() else {})
        for at, name in enumerate(made.people)
    ]  # fmt: skip
    services = [
        {"id": str(2000000000 + at), "applicationId": name, "displayName": made.one("sp", "ü")}
        | ({"entitlements": [{"value": "allow-cluster-create"}]} if made.chance() else {})
        for at, name in enumerate(made.services)
    ]
    ids = [one["id"] for one in [*users, *services]]
    groups = [{"id": "3000000000", "displayName": "admins", "members": [{"value": one} for one in ids[:1]]}]
    names = made.several(TEAMS, 3)
    for at, name in enumerate(names):
        inner = [str(3000000001 + later) for later in range(at + 1, len(names))]
        type = "Group" if name == "of the account" else "WorkspaceGroup"
        members = made.several(ids if type == "Group" else [*ids, *inner, NOBODY], 2)  # the account's holds its own
        groups.append({
            "id": str(3000000001 + at), "displayName": name, "members": [{"value": one} for one in members],
            "meta": {"resourceType": type},
            "entitlements": [{"value": one} for one in made.several(("workspace-access", "databricks-sql-access"), 1)],
        })  # fmt: skip
    made.teams = names
    made.files["identities.json"] = {"users": users, "service_principals": services, "groups": groups}


def _tree(made: Making) -> None:
    folders = ["/Shared"]
    made.node("/Shared", "DIRECTORY")
    for name in made.several([*made.people, GONE], 2):
        made.node(f"/Users/{name}", "DIRECTORY")
        folders.append(f"/Users/{name}")
    for _ in range(made.some(3)):
        path = f"{made.one(*folders, '')}/{made.one(*NAMES)}"
        if path not in made.paths:
            made.acl("directories", made.node(path, "DIRECTORY"), TREE_LEVELS)
            folders.append(path)
    for _ in range(made.some(4)):
        path = f"{made.one(*folders)}/{made.one(*NAMES)}"
        if path in made.paths or path.startswith("/Repos"):
            continue
        what = made.one("notebook", "notebook", "notebook", "document", "file", "repo")
        if what == "repo":
            id = made.node(path, "REPO")
            url, provider = made.one(
                ("https://github.com/o/r", "gitHub"), ("https://dev.azure.com/o/p/_git/r", "azureDevOpsServices")
            )
            body = {"id": id, "path": path, "url": url, "provider": provider, "branch": made.one("main", "f/x y", "")}
            made.files[f"repos/{id}.json"] = body
        elif what == "file":
            made.acl("files", made.node(path, "FILE", made.one(*BYTES)), TREE_LEVELS)
        else:
            more = {"language": made.one(*LANGUAGES), "format": "SOURCE"}
            data = made.one(*BODIES)
            if what == "document":
                more, data = {"language": "PYTHON", "format": "JUPYTER"}, _document(made)
            made.notebooks.append(path)
            made.acl("notebooks", made.node(path, "NOTEBOOK", data, **more), TREE_LEVELS)


def _document(made: Making) -> bytes:
    output = {"output_type": "stream", "name": "stdout", "text": ["a\n"]}
    cell = {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": [output] * made.some(1),
        "source": ["1"],
    }
    own = {"application/vnd.databricks.v1+notebook": {"language": "python", "notebookName": "x", "widgets": {}}}
    document = {"cells": [cell] * made.some(2), "metadata": own, "nbformat": 4, "nbformat_minor": 0}
    return json.dumps(document).encode()


def _scopes(made: Making) -> None:
    for name in made.several(("s", "S.2", "a-b_c@d", "vault"), 2):
        about: dict[str, Any] = {"name": name, "backend_type": "DATABRICKS"}
        body: dict[str, Any] = {"scope": about}
        if name == "vault":
            group = "/subscriptions/3f6c1a52-8e0b-4b57-b1a9-64d2c0a7e911/resourceGroups/rg"
            vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-x"
            about["backend_type"] = "AZURE_KEYVAULT"
            about["keyvault_metadata"] = {"resource_id": vault, "dns_name": "https://kv-x.vault.azure.net/"}
        else:
            body["secrets"] = [
                {
                    "key": key, "last_updated_timestamp": 1,
                    "value": base64.b64encode(made.one(b"", b"\0", b"drawn", b"d" * 300)).decode(),
                }
                for key in made.several(("k", "K2", "a.b-c"), 2)
            ]  # fmt: skip
            body["readable"] = made.one(True, True, True, False)
        who = made.several([*made.people, *made.services, *made.teams, "users", GONE], 2)
        body["acls"] = [{"principal": one, "permission": made.one("READ", "WRITE", "MANAGE")} for one in who]
        made.files[f"secrets/{len(made.files)}.json"] = body


def _pools(made: Making) -> list[str]:
    found = []
    for at, name in enumerate(made.several(("pool", "Pool", "p ü", "  p  "), 2)):
        id = f"0101-01010{at}-drawn{at}-pool-abcd123{at}"
        body = {"instance_pool_id": id, "instance_pool_name": name, "node_type_id": "Standard_DS3_v2"}
        body |= {"min_idle_instances": made.some(2), "field_of_tomorrow": made.one(None, [1, {"a": False}], "x")}
        made.files[f"pools/{id}.json"] = {key: value for key, value in body.items() if value is not None}
        made.acl("instance-pools", id, ("CAN_ATTACH_TO", "CAN_MANAGE"))
        found.append(id)
    return found


def _policies(made: Making, pools: list[str]) -> list[str]:
    found = []
    for at, name in enumerate(made.several(("policy", "Policy", "Personal Compute", "é", " p "), 2)):
        id = f"AA0000000000000{at}"
        rules: dict[str, Any] = {"autotermination_minutes": {"type": "range", "maxValue": 9 + made.some(2)}}
        if made.chance():
            rules["instance_pool_id"] = {"type": "fixed", "value": made.reference(pools, "0101-010101-nowhere-pool-x")}
        made.files[f"policies/{id}.json"] = {"policy_id": id, "name": name, "definition": json.dumps(rules)}
        made.acl("cluster-policies", id, ("CAN_USE",))
        found.append(id)
    return found


def _clusters(made: Making, pools: list[str], policies: list[str]) -> list[str]:
    found = []
    for at in range(made.some(3)):
        id = f"0202-02020{at}-drawncls"
        body = {
            "cluster_id": id,
            "cluster_name": made.one(*TWINS),
            "state": "TERMINATED",
            "cluster_source": "UI",
            **CLUSTER,
        }
        if made.people:
            body["creator_user_name"] = made.one(*made.people)
        if made.chance():
            del body["node_type_id"]
            body["instance_pool_id"] = made.reference(pools, "0101-010101-nowhere-pool-x")
        if made.chance():
            body["policy_id"] = made.reference(policies, "AA000000000000FF")
        body |= made.one(
            {}, {"state": "RUNNING"}, {"pinned_by_user_name": GONE}, {"cluster_source": "JOB"},
            {"custom_tags": {"cmkmigrate-src": "of an earlier move"}}, {"spark_conf": {"a.b": "{{secrets/s/k}}"}},
            {"init_scripts": [{"workspace": {"destination": f"/Workspace{path}"}} for path in made.notebooks[:1]]},
            {"data_security_mode": "SINGLE_USER", "single_user_name": made.one(*made.people, GONE)},
        )  # fmt: skip
        made.files[f"clusters/{id}.json"] = body
        made.acl("clusters", id, ("CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"))
        if made.some(3) == 3 and body["cluster_source"] != "JOB":  # those of a job's clusters are in the job
            status = {"library": {"pypi": {"package": "simplejson"}}, "status": "INSTALLED"}
            made.files[f"libraries/{id}.json"] = {"cluster_id": id, "library_statuses": [status]}
        found.append(id)
    return found


def _jobs(made: Making, pools: list[str], policies: list[str], clusters: list[str]) -> None:
    count, first = made.some(4), 880000000000001
    ids = [first + at for at in range(count)]
    for at, id in enumerate(ids):
        settings: dict[str, Any] = {"name": made.one(*TWINS), "format": "MULTI_TASK"}
        tasks = [_task(made, number, ids, pools, policies, clusters) for number in range(made.some(2))]
        if tasks:
            settings["tasks"] = tasks
        settings |= made.one(
            {}, {},
            {"schedule": {**DAILY, "pause_status": made.one("PAUSED", "UNPAUSED")}},
            {"continuous": {"pause_status": "UNPAUSED"}},
            {"tags": {f"t{one:02}": "v" for one in range(made.one(1, 24, 25))}},
            {"tags": {"cmkmigrate_src_job": "77"}},
            {"deployment": {"kind": "BUNDLE", "metadata_file_path": "/x"}},
            {"parameters": [{"name": "p", "default": str(ids[0])}]},
        )  # fmt: skip
        owner = made.one(*made.people, GONE)
        body = {"job_id": id, "creator_user_name": owner, "run_as_user_name": owner, "created_time": 1700000000000 + at}
        made.files[f"jobs/{id}.json"] = {**body, "settings": settings}
        made.acl("jobs", id, ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE"))


def _task(
    made: Making, number: int, jobs: list[int], pools: list[str], policies: list[str], clusters: list[str]
) -> Any:
    task: dict[str, Any] = {"task_key": f"t{number}"}
    if number:
        task["depends_on"] = [{"task_key": f"t{number - 1}"}]
    if made.chance():
        return {**task, "run_job_task": {"job_id": made.reference(jobs, 123456789)}}
    path = made.reference(made.notebooks, "/Shared/is not there")
    task["notebook_task"] = {"notebook_path": path, "source": "WORKSPACE"}
    if made.chance():
        return {**task, "existing_cluster_id": made.reference(clusters, "0202-020299-nowhere")}
    compute = {**CLUSTER}
    if made.chance():
        del compute["node_type_id"]
        compute |= {"instance_pool_id": made.reference(pools, "0101-010101-nowhere-pool-x")}
    if made.chance():
        compute["policy_id"] = made.reference(policies, "AA000000000000FF")
    return {**task, "new_cluster": compute}


def _listed(made: Making) -> None:
    """What is only listed: reported as unsupported."""
    for kind, field, name in made.several(
        (
            ("warehouses", "id", "name"), ("pipelines", "pipeline_id", "name"), ("queries", "id", "display_name"),
            ("alerts", "id", "display_name"), ("global_init_scripts", "script_id", "name"),
        ),
        2,
    ):  # fmt: skip
        id = f"7c1f0a2b3d4e5f6{len(made.files) % 10}"
        state = {"state": STATES[kind]} if kind in STATES else {}
        made.files[f"{kind}/{id}.json"] = {field: id, name: made.one("x", "é"), **state}
