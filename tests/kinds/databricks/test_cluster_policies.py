from __future__ import annotations

import json
from typing import Any

import pytest

from cmkmigrate.kinds.databricks.cluster_policies import POLICIES, ClusterPolicies
from cmkmigrate.model import Asset, Body
from cmkmigrate.portable import differences, local, portable
from tests.kinds.fake_site import FakeSite, entries

KIND = ClusterPolicies()
RULES = {
    "instance_pool_id": {"type": "allowlist", "values": ["old-1", "old-2"], "defaultValue": "old-1"},
    "init_scripts.0.workspace.destination": {"type": "fixed", "value": "/Workspace/Shared/init.sh"},
    "spark_conf.password": {"type": "fixed", "value": "{{secrets/scope/key}}"},
}


def policy(**more: Any) -> Body:
    return {"policy_id": "P", "name": "p", "definition": json.dumps(RULES, indent=2), "is_default": False, **more}


def asset(**more: Any) -> Asset:
    (found,) = entries(KIND, FakeSite().on(f"{POLICIES}/list", {"policies": [policy(**more)]}))
    assert isinstance(found, Asset)
    return found


def test_every_pool_in_the_rules_is_rewritten() -> None:
    there = portable(KIND, asset().body or {}, lambda kind, id: id.replace("old", "pool"))
    here = local(KIND, there.body, lambda kind, key: key.replace("pool", "new"), lambda kind: str)
    assert json.loads(here["definition"])["instance_pool_id"]["values"] == ["new-1", "new-2"]
    assert json.loads(here["definition"])["instance_pool_id"]["defaultValue"] == "new-1"
    others = {(link.ref.targets[0], link.value) for link in there.links if link.ref.form != "id"}
    assert others == {("files", "/Workspace/Shared/init.sh"), ("secret_scopes", "scope")}


def test_rules_are_sent_as_they_were_written_and_compared_by_meaning() -> None:
    text = '{ "a":{"type":"fixed","value":1},\n\t"b":{} }'
    body = portable(KIND, {"name": "p", "definition": text}, lambda kind, id: None).body
    assert body["definition"] == text
    assert differences(KIND, body, {"name": "p", "definition": '{"b":{},"a":{"value":1,"type":"fixed"}}'}) == ()
    assert differences(KIND, body, {"name": "p", "definition": '{"b":{}}'})


def test_of_a_family_the_overrides_are_the_policy() -> None:
    body = asset(policy_family_id="f", policy_family_definition_overrides="{}").body
    assert body is not None and "definition" not in body and body["policy_family_id"] == "f"


@pytest.mark.parametrize(
    ("more", "seeded"),
    [
        ({"is_default": True}, True),
        ({"policy_family_id": "f", "name": "Family"}, True),
        ({"policy_family_id": "f", "name": "Renamed"}, False),
        ({"policy_family_id": "f", "name": "Family", "policy_family_definition_overrides": "{}"}, False),
        ({"policy_family_id": "gone", "name": "Family"}, False),
        ({}, False),
    ],
)
def test_which_a_workspace_is_born_with(more: dict[str, Any], seeded: bool) -> None:
    site = FakeSite().on("/api/2.0/policy-families/f", {"name": "Family"})
    assert KIND.seeded(site, asset(**more)) is seeded


def test_writing() -> None:
    site = FakeSite().on(f"{POLICIES}/create", {"policy_id": "Q"})
    assert KIND.create(site, Asset("P", body={"name": "p"})).id == "Q"
    KIND.update(site, Asset("P", body={"name": "p"}), Asset("Q"))
    KIND.delete(site, Asset("Q"))
    assert [(path.rpartition("/")[2], body) for _, path, body in site.written] == [
        ("create", {"name": "p"}), ("edit", {"name": "p", "policy_id": "Q"}), ("delete", {"policy_id": "Q"}),
    ]  # fmt: skip
