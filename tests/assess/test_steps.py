"""What is to be done, and where the key is to be."""

from __future__ import annotations

from typing import Any

from cmkmigrate.assess.model import Remedy, Want
from cmkmigrate.assess.steps import own_vault, steps, vault_for
from cmkmigrate.audit.keys import Key
from cmkmigrate.audit.model import Feature, Row, Verdict
from cmkmigrate.audit.remedy import vault_name

HOME = "/subscriptions/s/resourceGroups"
URI = "https://kv-a.vault.azure.net/"


def resource(name: str = "My Workspace_1", **parameters: Any) -> dict[str, Any]:
    id = f"{HOME}/g/providers/Microsoft.Databricks/workspaces/{name}"
    values = {key: {"value": value} for key, value in parameters.items()}
    return {"id": id, "name": name, "location": "westeurope", "properties": {"parameters": values}}


def vault(name: str, region: str = "westeurope", home: str = HOME, **properties: Any) -> dict[str, Any]:
    told = {"enablePurgeProtection": True, "enableRbacAuthorization": True, **properties}
    return {
        "id": f"{home}/k/providers/Microsoft.KeyVault/vaults/{name}",
        "name": name,
        "location": region,
        "properties": told,
    }


def row(verdict: str, feature: Feature = Feature.DBFS_ROOT, **more: Any) -> Row:
    return Row("s", "/w", "w", "westeurope", "premium", feature, Verdict(verdict), "why", **more)


def done(remedy: str, rows: Any = (), *, keys: Any = None, vaults: Any = (), wanted: Any = (), of: Any = None) -> Any:
    return steps(list(rows), of or resource(), Remedy(remedy), wanted, keys or {}, vaults)


def test_a_vault_that_is_fit_is_used() -> None:
    good = [vault("kv-b"), vault("kv-a")]
    assert vault_for(resource(), good) == good[1]
    unfit = [
        vault("kv-a", "northeurope"),
        vault("kv-a", enablePurgeProtection=None),
        vault("kv-a", publicNetworkAccess="SecuredByPerimeter"),
        vault("kv-a", home="/subscriptions/other/resourceGroups"),
    ]
    assert vault_for(resource(), unfit) is None


def test_else_one_is_made_with_a_name_that_a_vault_may_have() -> None:
    (one,) = done("in place", [row("platform-key")])
    assert f"-p vault_name={vault_name(resource()['id'])} -p features=dbfs_root" in one.command
    (one,) = done("in place", [row("platform-key")], of=resource("x" * 64))
    name = one.command.partition("vault_name=")[2].partition(" ")[0]
    assert len(name) == 24


def test_the_key_of_the_other_features_is_used() -> None:
    newest = {"properties": {"keyUriWithVersion": f"{URI}keys/k/1"}}
    keys = {(URI, "k"): Key(URI, "k", vault("kv-a"), newest)}
    rows = [row("cmk", Feature.MANAGED_SERVICES, vault_uri=URI, key_name="k"), row("platform-key")]
    (one,) = done("in place", rows, keys=keys, vaults=[vault("kv-0")])
    assert "vaults/kv-a " in one.command and f"-p key_id={URI}keys/k/1 " in one.command
    assert own_vault(rows, keys) == vault("kv-a")
    ill = [row("cmk-degraded", Feature.MANAGED_SERVICES, vault_uri=URI, key_name="k"), row("platform-key")]
    assert own_vault(ill, keys) is None, "a key that needs mending is given to nothing more"


def test_a_migration_is_told_what_it_needs() -> None:
    (one,) = done("migrate", [row("unknown")], of=resource("w"))
    assert one.command.startswith("cmkmigrate plan cmk-migration -p source=/subscriptions/s/")
    assert one.command.endswith(
        "-p target_name=w-cmk -p vault_name=" + vault_name(f"{HOME}/g/providers/Microsoft.Databricks/workspaces/w")
    )
    (one,) = done("migrate", wanted={Want.DOUBLE_ENCRYPTION: ""}, of=resource("w", customVirtualNetworkId="/v"))
    assert "-p double_encryption=true -p public_subnet=NAME -p private_subnet=NAME" in one.command
    (one,) = done("migrate", of=resource("w", requireInfrastructureEncryption=True))
    assert "double_encryption=true" in one.command, "what it has is not lost by moving"
    (one,) = done("migrate", vaults=[vault("kv-a")])
    assert "vaults/kv-a -p vault_name=kv-a" in one.command, "the playbook asks for a name all the same"


def test_old_data_is_a_decision() -> None:
    (one,) = done("in place", [row("cmk-future-writes-only", Feature.MANAGED_SERVICES)])
    assert (one.code, one.command) == ("old-data", "") and "no-old-data" in one.text


def test_what_cannot_be_had_is_said() -> None:
    assert [one.code for one in done("not eligible")] == ["not-eligible"]
    assert done("none") == done("exception") == ()


def test_mending_comes_first() -> None:
    from cmkmigrate.audit.model import Cause

    ill = row(
        "cmk-degraded", Feature.MANAGED_SERVICES, causes=(Cause("firewall", "shut"),), vault_uri=URI, key_name="k"
    )
    assert [one.code for one in done("in place", [row("platform-key"), ill])] == ["firewall", "in-place"]
    assert [one.code for one in done("migrate", [ill])] == ["migrate"]
