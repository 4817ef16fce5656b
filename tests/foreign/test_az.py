"""Azure's own command line makes a vault, a grant and a key in the sandbox, and reads and changes the workspace.

    python3 -m venv AZ && AZ/bin/pip install azure-cli
    CMKMIGRATE_AZ_BIN=AZ/bin pytest -m foreign -n 0 tests/foreign/test_az.py

What it is told of the sandbox is `HTTPS_PROXY` and a CA file. What it made is judged by what it says itself, and by the
sandbox's state, which is not made of what the client was answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.foreign.programs import Program, ended, found
from tests.harness import Sandbox

pytestmark = pytest.mark.foreign

GROUP, VAULT, KEY, KEEP_DAYS = "rg-small", "kv-made-by-az", "made-by-az", 7
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User
DATABRICKS = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
PUBLIC = {"management.azure.com", "login.microsoftonline.com", "graph.microsoft.com", f"{VAULT}.vault.azure.net"}


class Az(Program):
    """`az` with a configuration of its own, and without telemetry."""

    def __call__(self, *words: str) -> Any:
        """What a command says, as JSON. Raises AssertionError with all of it where it fails."""
        result = self.run(*words, "--output", "json")
        assert result.returncode == 0, ended(result)
        return json.loads(result.stdout) if result.stdout.strip() else None

    def refused(self, *words: str) -> str:
        """What a command says that must fail."""
        result = self.run(*words, "--output", "json")
        assert result.returncode != 0, ended(result)
        return result.stderr


@pytest.fixture(scope="module")
def path() -> str:
    return found("az", "CMKMIGRATE_AZ_BIN")


@pytest.fixture(scope="module")
def sandbox(path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("az-sandbox"), "small")
    yield made
    made.close()


@pytest.fixture(scope="module")
def stranger(path: str, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """`az` that nobody has signed in."""
    folder = tmp_path_factory.mktemp("az")
    own = {"AZURE_CONFIG_DIR": str(folder / "configuration"), "AZURE_CORE_COLLECT_TELEMETRY": "false"}
    return Az(path, folder, sandbox, own)


def sign_in(sandbox: Sandbox, secret: str) -> tuple[str, ...]:
    env = sandbox.env
    name = ("--username", env["AZURE_CLIENT_ID"], "--password", secret, "--tenant", env["AZURE_TENANT_ID"])
    return ("login", "--service-principal", *name)


@pytest.fixture(scope="module")
def az(stranger: Az, sandbox: Sandbox) -> Az:
    """`az`, signed in as the sandbox's operator."""
    assert "az login" in stranger.refused("account", "show")
    assert "AADSTS7000215" in stranger.refused(*sign_in(sandbox, "not the secret"))
    (account,) = stranger(*sign_in(sandbox, sandbox.env["AZURE_CLIENT_SECRET"]))
    assert account["id"] == sandbox.env["AZURE_SUBSCRIPTION_ID"]
    assert account["user"] == {"name": sandbox.operator, "type": "servicePrincipal"}
    return stranger


@pytest.fixture(scope="module")
def vault(az: Az) -> Any:
    """A vault with purge protection, as `keyvault create` says it is."""
    place = ("--name", VAULT, "--resource-group", GROUP, "--location", "westeurope")
    kept = ("--enable-purge-protection", "true", "--retention-days", str(KEEP_DAYS))
    return az("keyvault", "create", *place, *kept)


@pytest.fixture(scope="module")
def grant(az: Az, vault: Any, sandbox: Sandbox) -> Any:
    """The operator's right to make keys in the vault. Without it a key is refused."""
    refused = az.refused("keyvault", "key", "create", "--vault-name", VAULT, "--name", KEY)
    assert "ForbiddenByRbac" in refused
    role = ("--role", "Key Vault Administrator", "--scope", vault["id"])
    made = az("role", "assignment", "create", "--assignee", sandbox.operator, *role)
    sandbox.control("PUT", "clock", {"advance": 60})  # a grant takes effect after a while
    return made


@pytest.fixture(scope="module")
def key(az: Az, grant: Any) -> Any:
    words = ("--kty", "RSA", "--size", "3072", "--ops", "wrapKey", "unwrapKey")
    return az("keyvault", "key", "create", "--vault-name", VAULT, "--name", KEY, *words)


