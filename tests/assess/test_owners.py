"""Signs of infrastructure-as-code: those that tools and teams write, and nothing else."""

from __future__ import annotations

import pytest

from cmkmigrate.assess.owners import of_contents, of_resource


@pytest.mark.parametrize(
    ("name", "value", "tool"),
    [
        ("azd-env-name", "dev", "Azure Developer CLI"),
        ("terraform", "true", "Terraform"),
        ("Terraform", "yes", "Terraform"),
        ("terraform_workspace", "prod", "Terraform"),
        ("ManagedBy", "Terraform", "Terraform"),
        ("managed-by", "terraform", "Terraform"),
        ("managed_by", "OpenTofu", "Terraform"),
        ("managed", "terraform-cloud", "Terraform"),
        ("created_by", "terraform", "Terraform"),
        ("CreatedBy", "Bicep", "Bicep"),
        ("provisioner", "pulumi", "Pulumi"),
        ("deployed_with", "bicep", "Bicep"),
        ("iac", "terraform", "Terraform"),
        ("pulumi:project", "data", "Pulumi"),
        ("yor_trace", "a0425718", "a tagger of sources (Yor)"),
        ("git_repo", "infra", "a tagger of sources (Yor)"),
        ("avm_git_file", "main.tf", "a tagger of sources (Yor)"),
        ("terraform", "false", ""),
        ("terraform", "", ""),
        ("managed_by", "the data team", ""),
        ("created_by", "jane.doe@contoso.example", ""),
        ("owner", "terraform-guild", ""),
        ("description", "not made by terraform", ""),
        ("environment", "prod", ""),
        ("source", "erp", ""),
    ],
)
def test_tags(name: str, value: str, tool: str) -> None:
    found = of_resource({"tags": {name: value}})
    assert [(sign.tool, sign.seen) for sign in found] == ([(tool, f"tag {name}: {value}")] if tool else [])


def test_an_application_made_it() -> None:
    found = of_resource({"systemData": {"createdByType": "Application", "createdBy": "guid"}})
    assert [(sign.tool, "guid" in sign.seen) for sign in found] == [("an application", True)]
    assert of_resource({"systemData": {"createdByType": "User", "createdBy": "jane"}}) == []
    assert of_resource({}) == of_resource({"tags": None, "systemData": None}) == []


def test_bundles() -> None:
    assert of_contents(0, []) == []
    assert [sign.seen for sign in of_contents(2, ["/Users/a/.bundle"])] == [
        "2 jobs with deployment.kind BUNDLE",
        "the folder /Users/a/.bundle",
    ]
    assert len(of_contents(0, [f"/Users/{one}/.bundle" for one in "abcdef"])) == 3
