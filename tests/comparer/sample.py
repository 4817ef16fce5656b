"""A source and the target made of it, as the sandbox dumps them: small, equal, with something of every kind."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

OPERATOR = "00000000-0000-0000-0000-00000000000a"
ADA, BOB = "Ada@contoso.example", "bob@contoso.example"


def b64(text: str | bytes) -> dict[str, str]:
    data = text.encode() if isinstance(text, str) else text
    return {"base64": base64.b64encode(data).decode()}


def ipynb(output: str, run: int = 1) -> bytes:
    """A notebook with one result."""
    cell = {
        "cell_type": "code",
        "execution_count": run,
        "metadata": {},
        "outputs": [{"text": [output]}],
        "source": ["1"],
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}).encode()


def _acl(*entries: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{field: name, "permission_level": level} for field, name, level in entries]


def source() -> dict[str, Any]:
    """The old workspace."""
    owner = _acl(("user_name", ADA, "IS_OWNER"), ("group_name", "team", "CAN_VIEW"))
    return {
        "host": "adb-1.1.azuredatabricks.test",
        "workspace_id": 7000000000000001,
        "name": "old",
        "location": "westeurope",
        "tree": {
            "/": {
                "object_type": "DIRECTORY",
                "object_id": 0,
                "permissions": _acl(("group_name", "admins", "CAN_MANAGE")),
            },
            "/Shared": {"object_type": "DIRECTORY", "object_id": 11, "permissions": []},
            "/Shared/empty": {
                "object_type": "DIRECTORY",
                "object_id": 12,
                "permissions": _acl(("group_name", "team", "CAN_EDIT")),
            },
            "/Shared/code": {
                "object_type": "NOTEBOOK",
                "object_id": 13,
                "permissions": [],
                "language": "PYTHON",
                "format": "SOURCE",
                "content": b64("# Databricks notebook source\n1"),
            },
            "/Shared/results": {
                "object_type": "NOTEBOOK",
                "object_id": 14,
                "permissions": [],
                "language": "PYTHON",
                "format": "JUPYTER",
                "content": b64(ipynb("one")),
            },
            "/Shared/data.bin": {
                "object_type": "FILE",
                "object_id": 15,
                "permissions": [],
                "content": b64(b"\x00\xff"),
            },
            "/Repos/x/r": {"object_type": "REPO", "object_id": 16, "permissions": []},
            "/Repos/x/r/a.py": {
                "object_type": "FILE",
                "object_id": 17,
                "permissions": [],
                "content": b64("a"),
                "in_git_folder": True,
            },
        },
        "users": [
            {"id": "1", "userName": ADA, "displayName": "Ada", "active": True, "entitlements": ["workspace-access"]},
            {"id": "2", "userName": BOB, "displayName": "Bob", "active": True, "entitlements": []},
        ],
        "service_principals": [],
        "groups": [
            {
                "id": "3",
                "displayName": "admins",
                "meta": {"resourceType": "WorkspaceGroup"},
                "entitlements": [],
                "members": [{"type": "user", "name": ADA}],
            },
            {
                "id": "4",
                "displayName": "team",
                "meta": {"resourceType": "WorkspaceGroup"},
                "entitlements": ["databricks-sql-access"],
                "members": [{"type": "user", "name": ADA}, {"type": "user", "name": BOB}],
            },
        ],
        "secret_scopes": {
            "app": {
                "backend_type": "DATABRICKS",
                "keyvault_metadata": {},
                "acls": {ADA: "MANAGE", "team": "READ"},
                "keys": ["token"],
                "secrets": {"token": b64("planted")["base64"]},
            },
            "kv": {
                "backend_type": "AZURE_KEYVAULT",
                "keyvault_metadata": {"resource_id": "/v"},
                "acls": {},
                "keys": ["k"],
                "secrets": {},
            },
        },
        "instance_pools": [
            {
                "instance_pool_id": "pool-old",
                "instance_pool_name": "pool",
                "node_type_id": "D3",
                "min_idle_instances": 2,
                "permissions": _acl(("group_name", "team", "CAN_ATTACH_TO")),
            },
        ],
        "cluster_policies": [
            {
                "policy_id": "AAAA",
                "name": "policy",
                "permissions": [],
                "definition": json.dumps({"instance_pool_id": {"type": "fixed", "value": "pool-old"}}),
            },
        ],
        "clusters": [
            {
                "cluster_id": "c-old",
                "cluster_name": "etl",
                "cluster_source": "UI",
                "state": "RUNNING",
                "num_workers": 1,
                "spark_version": "15.4",
                "node_type_id": "D3",
                "policy_id": "AAAA",
                "pinned": True,
                "creator_user_name": ADA,
                "permissions": _acl(("user_name", BOB, "CAN_RESTART")),
            },
        ],
        "jobs": [
            {
                "job_id": 100,
                "creator_user_name": ADA,
                "run_as_user_name": ADA,
                "created_time": 5,
                "permissions": owner,
                "settings": {
                    "name": "twin",
                    "format": "MULTI_TASK",
                    "max_concurrent_runs": 1,
                    "schedule": {
                        "quartz_cron_expression": "0 0 1 * * ?",
                        "timezone_id": "UTC",
                        "pause_status": "UNPAUSED",
                    },
                    "tasks": [{"task_key": "a", "existing_cluster_id": "c-old"}],
                },
            },
            {
                "job_id": 200,
                "creator_user_name": ADA,
                "run_as_user_name": ADA,
                "created_time": 6,
                "permissions": owner,
                "settings": {"name": "twin", "tasks": [{"task_key": "a", "run_job_task": {"job_id": 100}}]},
            },
        ],
        "git_folders": [
            {
                "id": 16,
                "path": "/Repos/x/r",
                "url": "https://git.example/r",
                "provider": "gitHub",
                "branch": "main",
                "head_commit_id": "1",
                "permissions": [],
            },
        ],
        "libraries": {},
        "token_permissions": [],
        "listed": {"dashboards": {"d1": {"display_name": "board"}}},
        "started": {"clusters": 0, "idle_instances": 0},
    }


def target() -> dict[str, Any]:
    """The new workspace, as a faultless run leaves it."""
    new = copy.deepcopy(source())
    new |= {"host": "adb-2.2.azuredatabricks.test", "workspace_id": 7000000000000002, "name": "new"}
    for number, node in enumerate(new["tree"].values()):
        node["object_id"] = 1000 + number
    new["service_principals"] = [{"id": "9", "applicationId": OPERATOR, "displayName": "operator", "entitlements": []}]
    new["groups"][0]["members"].append({"type": "service_principal", "name": OPERATOR})
    new["tree"][f"/Users/{OPERATOR}"] = {
        "object_type": "DIRECTORY",
        "object_id": 2000,
        "permissions": _acl(("service_principal_name", OPERATOR, "CAN_MANAGE")),
    }
    new["instance_pools"][0] |= {"instance_pool_id": "pool-new", "min_idle_instances": 0, "stats": {"idle_count": 0}}
    new["cluster_policies"][0] |= {
        "policy_id": "BBBB",
        "definition": json.dumps({"instance_pool_id": {"type": "fixed", "value": "pool-new"}}, indent=1),
    }
    new["clusters"][0] |= {
        "cluster_id": "c-new",
        "cluster_source": "API",
        "state": "TERMINATED",
        "policy_id": "BBBB",
        "custom_tags": {"cmkmigrate-src": "c-old"},
        "driver_node_type_id": "D3",
        "enable_elastic_disk": True,
        "autotermination_minutes": 0,
        "creator_user_name": OPERATOR,
    }
    for job, id in zip(new["jobs"], (900, 901), strict=True):
        job["settings"]["tags"] = {"cmkmigrate_src_job": str(job["job_id"])}
        job["settings"]["run_as"] = {"user_name": ADA.lower()}
        job["settings"] |= {"email_notifications": {}, "timeout_seconds": 0, "format": "MULTI_TASK"}
        job["settings"]["tasks"][0]["run_if"] = "ALL_SUCCESS"
        job |= {"job_id": id, "creator_user_name": OPERATOR}
    new["jobs"][0]["settings"]["schedule"]["pause_status"] = "PAUSED"
    new["jobs"][0]["settings"]["tasks"][0]["existing_cluster_id"] = "c-new"
    new["jobs"][1]["settings"]["tasks"][0]["run_job_task"]["job_id"] = 900
    new["git_folders"][0] |= {"id": 1006, "head_commit_id": "2", "provider": "github"}
    new["listed"] = {"dashboards": {}}
    return new
