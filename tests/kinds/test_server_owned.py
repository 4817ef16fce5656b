"""What a kind drops and what a creation takes are together what a GET answers, as the vendor's SDK has it.

A field that is in neither would travel to a service that does not take it; one that is in both would be lost.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import pytest

from cmkmigrate.kinds import discover


@dataclasses.dataclass(frozen=True)
class Case:
    """Where the SDK has a kind. neither: fields that are sent and not taken; both: dropped, though create takes them;
    unknown: dropped, though the GET of the SDK has no such field; each with its reason."""

    module: str
    got: str
    api: str
    neither: Mapping[str, str] = field(default_factory=dict)
    both: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "instance_pools": Case("compute", "GetInstancePool", "InstancePoolsAPI"),
    "cluster_policies": Case("compute", "Policy", "ClusterPoliciesAPI"),
    "clusters": Case(
        "compute",
        "ClusterDetails",
        "ClustersAPI",
        unknown={
            "pinned_by_user_name": "on the wire, not in the SDK",
            "last_activity_time": "on the wire, not in the SDK",
        },
    ),
    "jobs": Case(
        "jobs", "JobSettings", "JobsAPI", both={"format": "the service says it, and ignores it when it is sent"}
    ),
}


def of_sdk(module: str, got: str, api: str) -> tuple[set[str], set[str]]:
    """(fields of the dataclass, parameters of create)."""
    service: Any = __import__(f"databricks.sdk.service.{module}", fromlist=[got])
    fields = {one.name for one in dataclasses.fields(getattr(service, got))}
    return fields, set(inspect.signature(getattr(service, api).create).parameters) - {"self"}


@pytest.mark.parametrize("name", CASES)
def test_dropped_and_created_are_all(name: str) -> None:
    case = CASES[name]
    fields, created = of_sdk(case.module, case.got, case.api)
    owned = set(discover()[name].server_owned)
    assert owned & created == set(case.both), "lost on the way"
    assert fields - owned - created == set(case.neither), "sent, and not taken"
    assert owned - fields == set(case.unknown), "dropped, and not there"
