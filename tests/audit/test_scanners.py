"""What the community's two Azure policies answer on the eight combinations, beside the audit: their published rules,
evaluated as Azure Policy's language defines `allOf`, `anyOf`, `equals` and `exists`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.audit.encryption import judge
from cmkmigrate.audit.model import Feature, Verdict
from tests.audit.test_encryption import ENTITY, ROOT, resource
from tests.house import tree

POLICIES = tree.ROOT.parent / "shared" / "specs" / "policy" / "community"
NAME = "audit-databricks-should-use-customer-managed-key-for-encrypting-{}"
pytestmark = pytest.mark.skipif(not POLICIES.is_dir(), reason="the policies are not beside the project")


def rule(of: str) -> dict[str, Any]:
    path = Path(POLICIES, NAME.format(of), "azurepolicy.rules.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["if"]
    return found


def holds(condition: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a policy would flag the resource."""
    if "allOf" in condition:
        return all(holds(one, body) for one in condition["allOf"])
    if "anyOf" in condition:
        return any(holds(one, body) for one in condition["anyOf"])
    field = condition["field"]
    if field == "type":
        return bool(condition["equals"] == "Microsoft.Databricks/workspaces")
    value: Any = body["properties"]
    for part in field.removeprefix("Microsoft.Databricks/workspaces/").split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if "exists" in condition:
        return (value is not None) is bool(condition["exists"])
    return bool(value == condition["equals"])


@pytest.mark.parametrize("on", list(itertools.product([False, True], repeat=3)))
def test_the_eight_combinations(on: tuple[bool, bool, bool]) -> None:
    body = resource(*(form if here else None for form, here in zip((ENTITY, ENTITY, ROOT), on, strict=True)))
    body["properties"]["parameters"]["prepareEncryption"] = {"value": True}
    passes = {row.feature: row.verdict is Verdict.CMK for row in judge(body)}
    assert tuple(passes[feature] for feature in Feature) == on
    assert holds(rule("managed-services"), body) is not on[0]
    assert holds(rule("dbfs"), body) is not on[2], "neither of them looks at disks"


def test_where_they_differ() -> None:
    """A reverted root passes the policy; so does one whose key nobody looks at."""
    body = resource(root={"keySource": "Default"})
    body["properties"]["parameters"]["prepareEncryption"] = {"value": True}
    assert not holds(rule("dbfs"), body)
    assert {row.feature: row.verdict for row in judge(body)}[Feature.DBFS_ROOT] is Verdict.PLATFORM_KEY
