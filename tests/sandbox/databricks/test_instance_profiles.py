"""Instance profiles: none in Azure."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import Workspace


def test_there_are_none(old: Workspace) -> None:
    assert old.get("/api/2.0/instance-profiles/list") == {}
