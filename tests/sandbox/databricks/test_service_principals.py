"""SCIM service principals: known by applicationId, shared by the account."""

from __future__ import annotations

from tests.sandbox.databricks.conftest import OPERATOR, SCIM, Workspace

PRINCIPALS = f"{SCIM}/ServicePrincipals"
NIGHTLY = "5f0a6c1e-38b2-4d57-9a0e-0c4de61b7a11"


def test_of_the_account_is_assigned(old: Workspace, new: Workspace) -> None:
    (before,) = old.get(PRINCIPALS, filter=f'applicationId eq "{NIGHTLY}"')["Resources"]
    made = new.post(PRINCIPALS, applicationId=NIGHTLY)
    assert (made["id"], made["displayName"]) == (before["id"], "sp-nightly")
    assert new.get("/api/2.0/workspace/get-status", path=f"/Users/{NIGHTLY}")


def test_duplicate(new: Workspace) -> None:
    status, kind, text = new.refused("POST", PRINCIPALS, {"applicationId": OPERATOR})
    assert (status, kind) == (409, "uniqueness")
    assert text == f"Service principal with application ID {OPERATOR} already exists."


def test_without_application_id_one_is_made(new: Workspace) -> None:
    made = new.post(PRINCIPALS, displayName="robot")
    assert len(made["applicationId"]) == 36
    assert new.get(f"{PRINCIPALS}/{made['id']}")["displayName"] == "robot"
