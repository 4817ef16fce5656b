"""Tokens go to hosts of the chosen cloud alone, whatever an answer says.

The sandbox answers the first request of every route with addresses of strangers in every field and header that holds
one (`sandbox/strangers.py`), or sends it elsewhere with a redirect; the command is run again until no route is left
that has not lied. Strangers are loopback servers that count who comes, and names that the sandbox's proxy refuses and
records. In the end all is as it should be: what a lie cost is an error, and never the run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.comparer.compare import compare
from tests.harness import Commands, Launcher, Result, Sandbox, params_of
from tests.kinds.world import targets_estate
from tests.security.strangers import Stranger

DOCUMENTED = {0, 3, 4, 5, 6}
ROUNDS = 60  # a route lies once; a command that still meets lies after so many rounds goes in circles
OURS = re.compile(
    r"management\.azure\.test|graph\.microsoft\.test|login\.microsoftonline\.test"
    r"|[a-z0-9-]+\.vault\.azure\.test|[a-z0-9-]+\.managedhsm\.azure\.test|adb-\d+\.\d+\.azuredatabricks\.test"
)
# What has to have lied, and the fields of it that hold an address. One route for each sort; the sweep takes all routes.
FIELDS = [
    ("GET", "login.*", "*/.well-known/openid-configuration", "token_endpoint, issuer"),
    ("GET", "graph.*", "/v1.0/servicePrincipals", "@odata.nextLink"),
    ("GET", "management.*", "*/roleAssignments", "nextLink, of a request of the SDK"),
    ("GET", "management.*", "*/resourcegroups", "nextLink, of a request by path"),
    ("GET", "management.*", "*/workspaces/small", "workspaceUrl, keyVaultUri"),
    ("PUT", "management.*", "*/vaults/kv-*", "vaultUri, Location"),
    ("GET", "management.*", "*/keys/databricks-cmk", "keyUri, keyUriWithVersion"),
    ("PUT", "management.*", "*/workspaces/swept-*", "Azure-AsyncOperation, Location, workspaceUrl"),
    ("GET", "kv-*.vault.*", "/keys/*", "WWW-Authenticate: authorization, resource; kid"),
    ("POST", "kv-*.vault.*", "/keys/*/create", "kid"),
    ("GET", "adb-*", "/.well-known/databricks-config", "oidc_endpoint"),
]


def origins(port: int) -> list[str]:
    """Where an answer may lead: strangers, and ways to write one that looks like a friend."""
    return [
        "https://operations.example.com",
        f"http://127.0.0.1:{port}",
        f"https://localhost:{port}",
        "https://management.azure.test.evil.example",
        "https://evilmanagement.azure.test",
        f"https://management.azure.test@127.0.0.1:{port}",
        "https://management.usgovcloudapi.net",  # another cloud, which the sandbox would answer
        "https://management.chinacloudapi.cn",
        "http://management.azure.test",  # the right host, in the clear
        "https://management.azure.test:8443",
        "https://xn--mangement-22a.azure.test",
        f"https://[::ffff:7f00:1]:{port}",
        "https://2130706433",
    ]


class World:
    """One sandbox, one place for commands, and a stranger who counts."""

    def __init__(self, launcher: Launcher, folder: Path) -> None:
        self.box = Sandbox(folder / "box", "small", targets_estate(folder / "estate", ["in-place"]))
        self.place = Commands(launcher, folder / "place", self.box.env)
        self.stranger = Stranger()
        # A plain request would go to the stranger, as a proxy; what is on loopback is reached without one.
        self.env = {"NO_PROXY": "127.0.0.1,localhost", "HTTP_PROXY": f"http://127.0.0.1:{self.stranger.port}"}
        self.lied: set[tuple[str, str, str]] = set()

    def close(self) -> None:
        self.box.close()
        self.stranger.close()

    def foreign(self) -> None:
        to = origins(self.stranger.port)
        self.box.faults({"each_route": True, "count": 1, "action": "foreign", "every": True, "to": to})

    def redirecting(self) -> None:
        there = {"Location": f"https://localhost:{self.stranger.port}/"}
        self.box.faults({"each_route": True, "count": 1, "action": "status", "status": 307, "headers": there})

    def reached(self) -> list[Any]:
        """What went to a host that is none of this cloud's, since the last `forget`, and to the stranger ever."""
        strange = [f"{one['method']} {one['host']}" for one in self.box.requests() if not OURS.fullmatch(one["host"])]
        return [*strange, *self.stranger.sent]

    def __call__(self, *words: str, patch: str = "") -> Result:
        self.box.forget()
        return self.place(*words, patch=patch, **self.env)

    def swept(self, words: Callable[[], tuple[str, ...]]) -> Result:
        """Run a command until no route of it has a lie left; the last result. Each ended well, and reached nobody."""
        for _ in range(ROUNDS):
            done = self(*words())
            hits = {(one["method"], one["host"], one["path"]) for one in self.box.requests() if one["fault"]}
            self.lied |= hits
            assert self.reached() == [], done
            assert done.code in DOCUMENTED, done
            assert "Traceback" not in done.err and "unexpected" not in done.err, done
            told = re.search(r"^Error: .+\n(.*\n)*?  next: ", done.err, re.MULTILINE) or words()[0] == "doctor"
            assert done.code in (0, 3) or told, done
            if not hits:
                return done
        raise AssertionError(f"lies without end: {done}")


