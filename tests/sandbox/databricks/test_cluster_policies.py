"""Cluster policies: JSON strings, families with a merged definition, built-in ones in a new workspace."""

from __future__ import annotations

import json

from tests.sandbox.databricks.conftest import Workspace

POLICIES = "/api/2.0/policies/clusters"


def test_built_in_policies(new: Workspace) -> None:
    held = new.get(f"{POLICIES}/list", sort_column="POLICY_NAME", sort_order="ASC")["policies"]
    assert [policy["name"] for policy in held] == [
        "Job Compute",
        "Personal Compute",
        "Power User Compute",
        "Shared Compute",
    ]
    assert all(policy["is_default"] for policy in held)


def test_definition_is_a_string_of_json(new: Workspace) -> None:
    id = new.post(f"{POLICIES}/create", name="p", definition='{"a": {"type": "fixed", "value": 1}}')["policy_id"]
    body = new.get(f"{POLICIES}/get", policy_id=id)
    assert body["definition"] == '{"a": {"type": "fixed", "value": 1}}'
    assert body["is_default"] is False
    for wrong in (None, "{", "[]", {"a": 1}):
        assert new.refused("POST", f"{POLICIES}/create", {"name": "q", "definition": wrong})[0] == 400


def test_family_and_overrides_are_merged(new: Workspace) -> None:
    overrides = '{"num_workers":{"type":"fixed","value":3}}'
    body = {"name": "p", "policy_family_id": "personal-vm", "policy_family_definition_overrides": overrides}
    id = new.post(f"{POLICIES}/create", **body)["policy_id"]
    held = new.get(f"{POLICIES}/get", policy_id=id)
    definition = json.loads(held["definition"])
    assert definition["num_workers"] == {"type": "fixed", "value": 3} and "node_type_id" in definition
    assert held["policy_family_definition_overrides"] == overrides
    assert new.refused("POST", f"{POLICIES}/create", {**body, "name": "q", "definition": "{}"})[0] == 400
    assert new.refused("POST", f"{POLICIES}/create", {**body, "name": "q", "policy_family_id": "none"})[0] == 400


def test_names_are_unique(new: Workspace) -> None:
    body = {"name": "Job Compute", "definition": "{}"}
    assert new.refused("POST", f"{POLICIES}/create", body)[1] == "RESOURCE_ALREADY_EXISTS"


def test_edit_replaces(new: Workspace) -> None:
    id = new.post(f"{POLICIES}/create", name="p", definition="{}", description="d")["policy_id"]
    new.post(f"{POLICIES}/edit", policy_id=id, name="p", definition="{}")
    assert "description" not in new.get(f"{POLICIES}/get", policy_id=id)
