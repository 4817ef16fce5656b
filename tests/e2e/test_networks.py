"""A workspace in a network of its own, into another one: every property of docs/networks.md; kills; bad inputs."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate import playbook
from cmkmigrate.cli.common import new_run
from cmkmigrate.clients.cloud import Cloud
from cmkmigrate.engine.apply import apply as carried_out
from cmkmigrate.engine.migration import Migration
from cmkmigrate.errors import Blocked
from cmkmigrate.kinds import discover
from tests.e2e import networked
from tests.e2e.networked import ARCHIVE, CONNECTOR, HUB, LOGS, NET, SOMEBODY, SOURCE, VNET, ZONE
from tests.harness import ARM, Commands, Launcher, Result, Sandbox, params_of
from tests.kinds.world import environment

BLOCKED = 6
PAIR = {"public_subnet": "new-pub", "private_subnet": "new-priv"}
GROUP = SOURCE.rpartition("/")[0]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "sandbox", networked.build(tmp_path / "estate"), grant_delay=0.0)
    yield made
    made.close()


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One that nothing is written to."""
    folder = tmp_path_factory.mktemp("still")
    made = Sandbox(folder / "sandbox", networked.build(folder / "estate"))
    yield made
    made.close()


@pytest.fixture
def place(launcher: Launcher, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[Sandbox], Commands]:
    return lambda box: Commands(launcher, tmp_path / "place", box.env)


def params(box: Sandbox, place: Commands, **changes: Any) -> list[str]:
    file = params_of(box, place.folder / "params.yaml", target_name="new", vault_name="kv-networked", **changes)
    return ["--params", str(file)]


def apply(box: Sandbox, place: Commands, **changes: Any) -> Result:
    words = params(box, place, **(PAIR | changes))
    return place("apply", "cmk-migration", *words, "--run", "run", "--auto-approve", "-o", "json")


def get(box: Sandbox, path: str, version: str = "2024-05-01") -> Any:
    """A GET past every client of the product."""
    return box.call(ARM, "GET", f"{path}?api-version={version}")


def shown(box: Sandbox, name: str) -> dict[str, Any]:
    """What hangs on a workspace and what is in it, raw, without what names it; endpoints by where they are."""
    id = f"{GROUP}/{name}"
    whole = get(box, id, "2026-01-01")
    of = whole["properties"]
    parameters = {key: one.get("value") for key, one in of["parameters"].items()}
    insights = get(box, f"{id}/providers/Microsoft.Insights/diagnosticSettings", "2021-05-01-preview")["value"]
    locks = get(box, f"{id}/providers/Microsoft.Authorization/locks", "2020-05-01")["value"]
    grants = get(box, f"{id}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")["value"]
    endpoints = {}
    for one in of.get("privateEndpointConnections") or ():
        made = get(box, one["properties"]["privateEndpoint"]["id"])
        group = one["properties"]["groupIds"][0]
        groups = get(box, f"{made['id']}/privateDnsZoneGroups")["value"]
        configs = [config for of in groups for config in of["properties"]["privateDnsZoneConfigs"]]
        zones = [config["properties"]["privateDnsZoneId"] for config in configs]
        state = one["properties"]["privateLinkServiceConnectionState"]["status"]
        endpoints[group, made["properties"]["subnet"]["id"]] = (state, made.get("tags"), zones)
    names = ("publicNetworkAccess", "requiredNsgRules", "defaultStorageFirewall", "accessConnector",
             "enhancedSecurityCompliance", "computeMode")  # fmt: skip
    return {
        "sku": whole["sku"], "location": whole["location"], "tags": whole["tags"],
        "properties": {name: of.get(name) for name in names},
        "parameters": {name: parameters.get(name) for name in ("enableNoPublicIp", "storageAccountSkuName",
                       "customVirtualNetworkId", "customPublicSubnetName", "customPrivateSubnetName")},
        "settings": {one["name"]: {k: v for k, v in one["properties"].items() if v} for one in insights},
        "locks": [(one["name"], one["properties"]) for one in locks if one["id"].startswith(f"{id}/")],
        "grants": sorted((one["properties"]["roleDefinitionId"], one["properties"]["principalId"],
                          one["properties"]["principalType"]) for one in grants if one["properties"]["scope"] == id),
        "endpoints": endpoints,
    }  # fmt: skip


def same(box: Sandbox, **changed: Any) -> None:
    """The new workspace is as the old one, but for its subnets and the endpoint that the region shares."""
    old, new = shown(box, "old"), shown(box, "new")
    old["parameters"] |= {"customPublicSubnetName": "new-pub", "customPrivateSubnetName": "new-priv"}
    del old["endpoints"]["browser_authentication", f"{HUB}/subnets/front"]
    assert len(old["endpoints"]) == 2 and len(old["settings"]) == 2 and len(old["grants"]) == 2, old
    assert old["properties"]["defaultStorageFirewall"] == "Enabled" and old["locks"], old
    assert new == old | changed


