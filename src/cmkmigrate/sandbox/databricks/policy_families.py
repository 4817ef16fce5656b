"""Policy families, and the built-in policies that a new workspace has of them.

Ids and names of the built-in families are the vendor's, the same in every workspace; the definitions here are short
ones of our own in the vendor's syntax. Families are read-only.
"""

from __future__ import annotations

import json

from cmkmigrate.sandbox.databricks.refusals import missing
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

FAMILIES = "/api/2.0/policy-families"
PAGE = 20


def _family(id: str, name: str, description: str, definition: Body) -> Body:
    text = json.dumps(definition, separators=(",", ":"))
    return {"policy_family_id": id, "name": name, "description": description, "definition": text}


_IDLE: Body = {"type": "unlimited", "defaultValue": 4320, "isOptional": True}
BUILT_IN: dict[str, Body] = {
    family["policy_family_id"]: family
    for family in (
        _family(
            "personal-vm",
            "Personal Compute",
            "One small machine for one person.",
            {
                "num_workers": {"type": "fixed", "value": 0, "hidden": True},
                "spark_version": {"type": "unlimited", "defaultValue": "auto:latest-ml"},
                "node_type_id": {"type": "allowlist", "values": ["Standard_DS3_v2", "Standard_DS4_v2"]},
                "autotermination_minutes": _IDLE,
            },
        ),
        _family(
            "power-user",
            "Power User Compute",
            "A larger machine, or several, for one person.",
            {
                "data_security_mode": {"type": "fixed", "value": "SINGLE_USER", "hidden": True},
                "spark_version": {"type": "unlimited", "defaultValue": "auto:latest-lts-ml"},
                "node_type_id": {"type": "unlimited", "defaultValue": "Standard_DS4_v2"},
            },
        ),
        _family(
            "shared-compute",
            "Shared Compute",
            "Several machines that many people use together.",
            {
                "data_security_mode": {"type": "fixed", "value": "USER_ISOLATION", "hidden": True},
                "spark_version": {"type": "unlimited", "defaultValue": "auto:latest-lts"},
            },
        ),
        _family(
            "shared-data-science",
            "Legacy Shared Compute",
            "Shared machines without isolation.",
            {
                "data_security_mode": {"type": "fixed", "value": "NONE", "hidden": True},
            },
        ),
        _family(
            "job-cluster",
            "Job Compute",
            "Machines that a job makes for itself.",
            {
                "cluster_type": {"type": "fixed", "value": "job"},
                "num_workers": {"type": "unlimited", "defaultValue": 4, "isOptional": True},
            },
        ),
    )
}
DEFAULT_POLICIES = ("personal-vm", "power-user", "shared-compute", "job-cluster")


def families(state: WorkspaceState) -> dict[str, Body]:
    """Every family that this cloud knows: the built-in ones, and those that an estate's policies name."""
    return {**BUILT_IN, **state.account.policy_families}


def seed_policies(state: WorkspaceState) -> None:
    """The built-in policies of a new workspace: named as their family, no overrides, is_default."""
    for id in DEFAULT_POLICIES:
        family = BUILT_IN[id]
        policy_id = state.ids.hexadecimal()
        state.policies[policy_id] = {
            "policy_id": policy_id,
            "name": family["name"],
            "definition": family["definition"],
            "description": family["description"],
            "policy_family_id": id,
            "created_at_timestamp": state.clock.ms(),
            "is_default": True,
        }


@route("GET", FAMILIES)
def list_families(state: WorkspaceState, request: Request) -> Response:
    held = list(families(state).values())
    at = int(request.arg("page_token", "0") or 0)
    most = min(PAGE, int(request.arg("max_results", str(PAGE)) or PAGE))
    answer: Body = {"policy_families": held[at : at + most]}
    if len(held) > at + most:
        answer["next_page_token"] = str(at + most)
    return json_response(answer)


@route("GET", FAMILIES + "/{id}")
def get_family(state: WorkspaceState, request: Request) -> Response:
    family = families(state).get(request.params["id"])
    if family is None:
        raise missing(f"Policy family {request.params['id']} does not exist.")
    return json_response(family)
