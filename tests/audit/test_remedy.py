"""The commands that mend: one for every code but those that nothing mends, whole, quoted, and of words that exist."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from cmkmigrate.audit import remedy
from cmkmigrate.audit.encryption import judge
from cmkmigrate.audit.keys import Holder, Key
from cmkmigrate.audit.model import CODES, Cause, Row
from cmkmigrate.audit.storage import Account, Use
from cmkmigrate.audit.storage import judge as judge_account
from cmkmigrate.strict_yaml import read_yaml
from tests.audit.test_encryption import ENTITY, ROOT, resource
from tests.audit.test_health import NOW, V1, V2, key
from tests.audit.test_storage import ID, KEY, account
from tests.house import tree

VAULT = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
HSM = "/subscriptions/s1/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/h"
# The verbs and options of `az` that the commands use, from its reference (2.91, databricks extension 1.3): a command
# with another word is a typing mistake, or needs a look into that reference first.
AZ: dict[str, set[str]] = {
    "keyvault key set-attributes": {"--id", "--enabled", "--expires", "--not-before"},
    "keyvault key recover": {"--vault-name", "--hsm-name", "--name"},
    "keyvault key create": {"--vault-name", "--hsm-name", "--name", "--kty"},
    "keyvault recover": {"--name", "--subscription"},
    "keyvault update": {"--name", "--subscription", "--bypass", "--public-network-access", "--enable-purge-protection"},
    "keyvault set-policy": {"--name", "--subscription", "--object-id", "--key-permissions"},
    "keyvault update-hsm": {"--hsm-name", "--subscription", "--bypass", "--public-network-access",
                            "--enable-purge-protection"},
    "keyvault show": {"--hsm-name", "--subscription"},
    "keyvault role assignment list": {"--hsm-name"},
    "keyvault role assignment create": {"--hsm-name", "--role", "--scope", "--assignee", "--assignee-object-id",
                                        "--assignee-principal-type"},
    "role assignment create": {"--role", "--assignee", "--assignee-object-id", "--assignee-principal-type", "--scope"},
    "resource show": {"--ids", "--query"},
    "databricks workspace update": {"--ids", "--sku"},
    "monitor activity-log list": {"--resource-id", "--offset"},
    "graph query": {"-q"},
    "ad sp show": {"--id", "--query", "--output"},
    "storage account update": {"--name", "--resource-group", "--subscription", "--encryption-key-source",
                               "--encryption-key-vault", "--encryption-key-name", "--encryption-key-version"},
}  # fmt: skip


def row(name: str = "w", **changes: Any) -> Row:
    """The first feature of a workspace, or another one; uri: of the vault of its key."""
    body = resource(ENTITY, ENTITY, ROOT)
    body["id"] = f"{body['id'].rpartition('/')[0]}/{name}"
    found = judge(body)[changes.get("feature", 0)]
    return replace(found, vault_uri=changes.get("uri", found.vault_uri))


def case(one: Any, roles: bool = True, id: str = VAULT) -> remedy.Case:
    vault = {"id": id, "properties": {"enableRbacAuthorization": roles}}
    made = Key("https://v.vault.test/", "k", vault, key(V2))
    return remedy.Case(one, NOW, Holder("somebody", "p1"), made, ["managed_services", "dbfs_root"], "me")


def both(code: str) -> list[Row | Account]:
    """What a verdict with this code can be about."""
    if code in ("hsm", "hsm-inactive"):
        return [row(uri="https://h.managedhsm.azure.net/")]
    stored = judge_account(account({"keySource": "Microsoft.Keyvault", "keyvaultproperties": KEY}))
    alone = {"since", "later", "sku", "plan", "state", "serverless", "exception", "account-disagrees"}
    return [*([] if code == "account-not-seen" else [row()]), *([] if code in alone else [stored])]


def checked(command: str) -> list[str]:
    """The words of a command, whose verb and options exist."""
    words = shlex.split(command)
    if words[0] == "cmkmigrate":
        verb, playbook = words[1], words[2]
        assert verb in ("apply", "plan")
        given = dict(word.split("=", 1) for flag, word in zip(words[3::2], words[4::2], strict=True) if flag == "-p")
        text = (tree.ROOT / "playbooks" / f"{playbook}.yaml").read_text("utf-8")
        assert given.keys() <= read_yaml(text, playbook)[0]["params"].keys()
        assert all(given.values())
        return words
    assert words[0] == "az"
    first = next(at for at, word in enumerate(words) if word.startswith("-"))
    options = {word for word in words[first:] if word.startswith("-")}
    assert options <= AZ[" ".join(words[1:first])], command
    return words


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code(code: str) -> None:
    for one in both(code):
        command = remedy.of(Cause(code, "x"), case(one))
        if code in remedy.NOTHING:
            assert command == ""
        else:
            words = checked(command)
            assert "None" not in words and all(words[:-1])


@pytest.mark.parametrize("code", sorted(set(CODES) - remedy.NOTHING - {"account-not-seen"}))
def test_every_code_of_a_managed_hsm(code: str) -> None:
    """Its verbs and options are others; no command about its keys and roles takes it for a vault."""
    command = remedy.of(Cause(code, "x"), case(row(uri="https://h.managedhsm.azure.net/"), id=HSM))
    words = checked(command)
    assert "--vault-name" not in words and "set-policy" not in words and words[1:4] != ["role", "assignment", "create"]
    if "--hsm-name" in words:
        assert words[words.index("--hsm-name") + 1] == "h"


def test_a_local_role_is_given_on_the_key() -> None:
    one = row(uri="https://h.managedhsm.azure.net/")
    words = checked(remedy.of(Cause("no-grant", "x"), case(one, id=HSM)))
    assert words[words.index("--role") + 1] == "Managed HSM Crypto Service Encryption User"
    assert words[words.index("--scope") + 1] == f"/keys/{one.key_name}"
    assert words[words.index("--assignee-object-id") + 1] == "p1"
    words = checked(remedy.of(Cause("hsm", "x"), case(one, id=HSM)))
    assert words[words.index("--role") + 1] == "Managed HSM Crypto Auditor"


def test_a_word_that_does_not_exist_is_seen() -> None:
    for bad in (
        "az keyvault mend --name x",
        "az keyvault update --name x --purge",
        "cmkmigrate apply enable-in-place -p x=1",
    ):
        with pytest.raises((KeyError, AssertionError)):
            checked(bad)


def test_they_name_what_is_wrong() -> None:
    one = row()
    said = {code: remedy.of(Cause(code, "x"), case(one)) for code in CODES if code != "account-not-seen"}
    assert f"--id {one.vault_uri.rstrip('/')}/keys/{one.key_name}/{one.key_version}" in said["key-disabled"]
    assert said["no-grant"].endswith(
        f"--assignee-object-id p1 --assignee-principal-type ServicePrincipal --scope {VAULT}"
    )
    assert "--object-id p1 --key-permissions get wrapKey unwrapKey" in remedy.of(
        Cause("no-grant", ""), case(one, False)
    )
    assert "features=managed_services,dbfs_root" in said["no-key"], "all that have none, at once"
    assert f"key_id={one.vault_uri.rstrip('/')}/keys/{one.key_name}/{V2}" in said["version-behind"]
    assert "features=managed_services" in said["version-behind"].split()
    assert V1 not in said["version-behind"]


def test_names_are_quoted() -> None:
    """A name comes from Azure or from a person, and may be anything."""
    evil = "x; rm -rf ~ #$(id)"
    command = remedy.of(Cause("no-key", "x"), case(row(evil)))
    words = shlex.split(command)
    assert f"workspace={row(evil).workspace}" in words and "rm" not in words
    name = next(word for word in words if word.startswith("vault_name=")).partition("=")[2]
    assert name.replace("-", "").isalnum() and 3 <= len(name) <= 24
    assert remedy.vault_name("/w/" + "a" * 64) != remedy.vault_name("/x/" + "a" * 64)


def test_an_account_that_was_not_seen() -> None:
    unseen = Account("", "", "sa", "", judge_account({}).verdict, uses=(Use("metastore", "m"),))
    command = remedy.of(Cause("account-not-seen", "x"), remedy.Case(unseen, NOW))
    assert "'sa'" in " ".join(checked(command))
    assert ID.rpartition("/")[2] == "sa"
