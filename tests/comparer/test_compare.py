"""The comparer finds a faultless target equal, and sees each kind of difference."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.comparer.compare import compare, same
from tests.comparer.ignored import DEFAULTS, IGNORED, NOT_COMPARED
from tests.comparer.sample import BOB, OPERATOR, b64, ipynb, source, target

Dump = dict[str, Any]
LEFT_OUT = [("dashboards", "d1")]


def differences(new: Dump, old: Dump | None = None, **more: Any) -> set[tuple[str, str, str]]:
    found = compare(old or source(), new, **{"left_out": LEFT_OUT, "operator": OPERATOR, **more})
    return {(one.kind, one.key, one.what) for one in found}


def test_a_faultless_target_is_equal() -> None:
    assert compare(source(), target(), left_out=LEFT_OUT, operator=OPERATOR) == []
    assert same(target(), target(), source(), operator=OPERATOR) == []


def test_ids_of_the_target_mean_nothing() -> None:
    other = target()
    other["workspace_id"] = 7000000000000003
    for job in other["jobs"]:
        job["job_id"] += 50
    other["jobs"][1]["settings"]["tasks"][0]["run_job_task"]["job_id"] = 950
    assert same(target(), other, source(), operator=OPERATOR) == []


def test_what_was_not_moved_must_have_been_reported() -> None:
    assert differences(target(), left_out=[]) == {("dashboards", "d1", "missing")}


def _task(new: Dump, number: int = 0) -> Dump:
    settings: Dump = new["jobs"][number]["settings"]
    task: Dump = settings["tasks"][0]
    return task


def _again(new: Dump, kind: str, id_field: str, id: Any) -> None:
    new[kind].append({**copy.deepcopy(new[kind][0]), id_field: id})


CHANGES: dict[str, tuple[Callable[[Dump], Any], set[tuple[str, str, str]]]] = {
    "a folder is lost": (
        lambda new: new["tree"].pop("/Shared/empty"),
        {("directories", "/Shared/empty", "missing"), ("permissions", "directories:/Shared/empty", "missing")},
    ),
    "a folder is too much": (
        lambda new: new["tree"].update({"/Shared/new": {"object_type": "DIRECTORY", "permissions": []}}),
        {("directories", "/Shared/new", "extra")},
    ),
    "one byte of a notebook": (
        lambda new: new["tree"]["/Shared/code"].update(content=b64("# Databricks notebook source\n1\n")),
        {("notebooks", "/Shared/code", "differs")},
    ),
    "the language of a notebook": (
        lambda new: new["tree"]["/Shared/code"].update(language="R"),
        {("notebooks", "/Shared/code", "differs")},
    ),
    "the result of a notebook": (
        lambda new: new["tree"]["/Shared/results"].update(content=b64(ipynb("two"))),
        {("notebooks", "/Shared/results", "differs")},
    ),
    "results lost on the way": (
        lambda new: new["tree"]["/Shared/results"].update(
            format="SOURCE", content=b64("# Databricks notebook source\n1")
        ),
        {("notebooks", "/Shared/results", "differs")},
    ),
    "one byte of a file": (
        lambda new: new["tree"]["/Shared/data.bin"].update(content=b64(b"\x00\xfe")),
        {("files", "/Shared/data.bin", "differs")},
    ),
    "the ACL of a folder": (
        lambda new: new["tree"]["/Shared/empty"]["permissions"].append(
            {"user_name": BOB, "permission_level": "CAN_READ"}
        ),
        {("permissions", "directories:/Shared/empty", "differs")},
    ),
    "the level in an ACL": (
        lambda new: new["clusters"][0]["permissions"][0].update(permission_level="CAN_MANAGE"),
        {("permissions", "clusters:c-old", "differs")},
    ),
    "a job of another owner": (
        lambda new: new["jobs"][0].update(
            permissions=[
                {"service_principal_name": OPERATOR, "permission_level": "IS_OWNER"},
                new["jobs"][0]["permissions"][1],
            ]
        ),
        {("permissions", "jobs:100", "differs")},
    ),
    "a member of a group": (lambda new: new["groups"][1]["members"].pop(), {("groups", "team", "differs")}),
    "an admin too much": (
        lambda new: new["groups"][0]["members"].append({"type": "user", "name": BOB}),
        {("groups", "admins", "differs")},
    ),
    "an entitlement": (
        lambda new: new["users"][0].update(entitlements=[]),
        {("users", "ada@contoso.example", "differs")},
    ),
    "a user": (
        lambda new: new["users"].pop(),
        {("users", BOB, "missing"), ("permissions", "clusters:c-old", "differs")},
    ),
    "a principal too much": (
        lambda new: new["service_principals"].append({"applicationId": "somebody", "entitlements": []}),
        {("service_principals", "somebody", "extra")},
    ),
    "a secret's value": (
        lambda new: new["secret_scopes"]["app"]["secrets"].update(token=b64("other")["base64"]),
        {("secrets", "app/token", "differs")},
    ),
    "a secret": (lambda new: new["secret_scopes"]["app"]["secrets"].clear(), {("secrets", "app/token", "missing")}),
    "the ACL of a scope": (
        lambda new: new["secret_scopes"]["app"]["acls"].update({OPERATOR: "MANAGE"}),
        {("secret_acls", "app", "differs")},
    ),
    "the backend of a scope": (
        lambda new: new["secret_scopes"]["kv"].update(backend_type="DATABRICKS", keyvault_metadata={}),
        {("secret_scopes", "kv", "differs")},
    ),
    "an idle machine": (
        lambda new: new["instance_pools"][0].update(min_idle_instances=1),
        {("instance_pools", "pool", "wrong")},
    ),
    "an idle machine that was started": (
        lambda new: new["started"].update(idle_instances=2),
        {("instance_pools", "*", "wrong")},
    ),
    "a field of a pool nobody has heard of": (
        lambda new: new["instance_pools"][0].update(new_field=1),
        {("instance_pools", "pool", "differs")},
    ),
    "a pool's id inside a policy": (
        lambda new: new["cluster_policies"][0].update(definition=source()["cluster_policies"][0]["definition"]),
        {("cluster_policies", "policy", "differs")},
    ),
    "a running cluster": (lambda new: new["clusters"][0].update(state="RUNNING"), {("clusters", "c-old", "wrong")}),
    "a cluster that is not pinned": (
        lambda new: new["clusters"][0].update(pinned=False),
        {("clusters", "c-old", "differs")},
    ),
    "a cluster twice": (
        lambda new: _again(new, "clusters", "cluster_id", "c-2"),
        {("clusters", "c-old", "duplicate")},
    ),
    "a cluster that is nobody's": (
        lambda new: new["clusters"].append(
            {**new["clusters"][0], "cluster_id": "c-3", "custom_tags": {}, "permissions": []}
        ),
        {("clusters", "~c-3", "extra")},
    ),
    "a job twice": (
        lambda new: _again(new, "jobs", "job_id", 999),
        {("jobs", "100", "duplicate")},
    ),
    "a job that is not paused": (
        lambda new: new["jobs"][0]["settings"]["schedule"].update(pause_status="UNPAUSED"),
        {("jobs", "100", "wrong")},
    ),
    "another time of a schedule": (
        lambda new: new["jobs"][0]["settings"]["schedule"].update(timezone_id="Europe/Prague"),
        {("jobs", "100", "differs")},
    ),
    "a reference that was not rewritten": (
        lambda new: _task(new).update(existing_cluster_id="c-old"),
        {("jobs", "100", "differs")},
    ),
    "a reference to the wrong twin": (
        lambda new: _task(new, 1)["run_job_task"].update(job_id=901),
        {("jobs", "200", "differs")},
    ),
    "a job that runs as somebody else": (
        lambda new: new["jobs"][0]["settings"].update(run_as={"service_principal_name": OPERATOR}),
        {("jobs", "100", "differs")},
    ),
    "a task": (lambda new: new["jobs"][1]["settings"]["tasks"].clear(), {("jobs", "200", "differs")}),
    "true for 1": (
        lambda new: new["jobs"][0]["settings"].update(max_concurrent_runs=True),
        {("jobs", "100", "differs")},
    ),
    "the branch of a Git folder": (
        lambda new: new["git_folders"][0].update(branch="dev"),
        {("git_folders", "/Repos/x/r", "differs")},
    ),
    "something that this version does not move": (
        lambda new: new["listed"]["dashboards"].update(d9={}),
        {("dashboards", "d9", "extra")},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_difference_is_seen(name: str) -> None:
    change, expected = CHANGES[name]
    new = target()
    change(new)
    assert differences(new) == expected


def test_what_is_reported_is_not_compared() -> None:
    new = target()
    new["jobs"].pop()
    assert differences(new, left_out=[*LEFT_OUT, ("jobs", "200")]) == set()
    assert differences(new) == {("jobs", "200", "missing"), ("permissions", "jobs:200", "missing")}


def test_policies_that_the_service_makes_may_be_in_the_target_and_are_compared() -> None:
    old, new = source(), target()
    built_in = {"name": "Personal Compute", "policy_family_id": "personal-vm", "definition": "{}", "permissions": []}
    new["cluster_policies"].append({**built_in, "policy_id": "C1", "is_default": True, "description": "theirs"})
    assert differences(new) == set()
    old["cluster_policies"].append({**built_in, "policy_id": "C0"})
    assert differences(new, old) == set()
    old["cluster_policies"][-1]["policy_family_definition_overrides"] = '{"num_workers": {"type": "unlimited"}}'
    assert differences(new, old) == {("cluster_policies", "Personal Compute", "differs")}


def test_entries_of_principals_who_were_reported_may_be_missing() -> None:
    new = target()
    new["users"].pop()
    new["clusters"][0]["permissions"].clear()
    new["groups"][1]["members"].pop()
    assert differences(new, left_out=[*LEFT_OUT, ("users", BOB)]) == set()
    new["users"].append(source()["users"][1])  # reported, but there
    found = differences(new, left_out=[*LEFT_OUT, ("users", BOB)])
    assert found == {("permissions", "clusters:c-old", "differs"), ("groups", "team", "differs")}


def test_a_job_with_no_room_for_the_marker_is_known_by_its_name() -> None:
    old, new = source(), target()
    old["jobs"][1]["settings"]["name"] = new["jobs"][1]["settings"]["name"] = "only one"
    tags = {f"tag{number}": "" for number in range(25)}
    old["jobs"][1]["settings"]["tags"] = new["jobs"][1]["settings"]["tags"] = tags
    assert differences(new, old) == set()


def test_exports_are_asked_where_the_stored_forms_differ() -> None:
    new = target()
    new["tree"]["/Shared/code"].update(format="JUPYTER", content=b64(b'{"cells": [], "metadata": {}}'))
    code = b"# Databricks notebook source\n1"
    assert differences(new, exports=(lambda path: b"", lambda path: code)) == set()
    assert differences(new, exports=(lambda path: b"", lambda path: code + b"\n")) == {
        ("notebooks", "/Shared/code", "differs")
    }


def test_the_comparer_imports_nothing_of_the_product() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] == "cmkmigrate" for name in names), path


def test_every_ignored_field_has_its_reason() -> None:
    reasons = [reason for fields in IGNORED.values() for reason in fields.values()] + list(NOT_COMPARED.values())
    assert all(len(reason.split()) > 3 for reason in reasons)
    assert set(DEFAULTS) >= set(IGNORED)
