"""Rules of Azure Policy that others wrote: the old workspace is against them, the migrated one and its vault are not.

The rules are read from `shared/specs/policy`; they speak a small part of the language, and what is not known here is
refused. An alias is the path of a property (`Microsoft.Databricks/workspaces/a.b` is properties.a.b).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Migration

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs" / "policy"
COMMUNITY = "community/audit-databricks-should-use-customer-managed-key-for-encrypting-"
DBFS, MANAGED_SERVICES = f"{COMMUNITY}dbfs/azurepolicy.json", f"{COMMUNITY}managed-services/azurepolicy.json"
PURGE, SOFT_DELETE = "builtin/keyvault/Recoverable_Audit.json", "builtin/keyvault/SoftDeleteMustBeEnabled_Audit.json"
WORKSPACES, VAULTS = "Microsoft.Databricks/workspaces", "Microsoft.KeyVault/vaults"
_CONTEXT = {"[requestContext().apiVersion]": "2026-02-01"}

Body = dict[str, Any]


def rule(name: str) -> Body:
    """The condition of a policy. Skips where the policies are not beside this checkout."""
    if not SPECS.is_dir():
        pytest.skip("the policies are not beside this checkout (../shared/specs/policy)")
    policy = json.loads((SPECS / name).read_text("utf-8-sig"))
    found: Body = policy.get("properties", policy)["policyRule"]["if"]
    return found


def against(condition: Body, resource: Body) -> bool:
    """Whether a resource meets the condition of a rule, that is: is not as it should be."""
    if "allOf" in condition:
        return all(against(one, resource) for one in condition["allOf"])
    if "anyOf" in condition:
        return any(against(one, resource) for one in condition["anyOf"])
    if "not" in condition:
        return not against(condition["not"], resource)
    value = _value(condition["field"], resource) if "field" in condition else _CONTEXT[condition["value"]]
    ((word, wanted),) = ((word, wanted) for word, wanted in condition.items() if word not in ("field", "value"))
    tests: dict[str, Callable[[], bool]] = {
        "exists": lambda: (value is not None) == (str(wanted).lower() == "true"),
        "equals": lambda: _text(value) == _text(wanted),
        "notEquals": lambda: _text(value) != _text(wanted),
        "less": lambda: _text(value) < _text(wanted),
        "greaterOrEquals": lambda: _text(value) >= _text(wanted),
    }
    return tests[word]()


def _value(field: str, resource: Body) -> Any:
    kind = str(resource["type"])
    if not field.startswith(f"{kind}/"):
        return resource.get(field)
    value: Any = resource["properties"]
    for part in field.removeprefix(f"{kind}/").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return str(value).lower()  # the language compares without case, and true with "true"


def workspace(migration: Migration, host: str) -> Body:
    bodies = migration.sandbox.arm()["workspaces"].values()
    return next({**one, "type": WORKSPACES} for one in bodies if one["properties"]["workspaceUrl"] == host)


def vault(migration: Migration) -> Body:
    """The one that the migration made; others may have made more on the same sandbox."""
    vaults = migration.sandbox.arm()["vaults"].items()
    (one,) = [one for at, one in vaults if at.rpartition("/")[2].lower() == "kv-undisturbed"]
    return {**one, "type": VAULTS}


@pytest.mark.parametrize("name", [DBFS, MANAGED_SERVICES], ids=["dbfs", "managed-services"])
def test_the_workspace(name: str, undisturbed: Migration) -> None:
    condition = rule(name)
    assert against(condition, workspace(undisturbed, undisturbed.source))
    assert not against(condition, workspace(undisturbed, undisturbed.target))


@pytest.mark.parametrize("name", [PURGE, SOFT_DELETE], ids=["purge-protection", "soft-delete"])
def test_the_vault(name: str, undisturbed: Migration) -> None:
    condition, made = rule(name), vault(undisturbed)
    unsafe = {"enableSoftDelete": False, "enablePurgeProtection": False}
    assert not against(condition, made)
    assert against(condition, {**made, "properties": made["properties"] | unsafe})


def test_a_word_that_is_not_known_is_refused() -> None:
    with pytest.raises(KeyError):
        against({"field": "type", "like": "Microsoft.*"}, {"type": WORKSPACES, "properties": {}})