def test_everything_is_carried(box: Sandbox, place: Callable[[Sandbox], Commands]) -> None:
    here = place(box)
    box.forget()
    plan = here("plan", "cmk-migration", *params(box, here, **PAIR), "-o", "json")
    assert plan.code == 0, plan
    assert box.writes() == []
    (stays,) = [one for one in plan.json["actions"] if one["do"] == "excluded"]
    assert stays["name"] == "pe-signin" and "do not delete" in stays["reason"]
    done = apply(box, here)
    assert done.code == 0, done
    same(box)
    box.forget()
    again = apply(box, here)
    assert again.code == 0, again
    assert box.writes(ARM) == [], "a second pass changes nothing"
    verified = here("verify", "run", "-o", "json")
    assert verified.code == 0, verified


PUTS = {
    "endpoint": "*/privateEndpoints/*-new",
    "zones": "*/privateDnsZoneGroups/*",
    "setting": "*/workspaces/new/providers/Microsoft.Insights/diagnosticSettings/*",
    "role": "*/workspaces/new/providers/Microsoft.Authorization/roleAssignments/*",
    "lock": "*/workspaces/new/providers/Microsoft.Authorization/locks/*",
}


@pytest.mark.parametrize("which", ["endpoint", pytest.param("role", marks=pytest.mark.ci)])
def test_killed_at_a_write(which: str, box: Sandbox, place: Callable[[Sandbox], Commands]) -> None:
    """The write does its work, nobody hears of it, and the process is gone."""
    here = place(box)
    argv = ("apply", "cmk-migration", *params(box, here, **PAIR), "--run", "run", "--auto-approve")
    started = here.start(*argv)
    match = {"method": "PUT", "host": ARM, "path": PUTS[which]}
    box.faults({"match": match, "count": 1, "action": "kill_after", "pid": started[0]})
    killed = here.finish(started, argv)
    assert killed.code < 0, killed
    box.faults()
    resumed = here("resume", "run")
    assert resumed.code == 0, resumed
    same(box)


@pytest.mark.ci
def test_lost_answers_are_looked_up(box: Sandbox, place: Callable[[Sandbox], Commands]) -> None:
    """The first write of each sort does its work and is not answered."""
    here = place(box)
    box.faults(*({"match": {"method": "PUT", "host": ARM, "path": path}, "action": "lose"} for path in PUTS.values()))
    done = apply(box, here)
    assert done.code == 0, done
    same(box)


def test_subnets_for_endpoints_and_the_sign_in_too(box: Sandbox, place: Callable[[Sandbox], Commands]) -> None:
    here = place(box)
    done = apply(box, here, endpoint_subnets=[f"{VNET}/subnets/endpoints"], browser_authentication=True)
    assert done.code == 0, done
    ends = shown(box, "new")["endpoints"]
    assert ends.keys() == {
        ("databricks_ui_api", f"{VNET}/subnets/endpoints"),
        ("browser_authentication", f"{HUB}/subnets/front"),
    }
    assert all(zones == [ZONE] for _, _, zones in ends.values())


FAR = f"{NET}/virtualNetworks/vnet-far"
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no subnets": ({"public_subnet": "", "private_subnet": ""}, "two subnets of its own"),
    "one subnet": ({"private_subnet": ""}, "two subnets of its own"),
    "the same twice": ({"private_subnet": "NEW-PUB"}, "are the same"),
    "those of the source": ({"public_subnet": "old-priv"}, "of the old workspace"),
    "no such subnet": ({"private_subnet": "nowhere"}, "no such subnet"),
    "not delegated": ({"private_subnet": "undelegated"}, "not delegated"),
    "no security group": ({"private_subnet": "unguarded"}, "no network security group"),
    "too small": ({"private_subnet": "small"}, "too small"),
    "in use": ({"private_subnet": "used"}, "in use"),
    "of a neighbour": ({"private_subnet": "taken"}, "neighbour"),
    "no way out": ({"private_subnet": "no-way-out"}, "no way out"),
    "another region": ({"virtual_network": FAR}, "another region"),
    "another subscription": ({"virtual_network": FAR.replace("3f6c", "4f6c")}, "another subscription"),
    "no such network": ({"virtual_network": f"{FAR}-gone"}, "no such virtual network"),
    "no such connector": ({"access_connector": f"{CONNECTOR}-gone"}, "no such access connector"),
    "no such endpoint subnet": ({"endpoint_subnets": [f"{VNET}/subnets/nowhere"]}, "no such subnet for a private"),
    "delegated endpoint subnet": ({"endpoint_subnets": [f"{VNET}/subnets/new-pub"]}, "takes no private endpoint"),
}