def test_the_vault_is_what_was_asked_for(az: Az, vault: Any, sandbox: Sandbox) -> None:
    shown = az("keyvault", "show", "--name", VAULT)
    assert shown == vault
    properties = shown["properties"]
    assert (properties["enablePurgeProtection"], properties["softDeleteRetentionInDays"]) == (True, KEEP_DAYS)
    assert properties["vaultUri"] == f"https://{VAULT}.vault.azure.net/"
    assert [one["name"] for one in az("keyvault", "list")] == [VAULT]
    held = sandbox.arm()["vaults"][VAULT]["properties"]
    assert (held["enablePurgeProtection"], held["enableRbacAuthorization"]) == (True, True)


def test_the_same_name_is_taken(az: Az, vault: Any) -> None:
    place = ("--name", VAULT, "--resource-group", GROUP, "--location", "westeurope")
    assert "already" in az.refused("keyvault", "create", *place)


def test_a_grant_to_databricks(az: Az, vault: Any, grant: Any, sandbox: Sandbox) -> None:
    """The principal is found in the directory, the role by its name; asked again, the same grant is there."""
    object_id = az("ad", "sp", "show", "--id", DATABRICKS)["id"]
    who = ("--assignee-object-id", object_id, "--assignee-principal-type", "ServicePrincipal")
    words = (*who, "--role", "Key Vault Crypto Service Encryption User", "--scope", vault["id"])
    made = az("role", "assignment", "create", *words)
    assert (made["principalId"], made["roleDefinitionId"].rsplit("/", 1)[1]) == (object_id, ENCRYPTION_USER)
    assert az("role", "assignment", "create", *words)["id"] == made["id"]
    listed = az("role", "assignment", "list", "--scope", vault["id"])
    names = {(one["principalName"], one["roleDefinitionName"]) for one in listed}
    assert {(sandbox.operator, "Key Vault Administrator")} < names
    assert (DATABRICKS, "Key Vault Crypto Service Encryption User") in names
    held = {one["name"]: one for one in sandbox.arm()["roleAssignments"]}
    assert held[grant["name"]]["role"] == "Key Vault Administrator"
    assert (held[made["name"]]["scope"], held[made["name"]]["principal"]) == (vault["id"], object_id)


def test_the_key(az: Az, key: Any, sandbox: Sandbox) -> None:
    assert key["key"]["kid"].startswith(f"https://{VAULT}.vault.azure.net/keys/{KEY}/")
    assert (key["key"]["kty"], key["key"]["keyOps"]) == ("RSA", ["wrapKey", "unwrapKey"])
    assert key["attributes"]["recoverableDays"] == KEEP_DAYS
    shown = az("keyvault", "key", "show", "--vault-name", VAULT, "--name", KEY)
    assert shown["key"] == key["key"]
    again = az("keyvault", "key", "create", "--vault-name", VAULT, "--name", KEY)
    assert again["key"]["kid"] != key["key"]["kid"]
    versions = az("keyvault", "key", "list-versions", "--vault-name", VAULT, "--name", KEY)
    assert {one["kid"] for one in versions} == {key["key"]["kid"], again["key"]["kid"]}


def test_the_workspace_by_rest(az: Az, sandbox: Sandbox) -> None:
    url = f"https://management.azure.com{sandbox.params['source']}?api-version=2026-01-01"
    shown = az("rest", "--method", "get", "--url", url)
    assert shown["id"] == sandbox.params["source"] and "encryption" not in shown["properties"]
    assert shown["properties"]["workspaceUrl"] == sandbox.source_host.removesuffix(".test") + ".net"
    tags = {"asked-by": "az"}
    body = ("--headers", "Content-Type=application/json", "--body", json.dumps({"tags": tags}))
    az("rest", "--method", "patch", "--url", url, *body)
    assert az("rest", "--method", "get", "--url", url)["tags"] == tags
    assert az("resource", "show", "--ids", sandbox.params["source"])["tags"] == tags


def test_nothing_was_asked_that_has_no_answer(az: Az, key: Any) -> None:
    """But for a look before the vault is made, the key that was refused without a grant, and what is not simulated."""
    assert az.hosts >= PUBLIC
    assert not [host for host in az.hosts if host.endswith(".test")]
    known = (
        f"/resourceGroups/{GROUP}/providers/Microsoft.KeyVault/vaults/{VAULT} 404",
        f"/keys/{KEY}/create 403",
        "/providers/Microsoft.KeyVault/managedHSMs 404",  # there are none in the sandbox, nor their list
        "CONNECT azcliprod.blob.core.windows.net 403",  # whether a newer az is out
    )
    assert az.unanswered(*known) == []
