"""ARM's own resources: subscriptions, resource groups, and how a request can be wrong before a provider sees it."""

from __future__ import annotations

from urllib.parse import quote

from tests.sandbox.conftest import ARM, PUBLIC_ARM, Running


def test_subscription(sandbox: Running) -> None:
    (found,) = sandbox.arm("GET", "/subscriptions").json["value"]
    assert found["tenantId"] == sandbox.env["AZURE_TENANT_ID"]
    assert sandbox.arm("GET", sandbox.subscription).json == found
    assert sandbox.arm("GET", f"/{sandbox.subscription}").json == found, "databricks-sdk asks with two slashes"


def test_unknown_subscription(sandbox: Running) -> None:
    answer = sandbox.arm("GET", "/subscriptions/00000000-0000-4000-8000-000000000009/resourceGroups")
    assert (answer.status, answer.code) == (404, "SubscriptionNotFound")


def test_api_version_is_required(sandbox: Running) -> None:
    headers = {"authorization": f"Bearer {sandbox.token(f'https://{ARM}')}"}
    answer = sandbox.send("GET", ARM, "/subscriptions", headers=headers)
    assert (answer.status, answer.code) == (400, "MissingApiVersionParameter")


def test_groups(sandbox: Running) -> None:
    names = {one["name"] for one in sandbox.arm("GET", "resourceGroups").json["value"]}
    assert sandbox.group in names
    assert sandbox.arm("HEAD", f"resourceGroups/{sandbox.group}").status == 204
    assert sandbox.arm("HEAD", "resourceGroups/none").status == 404
    assert sandbox.arm("GET", "resourceGroups/none").code == "ResourceGroupNotFound"
    assert sandbox.arm("GET", f"resourcegroups/{sandbox.group.upper()}").json["name"] == sandbox.group


def test_group_is_made_and_taken_away(sandbox: Running) -> None:
    assert sandbox.arm("PUT", "resourceGroups/rg-new", {"location": "westeurope"}).status == 201
    assert sandbox.arm("PUT", "resourceGroups/rg-new", {"location": "westeurope"}).status == 200
    assert sandbox.arm("PUT", "resourceGroups/rg-new", {"location": "eastus"}).code == "InvalidResourceGroupLocation"
    assert sandbox.arm("DELETE", "resourceGroups/rg-new").status == 200
    assert sandbox.arm("DELETE", f"resourceGroups/{sandbox.group}").code == "ResourceGroupNotEmpty"


def test_resources_and_providers(sandbox: Running) -> None:
    wanted = "resourceType%20eq%20'Microsoft.Databricks/workspaces'"
    found = sandbox.arm("GET", f"resources?$filter={wanted}").json["value"]
    assert [one["id"] for one in found] == [sandbox.params["source"]]
    provider = sandbox.arm("GET", "providers/Microsoft.KeyVault").json
    assert provider["registrationState"] == "Registered"
    assert "vaults" in {one["resourceType"] for one in provider["resourceTypes"] if one["apiVersions"]}
    assert sandbox.arm("GET", "providers/Microsoft.Nothing").code == "InvalidResourceNamespace"


def test_resources_are_found_by_several_words(sandbox: Running) -> None:
    def names(words: str) -> list[str]:
        answer = sandbox.arm("GET", f"resources?$filter={quote(words)}")
        assert answer.status == 200, answer.content
        return [one["name"] for one in answer.json["value"]]

    kind = "resourceType eq 'Microsoft.Databricks/workspaces'"
    assert names(f"{kind} and name eq 'SMALL'") == names(f"{kind} and resourceGroup eq '{sandbox.group}'") == ["small"]
    assert names(f"{kind} and name eq 'other'") == names(f"{kind} and location eq 'eastus'") == []
    assert sandbox.arm("GET", f"resources?$filter={quote(kind + ' or 1 eq 1')}").code == "InvalidFilterInQueryString"


def test_locations(sandbox: Running) -> None:
    found = {one["name"]: one for one in sandbox.arm("GET", "locations").json["value"]}
    assert found["westeurope"]["displayName"] == "West Europe"
    assert found["westeurope"]["id"] == f"{sandbox.subscription}/locations/westeurope"


def test_what_is_not_served_says_so(sandbox: Running) -> None:
    path = f"resourceGroups/{sandbox.group}/providers/Microsoft.Network/virtualNetworks/v"
    assert sandbox.arm("GET", path).status == 404
    assert sandbox.arm("DELETE", "/subscriptions").status == 405


def test_the_public_names_lead_here_too(sandbox: Running) -> None:
    found = sandbox.arm("GET", sandbox.params["source"], host=PUBLIC_ARM).json["properties"]["workspaceUrl"]
    ours = sandbox.arm("GET", sandbox.params["source"]).json["properties"]["workspaceUrl"]
    assert found.endswith(".azuredatabricks.net") and ours.endswith(".azuredatabricks.test")
    assert found.removesuffix(".net") == ours.removesuffix(".test")
