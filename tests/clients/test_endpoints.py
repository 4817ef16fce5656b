"""Hosts: which cloud, and where a token may go."""

from __future__ import annotations

import pytest

from cmkmigrate.clients.endpoints import Endpoints
from cmkmigrate.errors import Mistake, Refused

PUBLIC = Endpoints.from_env({})


def test_clouds() -> None:
    assert PUBLIC.arm_scope == "https://management.azure.com/.default"
    assert PUBLIC.management_scope == "https://management.core.windows.net//.default"
    assert PUBLIC.databricks_scope == "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
    assert Endpoints.from_env({"CMKMIGRATE_CLOUD": "usgov"}).allowed("https://adb-1.2.databricks.azure.us/api")
    assert not Endpoints.from_env({"CMKMIGRATE_CLOUD": "china"}).allowed("https://adb-1.2.azuredatabricks.net/api")


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com/subscriptions",
        "https://MANAGEMENT.azure.com:443/subscriptions",
        "https://westeurope.management.azure.com/operation",
        "https://graph.microsoft.com/v1.0/me",
        "https://kv.vault.azure.net/keys",
        "https://hsm.managedhsm.azure.net/keys",
        "https://adb-1.2.azuredatabricks.net",
    ],
)
def test_allowed(url: str) -> None:
    assert PUBLIC.check(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://management.azure.com/",
        "https://management.azure.com.evil.example/",
        "https://evilmanagement.azure.com/",
        "https://evil.example/?https://management.azure.com/",
        "https://management.azure.com@evil.example/",
        "https://user@management.azure.com/",
        "https://evil.example\\@management.azure.com/",
        "https://vault.azure.net/",
        "https://xvault.azure.net/",
        "https://kv.vault.azure.net:8443/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://localhost/",
        "https://management.azure.com./",
        "https://management.azure.com:x/",
        "",
    ],
)
def test_refused(url: str) -> None:
    with pytest.raises(Refused):
        PUBLIC.check(url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CMKMIGRATE_CLOUD", "moon"),
        ("CMKMIGRATE_ARM", "http://management.azure.test"),
        ("CMKMIGRATE_ARM", "https://127.0.0.1"),
        ("CMKMIGRATE_GRAPH", "graph.microsoft.test"),
        ("CMKMIGRATE_VAULT_SUFFIX", "https://vault.azure.test"),
        ("CMKMIGRATE_VAULT_SUFFIX", "net"),
        ("CMKMIGRATE_POLL_S", "soon"),
        ("CMKMIGRATE_TIMEOUT_S", "0"),
    ],
)
def test_mistakes_name_the_variable(name: str, value: str) -> None:
    with pytest.raises(Mistake, match=name):
        Endpoints.from_env({name: value})


@pytest.mark.parametrize(
    ("cloud", "vault", "hsm", "workspace"),
    [
        ("public", "vault.azure.net", "managedhsm.azure.net", "azuredatabricks.net"),
        ("usgov", "vault.usgovcloudapi.net", "managedhsm.usgovcloudapi.net", "databricks.azure.us"),
        ("china", "vault.azure.cn", "managedhsm.azure.cn", "databricks.azure.cn"),
    ],
)
def test_the_hosts_of_keys_and_workspaces_of_each_cloud(cloud: str, vault: str, hsm: str, workspace: str) -> None:
    """As the vendor's own clients have them; a token for one cloud goes to no host of another."""
    endpoints = Endpoints.from_env({"CMKMIGRATE_CLOUD": cloud})
    for suffix in (vault, hsm, workspace):
        assert endpoints.allowed(f"https://name.{suffix}/") and not endpoints.allowed(f"https://{suffix}/")
        others = [Endpoints.from_env({"CMKMIGRATE_CLOUD": one}) for one in ("public", "usgov", "china") if one != cloud]
        assert not any(other.allowed(f"https://name.{suffix}/") for other in others)
    assert endpoints.is_hsm(f"https://h.{hsm}/keys/k") and not endpoints.is_hsm(f"https://v.{vault}/keys/k")
    assert not endpoints.is_hsm(f"https://{hsm}.example.com/")
