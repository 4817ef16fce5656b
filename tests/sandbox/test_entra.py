"""Signing in."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from tests.sandbox.conftest import ARM, GRAPH, LOGIN, Running


def form(sandbox: Running, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": sandbox.env["AZURE_CLIENT_ID"],
        "client_secret": sandbox.env["AZURE_CLIENT_SECRET"],
        "scope": f"https://{ARM}/.default",
        **changes,
    }


def test_configuration_names_the_token_endpoint(sandbox: Running) -> None:
    tenant = sandbox.env["AZURE_TENANT_ID"]
    answer = sandbox.send("GET", LOGIN, f"/{tenant}/v2.0/.well-known/openid-configuration")
    assert answer.json["token_endpoint"] == f"https://{LOGIN}/{tenant}/oauth2/v2.0/token"
    assert {"issuer", "authorization_endpoint"} <= set(answer.json)


def test_token_for_the_operator(sandbox: Running) -> None:
    body = sandbox.sign_in(form(sandbox)).json
    assert body["token_type"] == "Bearer" and body["expires_in"] > 3000 and body["access_token"].count(".") == 2


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"scope": "https://x"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ],
)
def test_refusals(sandbox: Running, changes: dict[str, str], status: int, error: str, number: int) -> None:
    answer = sandbox.sign_in(form(sandbox, **changes))
    assert (answer.status, answer.json["error"], answer.json["error_codes"]) == (status, error, [number])
    assert answer.json["error_description"].startswith(f"AADSTS{number}: ")


def test_unknown_tenant(sandbox: Running) -> None:
    answer = sandbox.sign_in(form(sandbox), tenant="00000000-0000-4000-8000-000000000001")
    assert answer.status == 400 and answer.json["error_codes"] == [90002]


def test_each_service_wants_its_own_token(sandbox: Running) -> None:
    arm = {"authorization": f"Bearer {sandbox.token(f'https://{ARM}')}"}
    refused = sandbox.send("GET", GRAPH, "/v1.0/servicePrincipals", headers=arm)
    assert (refused.status, refused.code) == (401, "InvalidAuthenticationToken")
    graph = {"authorization": f"Bearer {sandbox.token(f'https://{GRAPH}')}"}
    refused = sandbox.send("GET", ARM, "/subscriptions?api-version=2022-12-01", headers=graph)
    assert (refused.status, refused.code) == (401, "InvalidAuthenticationTokenAudience")
    bare = sandbox.send("GET", ARM, "/subscriptions?api-version=2022-12-01")
    assert (bare.status, bare.code) == (401, "AuthenticationFailed") and "www-authenticate" in bare.headers


def credential(sandbox: Running, secret: str) -> ClientSecretCredential:
    env = sandbox.env
    return ClientSecretCredential(
        env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], secret, authority=env["CMKMIGRATE_AUTHORITY"],
        disable_instance_discovery=True,
    )  # fmt: skip


def test_azure_identity(clients: Running) -> None:
    with credential(clients, clients.env["AZURE_CLIENT_SECRET"]) as good:
        assert good.get_token(f"https://{ARM}/.default").token
    with credential(clients, "wrong") as bad, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        bad.get_token(f"https://{ARM}/.default")


def test_azure_identity_under_the_public_name(clients: Running) -> None:
    """With instance discovery, as any other client would do it."""
    env = clients.env
    with ClientSecretCredential(env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"]) as good:
        assert good.get_token("https://management.azure.com/.default").token
