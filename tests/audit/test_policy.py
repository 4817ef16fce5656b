"""The definition of Azure Policy that the audit writes, evaluated on the eight combinations beside the audit."""

from __future__ import annotations

import itertools
import json

import pytest

from cmkmigrate.audit.encryption import judge
from cmkmigrate.audit.model import Feature, Verdict
from cmkmigrate.audit.policy import definition
from tests.audit.test_encryption import ENTITY, ROOT, resource
from tests.cli.transcript import Terminal
from tests.e2e.test_policies import WORKSPACES, against

RULE = definition()["properties"]["policyRule"]["if"]


@pytest.mark.parametrize("on", list(itertools.product([False, True], repeat=3)))
def test_the_eight_combinations(on: tuple[bool, bool, bool]) -> None:
    """It flags what lacks a key in any of the three, as the audit does."""
    body = resource(*(form if here else None for form, here in zip((ENTITY, ENTITY, ROOT), on, strict=True)))
    flagged = against(RULE, {**body, "type": WORKSPACES})
    assert flagged is any(row.verdict is Verdict.PLATFORM_KEY for row in judge(body)) is not all(on)


def test_where_published_rules_are_wrong() -> None:
    reverted = resource(ENTITY, ENTITY, {"keySource": "Default"})
    assert against(RULE, {**reverted, "type": WORKSPACES}), "a root that was taken back under the platform's key"
    serverless = resource(ENTITY, computeMode="Serverless")
    assert not against(RULE, {**serverless, "type": WORKSPACES})
    assert against(RULE, {**resource(computeMode="Serverless"), "type": WORKSPACES})
    assert not against(RULE, {"type": "Microsoft.Storage/storageAccounts", "properties": {}})


def test_what_it_does_not_see() -> None:
    """A key that is named counts, whatever its health: the page of docs says so."""
    body = resource(ENTITY, ENTITY, ROOT, provisioningState="Failed")
    assert not against(RULE, {**body, "type": WORKSPACES})
    assert {row.verdict for row in judge(body)} == {Verdict.UNKNOWN}
    assert len(Feature) == 3


def test_it_is_written_without_asking_anybody(terminal: Terminal) -> None:
    result = terminal("audit --emit-policy policy.json")
    assert result.code == 0 and "policy.json" in result.err
    assert json.loads((terminal.folder / "policy.json").read_text("utf-8")) == definition()
