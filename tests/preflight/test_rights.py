"""The table of rights, and what the service's answer about the caller allows."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.clients.permissions import allows
from cmkmigrate.errors import Unknown
from cmkmigrate.preflight.ground import Ahead
from cmkmigrate.preflight.rights import AT, WHEN, Right, asked, needed, table
from cmkmigrate.preflight.run import discover
from cmkmigrate.sandbox.roles import BUILT_IN
from tests.harness import ROOT
from tests.preflight.fakes import GROUP, OLD, OPERATOR, VAULT, Stage, denied, hsm, vault, workspace

WRITE = "Microsoft.Databricks/workspaces/write"


@pytest.mark.parametrize(
    ("permissions", "answer"),
    [
        ([], False),
        ([{"actions": ["*"]}], True),
        ([{"actions": ["microsoft.databricks/WORKSPACES/*"]}], True),
        ([{"actions": ["*/read"]}], False),
        ([{"actions": ["*"], "notActions": ["*/write"]}], False),
        ([{"actions": ["*"], "notActions": ["*/write"]}, {"actions": [WRITE]}], True),
        ([{}], False),
        ([{"dataActions": ["*"]}], False),
    ],
)
def test_what_permissions_allow(permissions: Any, answer: bool) -> None:
    assert allows(permissions, WRITE) is answer


def test_every_row_can_be_read() -> None:
    assert len(set(table())) == len(table()) > 20
    ids = {one.id for one in discover()} | {"run", "login", "PF21"}
    for row in table():
        assert row.at in AT and row.when in WHEN and row.use in ids, row
    assert {row.at for row in table()} == set(AT) and {row.when for row in table()} == set(WHEN)


def test_the_role_of_each_row_has_the_action() -> None:
    """As far as the sandbox knows the role; it has of the lists what concerns its services."""
    roles = {one.name: one for one in BUILT_IN.values()}
    judged = [row for row in table() if row.role in roles]
    assert len(judged) > 15
    for row in judged:
        role = roles[row.role]
        given = {"actions": list(role.actions), "notActions": list(role.not_actions)}
        assert allows([given], row.action), row


def test_the_page_shows_the_table() -> None:
    text = (ROOT / "docs" / "preflight.md").read_text("utf-8")
    shown = [line for line in text.splitlines() if line.startswith("| `Microsoft.")]
    assert shown == [f"| `{one.action}` | {one.at} | {one.when} | {one.role} | {one.use} |" for one in table()]


def test_the_page_names_every_check() -> None:
    text = (ROOT / "docs" / "preflight.md").read_text("utf-8")
    named = {line.split("|")[1].strip() for line in text.splitlines() if line.startswith(("| PF", "| PLAN"))}
    assert {one.id for one in discover()} | {"PLAN"} == named


def rows(stage: Stage, name: str = "cmk-migration", **params: Any) -> dict[tuple[str, str], Right]:
    return {(row.action.partition(".")[2], scope): row for row, scope in needed(stage.ground(name, **params))}


def test_a_new_vault_and_one_that_is_there(stage: Stage) -> None:
    made = rows(stage)
    assert ("KeyVault/vaults/write", GROUP) in made and ("Authorization/roleAssignments/write", GROUP) in made
    there = rows(stage.there(vault()), vault_id=VAULT)
    assert ("KeyVault/vaults/write", GROUP) not in there
    assert ("Authorization/roleAssignments/write", VAULT) in there
    policies = rows(stage.there(vault(enableRbacAuthorization=False)), vault_id=VAULT)
    assert ("KeyVault/vaults/accessPolicies/write", VAULT) in policies
    assert ("Authorization/roleAssignments/write", VAULT) not in policies


def test_grants_that_are_there_need_no_right(stage: Stage) -> None:
    stage.there(vault())
    steps = ("operator-access", "service-access", "disks-access", "storage-access")
    kept = {row.action for row, _ in needed(stage.ground(vault_id=VAULT, existing=steps))}
    assert "Microsoft.Authorization/roleAssignments/write" not in kept
    assert "Microsoft.Authorization/roleAssignments/read" in kept, "they are looked at all the same"


def test_grants_are_asked_for_where_they_are_made(stage: Stage) -> None:
    """Not on every vault that is used."""
    stage.there(vault(), vault("other"))
    other = VAULT.rpartition("/")[0] + "/other"
    kids = {name: f"https://{name}.vault.azure.test/keys/k/v1" for name in ("kv1", "other")}
    ground = stage.ground(services_key_id=kids["kv1"], root_key_id=kids["other"], disks_key_id=kids["other"])
    assert {one.id for one in ground.granting()} == {VAULT, other}, "all, while it is not known on which"
    ahead = [one for one in ground.ahead if one.kind != "key_access"]

    def granting(*keys: str, makes: bool = True) -> list[str]:
        ground.ahead[:] = [*ahead, Ahead("service-access", "key_access", {"keys": [*keys]}, makes)]
        return [one.id for one in ground.granting()]

    assert granting(f"{VAULT}/keys/k", "") == [VAULT]
    assert granting("") == [], "a feature that is left out"
    assert granting(f"{VAULT}/keys/k", makes=False) == [], "a grant that is there"


def test_a_key_that_is_made_in_a_closed_vault(stage: Stage) -> None:
    """It goes by way of Resource Manager, which takes a right that nobody needs where the vault is open."""
    wanted = ("KeyVault/vaults/keys/write", VAULT)
    assert wanted not in rows(stage.there(vault()), vault_id=VAULT)
    stage.there(vault(publicNetworkAccess="Disabled"))
    assert wanted in rows(stage, vault_id=VAULT)
    assert wanted not in rows(stage, vault_id=VAULT, key_id="https://kv1.vault.azure.test/keys/k/v1"), "it is there"


def test_a_managed_hsm(stage: Stage) -> None:
    """None of the rights on vaults is one on it."""
    one = hsm()
    found = rows(stage.there(one), key_id="https://h.managedhsm.azure.test/keys/k/v1")
    assert ("KeyVault/managedHSMs/read", one["id"]) in found
    assert not [name for name, _ in found if name.startswith("KeyVault/vaults")]
    assert ("KeyVault/managedHSMs/read", one["id"]) in rows(stage, vault_id=one["id"])
    stage.azure.things[one["id"].lower()] = denied()
    assert ("KeyVault/managedHSMs/read", one["id"]) in rows(stage, vault_id=one["id"]), "also where it may not be read"


def test_what_may_not_be_read_hides_no_right_to_read_it(stage: Stage) -> None:
    stage.azure.things[VAULT.lower()] = denied()
    assert ("KeyVault/vaults/read", VAULT) in rows(stage, vault_id=VAULT)
    stage.azure.things[OLD.lower()] = denied()
    assert ("Databricks/workspaces/read", OLD) in rows(stage)


def test_in_place_and_contents_only(stage: Stage) -> None:
    place = rows(stage, "enable-in-place")
    assert ("Databricks/workspaces/write", OLD) in place and ("Databricks/workspaces/write", GROUP) not in place
    contents = rows(stage, "contents-only")
    assert {row.role for row in contents.values()} == {"Reader"}
    assert needed(stage.ground("contents-only", source="https://adb-1.1.azuredatabricks.test")) == []


def test_a_network_of_ones_own(stage: Stage) -> None:
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"
    stage.there(workspace("old", parameters={"customVirtualNetworkId": {"value": network}}))
    assert ("Network/virtualNetworks/subnets/join/action", network) in rows(stage)
    assert ("Network/virtualNetworks/subnets/join/action", network) not in rows(stage, "enable-in-place")


def test_who_is_asked_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(stage.ground()) == OPERATOR
    ground = stage.ground()

    def nobody() -> str:
        raise Unknown("no token")

    monkeypatch.setattr(stage.azure, "operator_object_id", nobody)
    assert asked(ground) == "OBJECT-ID"
