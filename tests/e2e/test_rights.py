"""The permission table: with exactly its rows a whole run succeeds; without any one of them the preflight names it.

The operator has one custom role of the sandbox, with the actions of the rows that count for a playbook and nothing
else; what is taken away, is taken away from that (`operator_lacks`). Rights on the content of a vault are given by the
run itself.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.preflight.rights import Right, table
from cmkmigrate.preflight.run import discover
from cmkmigrate.sandbox.arm import action_of
from cmkmigrate.sandbox.cloud import SUBSCRIPTION, Cloud
from cmkmigrate.sandbox.faults import Faults
from cmkmigrate.sandbox.limits import Limits
from cmkmigrate.sandbox.recorder import Recorder
from tests.e2e import networked
from tests.harness import ARM, Commands, Launcher, Result, Sandbox

BLOCKED = 6
CLOSED = {"PF18", "PF25", "PF27", "PF28", "PF29"}  # what is looked at in the old workspace, which a Reader cannot enter
OWN = "source"
MOVE = {"always", "provisions", "starts compute", "changes a workspace", "makes a workspace", "uses a vault", "grants"}
PLACE = {"always", "provisions", "changes a workspace", "in place", "makes a vault", "uses a vault", "grants"}
# Actions that no request to Resource Manager is: the workspace looks for the first when somebody comes in, the service
# of the workspace asks for the next two when it is put into a network, that of private endpoints for the others.
# Versions of keys are read where a vault is there before the run, which not every profile has.
ELSEWHERE = {
    "Microsoft.Databricks/workspaces/assignWorkspaceAdmin/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/virtualNetworks/subnets/write",
    "Microsoft.Network/privateDnsZones/join/action",
    "Microsoft.Databricks/workspaces/privateEndpointConnectionsApproval/action",
    "Microsoft.KeyVault/vaults/keys/versions/read",
}
CLOSED_VAULT = "makes a key in a closed vault"  # as those that go by access policies are here
ATTACHED = {"own network", "uses a connector", "has endpoints"} | {
    f"carries {one}" for one in ("logs", "roles", "locks", "endpoints", "zones")
}
if "PF21" not in {one.id for one in discover()}:
    ELSEWHERE.add("Microsoft.Network/virtualNetworks/read")


@dataclass(frozen=True)
class Profile:
    """A playbook with its parameters, and the rows of the table that count for it."""

    name: str
    playbook: str
    when: frozenset[str]
    by_policy: bool = False
    params: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[Right]:
        other = "vaults by role" if self.by_policy else "vaults by policy"
        return [row for row in table() if row.when in self.when and row.at != other]

    @property
    def actions(self) -> list[str]:
        return sorted({row.action for row in self.rows})

    @property
    def confirm(self) -> list[str]:
        names = ("services", "disks") if self.playbook == "enable-in-place" else ()
        return [word for step in names for word in ("--confirm", f"{step}={{name}}")]


PROFILES = {
    one.name: one
    for one in (
        Profile("move", "cmk-migration", frozenset(MOVE | {"makes a vault"})),
        Profile("policies", "cmk-migration", frozenset(MOVE | {CLOSED_VAULT}), by_policy=True),
        Profile("place", "enable-in-place", frozenset(PLACE)),
        Profile("network", "cmk-migration", frozenset(MOVE | {"makes a vault", "own network"})),
        Profile(
            "attached",
            "cmk-migration",
            frozenset(MOVE | ATTACHED | {"makes a vault"}),
            params={"public_subnet": "new-pub", "private_subnet": "new-priv"},
        ),
    )
}
# What is attached to a workspace is tried on the one that has it, the rest of its rows on the others.
CASES = [
    (profile, action)
    for profile in PROFILES.values()
    for action in profile.actions
    if profile.name != "attached" or action not in PROFILES["network"].actions
]
# Each action that a run ends without, in the first profile that has it.
RUNS = {row.action: profile for profile in reversed(PROFILES.values()) for row in profile.rows if row.use == "run"}


def names(profile: Profile) -> list[str]:
    """Of the workspaces in the sandbox of a profile, beside the source: one for each run in place."""
    return [f"ws-{number}" for number in range(len(profile.actions) + 1)] if profile.playbook != "cmk-migration" else []


def estate(folder: Path, profile: Profile, role: str = "exactly") -> Path:
    if profile.name == "attached":
        more = {"roles": [{"name": "exactly", "actions": profile.actions}], "operator": role}
        return networked.build(folder, more=more)
    folder.mkdir()
    told = {"name": OWN, "region": "westeurope", "workspace_id": 4100000000000001}
    told["workspace_url"] = "https://adb-4100000000000001.1.azuredatabricks.net"
    (folder / "estate.json").write_text(json.dumps(told))
    count = len(profile.actions) + 1
    network = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub"
    parameters = {"customVirtualNetworkId": network, "customPublicSubnetName": "a", "customPrivateSubnetName": "b"}
    own: dict[str, Any] = {"name": OWN, "resource_group": "rg"}
    if profile.name == "network":
        own["properties"] = {"parameters": {name: {"value": value} for name, value in parameters.items()}}
    subnets = [
        {"name": name, "address_prefix": f"10.1.{number // 4}.{number % 4 * 64}/26",
         "delegations": ["Microsoft.Databricks/workspaces"], "security_group": "nsg"}
        for number, name in enumerate(["a", "b", *(f"{side}-{n}" for n in range(count) for side in ("pub", "priv"))])
    ]  # fmt: skip
    vault = {"enablePurgeProtection": True, "enableRbacAuthorization": False, "accessPolicies": [],
             "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}  # fmt: skip
    arm = {
        "roles": [{"name": "exactly", "actions": profile.actions}],
        "operator": role,
        "networks": [{"name": "hub", "resource_group": "rg", "address_prefixes": ["10.1.0.0/16"], "subnets": subnets}],
        "workspaces": [own] + [{"name": name, "resource_group": "rg"} for name in names(profile)],
        "vaults": [{"name": f"kv-old-{number}", "resource_group": "rg", "properties": vault}
                   for number in range(count) if profile.by_policy],
    }  # fmt: skip
    (folder / "arm.json").write_text(json.dumps(arm))
    return folder


class World:
    """The sandbox of a profile, and its commands; `number` tells runs apart."""

    def __init__(self, profile: Profile, box: Sandbox, place: Commands) -> None:
        self.profile, self.box, self.place = profile, box, place

    def params(self, number: int) -> list[str]:
        source = str(self.box.params["source"])
        subscription = "/".join(source.split("/")[:3])
        vaults = f"{subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"
        name = f"{self.profile.name}-{number}"
        given = {"vault_name": f"kv-{name}"} | self.profile.params
        if self.profile.by_policy:
            given["vault_id"] = f"{vaults}/kv-old-{number}"
        if self.profile.playbook == "cmk-migration":
            given |= {"source": source, "target_name": name}
            if self.profile.name == "network":
                given |= {"public_subnet": f"pub-{number}", "private_subnet": f"priv-{number}"}
        else:
            given |= {"workspace": f"{source.rpartition('/')[0]}/ws-{number}"}
        return [word for key, value in given.items() for word in ("-p", f"{key}={value}")]

    def lacks(self, *actions: str) -> None:
        self.box.control("PUT", "settings", {"operator_lacks": " ".join(actions)})

    def doctor(self, number: int) -> Result:
        return self.place("doctor", self.profile.playbook, *self.params(number), "-o", "json")

    def apply(self, number: int) -> Result:
        words = [word.format(name=f"ws-{number}") for word in self.profile.confirm]
        run = str(self.place.folder / f"run-{number}")
        begin = ("apply", self.profile.playbook, *self.params(number), "--run", run, "--auto-approve", "-o", "json")
        return self.place(*begin, *words, seconds=600)

    def asked(self) -> set[str]:
        """The actions of what has reached Resource Manager since the last `forget`."""
        from cmkmigrate.sandbox.app import App

        cloud = Cloud()
        routes = App(cloud, Limits(), Faults(), Recorder()).routes["arm"]
        found = set()
        for one in self.box.requests():
            route = routes.find(one["method"], one["path"]) if one["host"] == ARM else None
            if route:
                found.add(action_of(route[0], one["path"])[0].lower())
        return found


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    made = Launcher()
    yield made
    made.close()


@pytest.fixture(scope="module")
def world(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Profile], World]]:
    kept: dict[str, World] = {}

    def of(profile: Profile) -> World:
        if profile.name not in kept:
            folder = tmp_path_factory.mktemp(profile.name)
            box = Sandbox(folder / "sandbox", estate(folder / "estate", profile))
            kept[profile.name] = World(profile, box, Commands(launcher, folder / "commands", box.env))
        kept[profile.name].lacks()
        kept[profile.name].box.forget()
        return kept[profile.name]

    yield of
    for one in kept.values():
        one.box.close()


def worst(result: Result) -> list[tuple[str, str]]:
    """What did not pass, for a person who reads why a test failed."""
    return [(one["check"], s["evidence"]) for one in result.json["checks"] for s in one["seen"] if s["status"] not in
            ("pass", "warn")]  # fmt: skip


def seen(result: Result, check: str) -> list[dict[str, Any]]:
    return next(list(one["seen"]) for one in result.json["checks"] if one["check"] == check)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_the_table_is_enough_and_every_row_is_used(world: Callable[[Profile], World], profile: Profile) -> None:
    here = world(profile)
    doctor = here.doctor(0)
    assert doctor.code == 0, worst(doctor)
    assert here.box.writes() == []
    done = here.apply(0)
    assert done.code == 0, done
    refused = [one["path"] for one in here.box.requests() if one["host"] == ARM and one["status"] == 403]
    assert refused == []
    again = here.doctor(0)  # keys are read as resources where they are there, or where a grant takes its time
    assert again.code == 0, worst(again)
    used = here.asked() | {one.lower() for one in ELSEWHERE}
    assert [action for action in profile.actions if action.lower() not in used] == []


@pytest.mark.ci
@pytest.mark.parametrize(("profile", "action"), CASES, ids=[f"{one.name}-{action}" for one, action in CASES])
def test_without_a_row_the_preflight_names_it(world: Callable[[Profile], World], profile: Profile, action: str) -> None:
    here = world(profile)
    here.lacks(action)
    doctor = here.doctor(1 + profile.actions.index(action))
    assert doctor.code == BLOCKED, worst(doctor)
    assert here.box.writes() == []
    named = {one["evidence"].split()[3] for one in seen(doctor, "PF31") if one["status"] == "fail"}
    assert named == {action}, seen(doctor, "PF31")
    assert not [one for one in seen(doctor, "PF31") if one["status"] == "unknown"]
    status = {one["check"]: one["status"] for one in doctor.json["checks"]}
    reads = {row.use for row in profile.rows if row.action == action} & status.keys()
    assert [check for check in reads if status[check] in ("pass", "warn")] == []


@pytest.mark.ci
@pytest.mark.parametrize("action", RUNS)
def test_without_a_row_of_the_run_apply_is_refused(world: Callable[[Profile], World], action: str) -> None:
    profile = RUNS[action]
    here = world(profile)
    here.lacks(action)
    done = here.apply(1 + profile.actions.index(action))
    assert done.code != 0, done
    assert action.lower() in done.err.lower(), done


def test_a_reader_gets_a_whole_report_and_the_rights_to_ask_for(launcher: Launcher, tmp_path: Path) -> None:
    profile = PROFILES["move"]
    box = Sandbox(tmp_path / "sandbox", estate(tmp_path / "estate", profile, "Reader"))
    try:
        doctor = World(profile, box, Commands(launcher, tmp_path / "commands", box.env)).doctor(0)
        assert doctor.code == BLOCKED, doctor
        assert box.writes() == []
    finally:
        box.close()
    status = {one["check"]: one["status"] for one in doctor.json["checks"]}
    assert list(status) == [*(one.id for one in discover()), "PLAN"]
    assert {one for one in status if status[one] == "fail"} == {"PF24", "PF31"}, worst(doctor)
    assert {one for one in status if status[one] == "unknown"} == CLOSED, worst(doctor)
    lacking = [one for one in seen(doctor, "PF31") if one["status"] == "fail"]
    writes = {row.action for row in profile.rows if not row.action.endswith("/read")}
    assert {one["evidence"].split()[3] for one in lacking} == writes
    for one in lacking:
        words = shlex.split(one["fix"])
        assert words[:4] == ["az", "role", "assignment", "create"], words
