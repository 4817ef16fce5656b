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
from cmkmigrate.audit.policy import definition
from tests.audit.test_encryption import ENTITY, ROOT, resource
from tests.e2e.test_policies import against
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


COMBINATIONS = list(itertools.product([False, True], repeat=3))
BUILT_IN = POLICIES.parent / "builtin" / "databricks"


def combined(on: tuple[bool, bool, bool]) -> dict[str, Any]:
    """A healthy workspace with these of the three features under a key."""
    body = resource(*(form if here else None for form, here in zip((ENTITY, ENTITY, ROOT), on, strict=True)))
    body["properties"]["parameters"]["prepareEncryption"] = {"value": on[2]}
    return body


def built_in_flags(_: Mapping[str, Any]) -> bool:
    """None of them reads a field of encryption, so none flags for it; a field that one would read is seen here."""
    found = "".join(path.read_text("utf-8-sig").lower() for path in sorted(BUILT_IN.glob("*.json")))
    assert "microsoft.databricks/workspaces" in found
    return "workspaces/encryption" in found or "parameters.encryption" in found


def entity(body: Mapping[str, Any], name: str) -> bool:
    return bool(((body["properties"].get("encryption") or {}).get("entities") or {}).get(name))


def root_filled(body: Mapping[str, Any]) -> bool:
    parameters = body["properties"]["parameters"]
    return bool(parameters["prepareEncryption"]["value"] and (parameters.get("encryption") or {}).get("value"))


# First words of a row of the table in docs/audit.md -> whether that rule flags a workspace, by what its source reads.
FLAGS: dict[str, Any] = {
    "`cmkmigrate audit`": lambda body: any(row.verdict is not Verdict.CMK for row in judge(body)),
    "`cmkmigrate audit --emit-policy`": lambda body: against(
        definition()["properties"]["policyRule"]["if"], {**body, "type": "Microsoft.Databricks/workspaces"}
    ),
    "Azure Community-Policy, DBFS": lambda body: holds(rule("dbfs"), body),
    "Azure Community-Policy, managed services": lambda body: holds(rule("managed-services"), body),
    "Azure Policy, built in": built_in_flags,
    "Prowler": lambda body: not entity(body, "managedDisk"),
    "Checkov": lambda body: not root_filled(body),
    "Powerpipe": lambda body: not body["properties"]["parameters"].get("customerManagedKeyId"),
    "KICS": lambda body: not entity(body, "managedDisk"),
    "CloudSploit": lambda body: not (entity(body, "managedServices") and entity(body, "managedDisk")),
    "Databricks SAT": lambda _: False,
}


def table() -> list[list[str]]:
    """The rows of the table in the docs, by cell."""
    text = (tree.ROOT / "docs" / "audit.md").read_text("utf-8").partition("## Beside other scanners")[2]
    lines = [line for line in text.splitlines() if line.startswith("| ")][2 - 1 :]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", sorted(FLAGS))
def test_the_table_of_the_docs(name: str) -> None:
    """A scanner is right where it flags exactly what lacks a key in one of the three."""
    rows = [row for row in table() if row[0] == name or row[0].startswith((f"{name},", f"{name} ("))]
    assert len(rows) == 1, name
    right = sum(bool(FLAGS[name](combined(on))) is not all(on) for on in COMBINATIONS)
    assert int(rows[0][5]) == right
    assert rows[0][6].startswith(("evaluated", "source"))


def test_every_row_of_the_table_is_counted() -> None:
    assert len(table()) == len(FLAGS)