@pytest.mark.parametrize("which", BAD)
def test_a_bad_input_is_refused_before_a_write(which: str, still: Sandbox, tmp_path: Path) -> None:
    changes, text = BAD[which]
    still.forget()
    error = refused(still, tmp_path / "run", **changes)
    assert text in f"{error.what} {error.subject} {error.why}", vars(error)
    assert error.next, vars(error)
    assert still.writes() == []


def refused(box: Sandbox, run: Path, **changes: Any) -> Blocked:
    """How an apply in this process ends that must not begin."""
    given = {"source": SOURCE, "target_name": "new", "vault_name": "kv-networked", **PAIR, **changes}
    with environment(box, run.parent):
        read = playbook.load("cmk-migration", discover())
        params = playbook.fill_params(read, given, "a test")
        migration = Migration(read, params, discover(), Cloud.from_env(os.environ))
        with pytest.raises(Blocked) as found:
            for _ in carried_out(migration, new_run(run, migration), confirm={}):
                pass
    return found.value


def test_the_commands_say_so(still: Sandbox, place: Callable[[Sandbox], Commands]) -> None:
    here = place(still)
    still.forget()
    for words in (("plan",), ("apply", "--run", "run", "--auto-approve")):
        found = here(words[0], "cmk-migration", *params(still, here, **(PAIR | BAD["too small"][0])), *words[1:])
        assert found.code == BLOCKED and "too small" in found.err and "make one of /26" in found.err, found
    assert still.writes() == []


def test_doctor_says_the_same(still: Sandbox, place: Callable[[Sandbox], Commands]) -> None:
    here = place(still)
    still.forget()
    for changes, status, text in (({}, "warn", "do not delete"), (BAD["not delegated"][0], "fail", "not delegated")):
        found = here("doctor", "cmk-migration", *params(still, here, **(PAIR | changes)), "-o", "json")
        assert found.code == (BLOCKED if status == "fail" else 0), found
        (check,) = [one for one in found.json["checks"] if one["check"] == "PF21"]
        assert [one for one in check["seen"] if one["status"] == status and text in one["evidence"]], check
    assert still.writes() == []


def test_what_was_looked_at_was_there(still: Sandbox) -> None:
    """The estate shows what the tests above rely on."""
    old = shown(still, "old")
    assert (
        old["settings"]["to-logs"]["workspaceId"] == LOGS and old["settings"]["archive"]["storageAccountId"] == ARCHIVE
    )
    assert SOMEBODY in {principal for _, principal, _ in old["grants"]}


def test_what_others_have_to_be_asked_for(still: Sandbox, place: Callable[[Sandbox], Commands]) -> None:
    here = place(still)
    still.forget()
    found = here("plan", "cmk-migration", *params(still, here, **PAIR), "--asks", "network-asks.csv")
    assert found.code == 0, found
    assert still.writes() == []
    with (here.work / "network-asks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    open = [one for one in rows if networked.CLOSED not in one["resource"]]
    by = {(one["what"], one["resource"].rpartition("/")[2], one["sure"]): one for one in open}
    assert len(by) == len(open), rows
    lake = by["storage account firewall", "stlake", "certain"]
    assert lake["knows"] == f"{VNET}/subnets/old-pub" and lake["owner"] == "'=lake team", lake
    assert lake["ask"] == f"let in {VNET}/subnets/new-pub {VNET}/subnets/new-priv"
    assert ("storage account firewall", "stopen", "certain") not in by
    assert by["SQL server firewall", "sqlold", "certain"]["ask"] == lake["ask"]
    assert by["Cosmos DB firewall", "cosmos", "certain"]["ask"] == lake["ask"]
    onprem = by["network security group", "nsg-onprem", "certain"]
    assert (onprem["knows"], onprem["ask"]) == ("10.1.0.0/26", "let in the prefix 10.1.2.0/26 10.1.3.0/26")
    assert by["lists that Azure does not show (firewalls of your own, partners, databases' own lists)", "", "unknown"]
    other = f"/subscriptions/{networked.CLOSED}"
    closed = [one for one in rows if one["resource"].startswith(other)]
    assert len(closed) >= 9 and {one["sure"] for one in closed} == {"unknown"}, closed
    assert all("may not read" in one["ask"] or "AuthorizationFailed" in one["ask"] for one in closed), closed
    assert "do not delete" in by["private endpoint for signing in", "pe-signin", "certain"]["ask"]
