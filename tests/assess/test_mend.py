"""What mends each cause, as a command that can be typed."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from cmkmigrate.assess.mend import needs, once, principal, steps
from cmkmigrate.assess.model import Step
from cmkmigrate.audit.keys import Key
from cmkmigrate.audit.model import DEGRADED, UNKNOWNS, Cause, Feature, Row, Verdict

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
VAULT = "/subscriptions/s/resourceGroups/k/providers/Microsoft.KeyVault/vaults/kv"
NOW = 1_790_000_000.0  # 2026-09-21
NEWEST = "https://kv.vault.azure.net/keys/k/" + "b" * 32
RESOURCE = {"id": ID, "properties": {"storageAccountIdentity": {"principalId": "storage"}}}


def key(roles: bool = True, kty: str = "RSA", **more: Any) -> Key:
    vault = {"id": VAULT, "name": "kv", "properties": {"enableRbacAuthorization": roles, **more}}
    return Key("https://kv.vault.azure.net/", "k", vault, {"properties": {"keyUriWithVersion": NEWEST, "kty": kty}})


def command(code: str, feature: Feature = Feature.DBFS_ROOT, held: Key | None = None) -> str:
    row = Row("s", ID, "w", "westeurope", "premium", feature, Verdict.DEGRADED, causes=(Cause(code, "text"),),
              vault_uri="https://kv.vault.azure.net/", key_name="k", key_version="a" * 32)  # fmt: skip
    found = steps(row, RESOURCE, held or key(), "databricks", NOW)
    assert [one.code for one in found] == [code] and found[0].text == f"{feature}: text"
    return found[0].command


SET = f"az keyvault key set-attributes --vault-name kv --name k --version {'a' * 32}"
TO = "--assignee-object-id storage --assignee-principal-type ServicePrincipal"


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("key-disabled", f"{SET} --enabled true"),
        ("key-expired", f"{SET} --expires 2027-09-21T00:00:00Z"),
        ("key-expires-soon", f"{SET} --expires 2027-09-21T00:00:00Z"),
        ("key-not-yet-valid", f"{SET} --not-before 2026-09-21T00:00:00Z"),
        ("key-missing", "az keyvault key recover --vault-name kv --name k"),
        ("key-unfit", "az keyvault key set-attributes --vault-name kv --name k --ops wrapKey unwrapKey"),
        ("vault-deleted", "az keyvault recover --name kv"),
        ("no-purge-protection", "az keyvault update --name kv --enable-purge-protection true"),
        ("firewall", "az keyvault update --name kv --bypass AzureServices"),
        (
            "no-grant",
            f'az role assignment create {TO} --role "Key Vault Crypto Service Encryption User" --scope {VAULT}/keys/k',
        ),
        (
            "version-behind",
            f"cmkmigrate plan enable-in-place -p workspace={ID} -p vault_id={VAULT} -p key_id={NEWEST} "
            "-p features=dbfs_root",
        ),
    ],
)
def test_each_cause_has_its_command(code: str, wanted: str) -> None:
    assert command(code) == wanted
    assert needs(code, True) or code == "vault-deleted"


def test_all_causes_are_met() -> None:
    for code in DEGRADED:
        assert command(code), code


def test_where_the_command_is_another() -> None:
    assert command("key-unfit", held=key(kty="EC")).startswith("az keyvault key create --vault-name kv --name k-rsa ")
    assert command("firewall", held=key(publicNetworkAccess="SecuredByPerimeter")) == ""
    policy = command("no-grant", held=key(roles=False))
    assert policy == "az keyvault set-policy --name kv --object-id storage --key-permissions get wrapKey unwrapKey"
    assert "--assignee-object-id databricks " in command("no-grant", Feature.MANAGED_SERVICES)
    assert command("no-grant", Feature.MANAGED_DISKS) == "", "the identity is not known"
    assert needs("no-grant", False) != needs("no-grant", True)


def test_names_of_others_are_quoted() -> None:
    row = Row("s", ID, "w", "r", "p", Feature.DBFS_ROOT, Verdict.DEGRADED, causes=(Cause("key-missing", "t"),),
              vault_uri="https://kv.vault.azure.net/", key_name="k; rm -rf /")  # fmt: skip
    words = shlex.split(steps(row, RESOURCE, None, "", NOW)[0].command)
    assert words[-1] == "k; rm -rf /"


def test_what_is_unknown_says_how_it_is_found_out() -> None:
    for code in UNKNOWNS:
        row = Row("s", ID, "w", "r", "p", Feature.DBFS_ROOT, Verdict.UNKNOWN, causes=(Cause(code, "text"),))
        (one,) = steps(row, RESOURCE, None, "", NOW)
        assert one.code == code and len(one.text) > len("dbfs_root: text; ") and not one.command
    row = Row("s", ID, "w", "r", "p", Feature.DBFS_ROOT, Verdict.CMK, causes=(Cause("no-key", "text"),))
    assert steps(row, RESOURCE, None, "", NOW) == []


def test_principals_are_those_of_the_feature() -> None:
    assert principal(Feature.MANAGED_SERVICES, {}, "d") == "d"
    assert principal(Feature.DBFS_ROOT, RESOURCE, "d") == "storage"
    assert principal(Feature.MANAGED_DISKS, {"properties": {"managedDiskIdentity": None}}, "d") == ""


def test_the_same_command_stands_once() -> None:
    found = once([Step("a", "x", "c"), Step("a", "y", "c"), Step("b", "x", "c"), Step("a", "x"), Step("a", "y")])
    assert [(one.code, one.text) for one in found] == [("a", "x"), ("b", "x"), ("a", "x"), ("a", "y")]
