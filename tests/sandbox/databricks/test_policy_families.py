"""Policy families: the same ids in every workspace; those that an estate names are known too."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import Workspace

FAMILIES = "/api/2.0/policy-families"


def test_list_and_get(old: Workspace, new: Workspace) -> None:
    there, here = old.get(FAMILIES)["policy_families"], new.get(FAMILIES)["policy_families"]
    assert there == here
    assert new.get(f"{FAMILIES}/personal-vm")["name"] == "Personal Compute"
    assert new.refused("GET", f"{FAMILIES}/none")[0] == 404
    page = new.get(FAMILIES, max_results=2)
    assert len(page["policy_families"]) == 2 and page["next_page_token"]