@pytest.fixture(scope="module")
def world(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For the tests of this file."""
    made = World(launcher, tmp_path_factory.mktemp("hosts"))
    yield made
    made.close()


def migrated(world: World, name: str) -> None:
    """Sweep a whole migration; what it ends with is what the source holds."""
    params = str(params_of(world.box, world.place.folder / f"{name}.yaml", target_name=name, vault_name=f"kv-{name}"))
    run = world.place.folder / name

    def words() -> tuple[str, ...]:
        if (run / "ledger.db").exists():
            return ("resume", str(run), "--retry-failed", "-o", "json")
        return ("apply", "cmk-migration", "--params", params, "--run", str(run), "--auto-approve", "-o", "json")

    done = world.swept(words)
    problems = done.json["problems"]
    assert [one for one in problems if one["state"] == "failed"] == [], done
    source, target, box = world.box.source_host, world.box.host_of(name), world.box
    left_out = [(one["kind"], one["key"]) for one in problems]
    exports = box.exports(source, target)
    states = box.state(source), box.state(target)
    assert compare(*states, left_out=left_out, operator=box.operator, exports=exports) == []
    assert world.swept(lambda: ("verify", str(run))).code in (0, 3)
    assert world("report", str(run), "--out", f"{name}.html").code == 0


def test_the_secret_of_a_service_principal_goes_to_entra_alone(world: World) -> None:
    """Entra's discovery document says where tokens are had, and MSAL believes it."""
    match = {"path": "*/.well-known/openid-configuration"}
    for to in ("operations.example.com", f"https://localhost:{world.stranger.port}"):
        world.box.faults({"match": match, "count": -1, "action": "foreign", "every": True, "to": to})
        done = world("audit")
        assert done.code == 4 and "is not a host of this cloud" in done.err, done
        assert world.reached() == []


@pytest.mark.ci
def test_no_answer_of_a_migration_leads_a_token_astray(world: World) -> None:
    world.lied.clear()
    world.foreign()
    migrated(world, "swept-1")
    assert len(world.lied) > 100
    table = [one for one in FIELDS if not any(all(map(fnmatchcase, hit, one[:3])) for hit in world.lied)]
    assert table == [], sorted(world.lied)


@pytest.mark.ci
def test_no_redirect_of_a_migration_is_followed(world: World) -> None:
    world.lied.clear()
    world.redirecting()
    migrated(world, "swept-2")
    assert len(world.lied) > 100


@pytest.mark.ci
@pytest.mark.parametrize("how", ["foreign", "redirecting"])
@pytest.mark.parametrize("command", ["doctor", "plan --asks", "audit", "assess --contents", "in place"])
def test_no_answer_of_the_other_commands_does(world: World, command: str, how: str) -> None:
    params = params_of(world.box, world.place.folder / "p.yaml", target_name="swept-3", vault_name="kv-swept-3")
    planned = {"doctor": ("doctor",), "plan --asks": ("plan", "--asks", f"asks-{how}.csv")}
    more = ("cmk-migration", "--params", str(params)) if command in planned else ()
    words = (*planned.get(command, command.split()), *more)
    getattr(world, how)()
    if command != "in place":
        world.swept(lambda: words)
        return
    run = world.place.folder / f"in-place-{how}"
    workspace = next(one for one in world.box.arm()["workspaces"].values() if one["name"] == "in-place")
    gates = [word for step in ("services", "disks") for word in ("--confirm", f"{step}=in-place")]
    given = [word for one in (f"workspace={workspace['id']}", "vault_name=kv-in-place") for word in ("-p", one)]

    def again() -> tuple[str, ...]:
        if (run / "ledger.db").exists():
            return ("resume", str(run), "--retry-failed", *gates)
        return ("apply", "enable-in-place", *given, "--run", str(run), "--auto-approve", *gates)

    assert world.swept(again).code == 0
    entities = world.box.arm()["workspaces"][workspace["id"].lower()]["properties"]["encryption"]["entities"]
    assert {one["keySource"] for one in entities.values()} == {"Microsoft.Keyvault"}


@pytest.mark.ci
def test_the_sweep_sees_a_product_that_believes(world: World) -> None:
    """The product with its allow-list taken away: the same search finds what goes astray."""
    params = params_of(world.box, world.place.folder / "p.yaml", target_name="swept-4", vault_name="kv-swept-4")
    for to in (f"http://127.0.0.1:{world.stranger.port}", "https://operations.example.com"):
        world.box.faults(
            {"match": {"path": "/subscriptions*"}, "count": -1, "action": "foreign", "every": True, "to": to}
        )
        world("plan", "cmk-migration", "--params", str(params), patch="every_host_is_ours")
        assert world.reached()
        world.stranger.sent.clear()
