"""Which rights are missing: judged by what the service says, asked for once, and unknown where it says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from cmkmigrate.assess import rights
from cmkmigrate.assess.model import Remedy, Step
from cmkmigrate.assess.rights import Permissions, needed
from cmkmigrate.errors import Denied
from cmkmigrate.preflight.rights import table

SUBSCRIPTION = "/subscriptions/s"
GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
ID = f"{GROUP}/providers/Microsoft.Databricks/workspaces/w"
NET = "/subscriptions/n/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v"
VAULT = f"{SUBSCRIPTION}/resourceGroups/k/providers/Microsoft.KeyVault/vaults/kv"
WRITE = ("Microsoft.Databricks/workspaces/write", "Contributor", False)
KEY = ("Microsoft.KeyVault/vaults/keys/update/action", "Key Vault Crypto Officer", True)


class Cloud:
    """permissions: scope -> what is answered; nothing elsewhere; `Denied` where the value is an error. blind: whether
    role assignments cannot be listed."""

    def __init__(self, blind: bool = False, **permissions: Any) -> None:
        self.permissions, self.blind, self.asked = permissions, blind, []

    def subscription(self, _id: str) -> Any:
        return self

    def listing(self, path: str, version: str, filter: str = "") -> list[dict[str, Any]]:
        assert version == "2022-04-01"
        if path.endswith("/roleAssignments"):
            assert filter == "assignedTo('me')"
            if self.blind:
                raise Denied("no", status=403)
            return [{"properties": {"scope": scope.upper()}} for scope in self.permissions]
        scope = path.removesuffix("/providers/Microsoft.Authorization/permissions")
        self.asked.append(scope)
        found = self.permissions.get(scope, [])
        if isinstance(found, Exception):
            raise found
        return list(found)


def allow(*actions: str, but: Any = (), data: Any = ()) -> list[dict[str, Any]]:
    return [{"actions": list(actions), "notActions": list(but), "dataActions": list(data), "notDataActions": []}]


def judge(cloud: Cloud, *needs: Any, caller: str = "me") -> Any:
    return Permissions(cloud, caller).judge(needs)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({SUBSCRIPTION: allow("*")}, "enough"),
        ({GROUP: allow("*")}, "enough"),
        ({GROUP: allow("Microsoft.Databricks/*")}, "enough"),
        ({ID: allow("microsoft.databricks/workspaces/WRITE")}, "enough"),
        ({GROUP: allow("*/read")}, "missing"),
        ({GROUP: allow("*", but=["Microsoft.Databricks/*"])}, "missing"),
        ({GROUP: allow("*", but=["Microsoft.Databricks/*"]) + allow("*/write")}, "enough"),
        ({GROUP: allow(data=["*"])}, "missing"),
        ({}, "missing"),
    ],
)
def test_by_what_the_service_says(given: Any, state: str) -> None:
    found = judge(Cloud(**given), (ID, WRITE))
    assert found.state == state
    command = f'az role assignment create --assignee me --role "Contributor" --scope {ID}'
    assert found.commands == ((command,) if state == "missing" else ())


def test_data_actions_are_judged_by_themselves() -> None:
    assert judge(Cloud(**{VAULT: allow("*")}), (VAULT, KEY)).missing[0].data is True
    assert judge(Cloud(**{VAULT: allow(data=["Microsoft.KeyVault/*"])}), (VAULT, KEY)).state == "enough"


def test_nothing_needed_nothing_asked() -> None:
    cloud = Cloud()
    assert judge(cloud).state == "not needed" and cloud.asked == []


def test_each_scope_is_asked_for_once_and_only_where_there_is_a_role() -> None:
    cloud = Cloud(**{GROUP: allow("*")})
    permissions = Permissions(cloud, "me")
    for _ in range(3):
        permissions.judge([(ID, WRITE), (f"{ID}2", WRITE), (VAULT, KEY)])
    assert cloud.asked == [SUBSCRIPTION, GROUP]


@pytest.mark.parametrize("caller", ["me", ""])
def test_where_the_roles_are_not_known_every_scope_is_asked(caller: str) -> None:
    cloud = Cloud(blind=True, **{ID: allow("*")})
    assert judge(cloud, (ID, WRITE), caller=caller).state == "enough"
    assert cloud.asked == [SUBSCRIPTION, GROUP, ID]


def test_what_is_not_told_is_unknown() -> None:
    other = (f"/subscriptions/t{VAULT.removeprefix(SUBSCRIPTION)}", KEY)
    found = judge(Cloud(**{SUBSCRIPTION: Denied("no", status=403)}), (ID, WRITE), other)
    assert found.state == "unknown" and "403: no" in found.reason and ID in found.reason
    assert [one.action for one in found.missing] == [KEY[0]], "what is known to be missing is said all the same"
    some = Cloud(**{SUBSCRIPTION: Denied("no", status=403), GROUP: allow("*")})
    assert judge(some, (ID, WRITE)).state == "enough", "a role on the group is enough, whatever the subscription says"
    doubt = Permissions(Cloud(), "me").judge([], "who knows")
    assert (doubt.state, doubt.reason) == ("unknown", "who knows")


def test_one_command_for_each_role_and_scope() -> None:
    found = judge(Cloud(), (ID, WRITE), (ID, ("x/y", "Contributor", False)), (VAULT, KEY), caller="")
    assert len(found.missing) == 3 and len(found.commands) == 2
    assert '--assignee "$(az ad signed-in-user show --query id --output tsv)"' in found.commands[0]


# --- what a remedy needs


def workspace(**parameters: Any) -> dict[str, Any]:
    return {"id": ID, "properties": {"parameters": {name: {"value": value} for name, value in parameters.items()}}}


def vault(roles: bool = True) -> dict[str, Any]:
    return {"id": VAULT, "name": "kv", "properties": {"enableRbacAuthorization": roles}}


def asked(remedy: str, *steps: Step, mended: Any = None, at: Any = None, of: Any = None) -> tuple[set[Any], str]:
    found, doubt = needed(of or workspace(), Remedy(remedy), steps, mended or {}, at)
    return {(scope, action) for scope, (action, _, _) in found}, doubt


IN_PLACE = Step("in-place", "")


def test_in_place_changes_the_workspace_and_makes_a_vault() -> None:
    found, doubt = asked("in place", IN_PLACE)
    assert {
        (ID, "Microsoft.Databricks/workspaces/write"),
        (GROUP, "Microsoft.KeyVault/vaults/write"),
        (GROUP, "Microsoft.Authorization/roleAssignments/write"),
    } <= found
    assert doubt == "" and (GROUP, "Microsoft.Databricks/workspaces/write") not in found


def test_a_vault_that_is_there_is_not_made() -> None:
    found, _ = asked("in place", IN_PLACE, at=vault())
    assert (VAULT, "Microsoft.Authorization/roleAssignments/write") in found
    assert not [one for one in found if one[1] == "Microsoft.KeyVault/vaults/write"]
    found, _ = asked("in place", IN_PLACE, at=vault(roles=False))
    assert (VAULT, "Microsoft.KeyVault/vaults/accessPolicies/write") in found
    assert not [one for one in found if one[1] == "Microsoft.Authorization/roleAssignments/write"]
    read = (VAULT, "Microsoft.KeyVault/vaults/keys/read")
    found, _ = needed(workspace(), Remedy.IN_PLACE, [Step("in-place", "", "plan -p key_id=x")], {}, vault())
    assert any((scope, action, data) == (*read, True) for scope, (action, _, data) in found)


def test_a_migration_makes_a_workspace_in_its_network() -> None:
    found, _ = asked("migrate", Step("migrate", ""))
    assert (GROUP, "Microsoft.Databricks/workspaces/write") in found
    assert (ID, "Microsoft.Databricks/workspaces/write") not in found
    found, _ = asked("migrate", Step("migrate", ""), of=workspace(customVirtualNetworkId=NET))
    assert (NET, "Microsoft.Network/virtualNetworks/subnets/join/action") in found


def test_mending_needs_what_it_mends() -> None:
    assert asked("mend", Step("firewall", ""), mended={"firewall": vault()})[0] == {
        (VAULT, "Microsoft.KeyVault/vaults/write")
    }
    assert asked("mend", mended={"key-disabled": vault()})[0] == {(VAULT, KEY[0])}
    found, doubt = asked("mend", mended={"key-disabled": vault(roles=False)})
    assert found == set() and "access policies" in doubt
    assert "soft-deleted" in asked("mend", Step("vault-deleted", ""))[1]
    assert asked("unknown", Step("since", "")) == asked("not eligible") == (set(), "")


# Whether a workspace has these is not in its body; `doctor` reads them, an assessment of hundreds does not.
BY_DOCTOR = {"carries logs", "carries roles", "carries locks", "carries zones"}


def everywhere() -> dict[str, Any]:
    """A workspace for which every row counts that its body can tell of."""
    found = workspace(customVirtualNetworkId=NET)
    state, endpoint = {"status": "Approved"}, {"id": f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe"}
    of = {"groupIds": ["databricks_ui_api"], "privateEndpoint": endpoint, "privateLinkServiceConnectionState": state}
    found["properties"] |= {"privateEndpointConnections": [{"properties": of}]}
    found["properties"]["accessConnector"] = {"id": f"{GROUP}/providers/Microsoft.Databricks/accessConnectors/ac"}
    return found


def test_every_row_of_the_table_is_asked_for_somewhere() -> None:
    """A new word in the preflight's table would otherwise be passed over here."""
    everything: set[str] = set()
    for remedy in ("in place", "migrate"):
        hsm = vault() | {"id": f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/h"}
        closed = vault()
        closed["properties"] = {**closed["properties"], "publicNetworkAccess": "Disabled"}
        for at in (None, vault(), vault(roles=False), hsm, closed):
            step = Step("in-place" if remedy == "in place" else "migrate", "")
            found, _ = asked(remedy, step, at=at, of=everywhere())
            everything |= {action for _, action in found}
    assert {row.action for row in table() if row.when not in BY_DOCTOR} <= everything


def test_the_words_of_the_table_are_known_here() -> None:
    """A word that is not would be passed over (`when`), or end an assessment (`at`)."""
    from cmkmigrate.preflight.rights import AT, WHEN

    assert rights._scopes(everywhere(), None).keys() == AT.keys()
    words = rights._words(everywhere(), Remedy.MIGRATE, None) | rights._words(everywhere(), Remedy.IN_PLACE, None)
    closed = {
        "id": f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/h",
        "properties": {"publicNetworkAccess": "Disabled"},
    }
    words |= rights._words(everywhere(), Remedy.IN_PLACE, closed)
    assert words | BY_DOCTOR == WHEN.keys()
