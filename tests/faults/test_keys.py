"""R21: the key is disabled, deleted, rotated, or its vault closed or deleted, in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.azure import INCOMPLETE, STOPPED, WORKSPACE, Move, sandbox_of, wait_for
from tests.harness import ARM, Launcher, Sandbox

pytestmark = pytest.mark.ci
FEATURES = 3
IN_FLIGHT = 20  # writes that have left before the key is looked at
OF_VAULTS, OF_ROLES = "api-version=2024-11-01", "api-version=2022-04-01"
OF_KEYS = "api-version=7.5"
HELD = {"match": WORKSPACE, "action": "operation", "how": "never"}
BUSY = {"match": {"host": "adb-*", "path": "/api/2.*/jobs/create"}, "count": -1, "action": "refuse", "status": 429}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = sandbox_of(tmp_path_factory.mktemp("keys"))
    yield made
    made.close()


@pytest.fixture
def move(box: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Move]:
    return lambda name, **params: Move(box, launcher, tmp_path_factory.mktemp(name), name, **params)


class Trouble:
    """What happens to the key of a move, and how it is mended."""

    def __init__(self, one: Move) -> None:
        self.one, self.box = one, one.box
        self.host = f"{one.vault}.vault.azure.test"
        self.version = str(self._vault()["keys"]["cmk-databricks"][-1]["version"])
        group = str(one.box.params["source"]).partition("/providers/")[0]
        self.id = f"{group}/providers/Microsoft.KeyVault/vaults/{one.vault}"
        self.grants: list[dict[str, Any]] = []

    def _vault(self) -> Any:
        return self.box.arm()["vaults"][self.one.vault]

    def _enable(self, enabled: bool) -> None:
        body = {"attributes": {"enabled": enabled}}
        self.box.call(self.host, "PATCH", f"/keys/cmk-databricks/{self.version}?{OF_KEYS}", body)

    def _walls(self, action: str, bypass: str) -> None:
        rules = {"defaultAction": action, "bypass": bypass, "ipRules": [], "virtualNetworkRules": []}
        self.box.call(ARM, "PATCH", f"{self.id}?{OF_VAULTS}", {"properties": {"networkAcls": rules}})

    def disabled(self) -> None:
        self._enable(False)

    def deleted(self) -> None:
        self.box.call(self.host, "DELETE", f"/keys/cmk-databricks?{OF_KEYS}")

    def closed(self) -> None:
        self._walls("Deny", "None")

    def gone(self) -> None:
        listed = self.box.call(ARM, "GET", f"{self.id}/providers/Microsoft.Authorization/roleAssignments?{OF_ROLES}")
        told = [one["properties"] for one in listed["value"]]
        self.grants = [one for one in told if one["scope"].lower().startswith(self.id.lower())]
        self.box.call(ARM, "DELETE", f"{self.id}?{OF_VAULTS}")

    def mend(self, what: str) -> None:
        if what == "disabled":
            self._enable(True)
        elif what == "deleted":
            self.box.call(self.host, "POST", f"/deletedkeys/cmk-databricks/recover?{OF_KEYS}")
        elif what == "closed":
            self._walls("Allow", "AzureServices")
        else:
            self._recover()

    def _recover(self) -> None:
        """The vault, and its grants, which do not come back with it."""
        told = {"createMode": "recover", "tenantId": self.box.env["AZURE_TENANT_ID"]}
        told |= {"sku": {"family": "A", "name": "standard"}}
        self.box.call(ARM, "PUT", f"{self.id}?{OF_VAULTS}", {"location": "westeurope", "properties": told})
        for number, one in enumerate(self.grants):
            given = {name: one[name] for name in ("roleDefinitionId", "principalId", "principalType")}
            name = f"00000000-0000-4000-8000-{number:012}"
            path = f"{one['scope']}/providers/Microsoft.Authorization/roleAssignments/{name}?{OF_ROLES}"
            self.box.call(ARM, "PUT", path, {"properties": given})


WORDS = {
    "disabled": "it is disabled",
    "deleted": "az keyvault key recover",
    "closed": "keeps out the services",
    "gone": "az keyvault recover",
}


@pytest.mark.parametrize("what", WORDS)
def test_while_the_workspace_is_made(what: str, move: Callable[..., Move]) -> None:
    one = move(f"k-{what}")
    one.box.faults(HELD)
    started = one.begin()
    wait_for(lambda: len(one.polls()) > 2)
    trouble = Trouble(one)
    getattr(trouble, what)()
    one.box.faults()
    ended = one.end(started)
    assert ended.code == STOPPED and WORDS[what] in ended.err, ended
    assert f"{trouble.host}/keys/cmk-databricks/{trouble.version}" in ended.err, "the key and its version"
    assert len(one.puts()) == 1, "nothing more was sent"
    still = one.resume()
    assert still.code == STOPPED and WORDS[what] in still.err and len(one.puts()) == 1, still
    trouble.mend(what)
    done = one.resume()
    assert done.code == 0 and one.features() == FEATURES, done


def test_rotated_in_between(move: Callable[..., Move]) -> None:
    one = move("k-rotated")
    one.box.faults(HELD)
    started = one.begin()
    wait_for(lambda: len(one.polls()) > 2)
    trouble = Trouble(one)
    one.box.call(trouble.host, "POST", f"/keys/cmk-databricks/create?{OF_KEYS}", {"kty": "RSA", "key_size": 3072})
    one.box.faults()
    done = one.end(started)
    assert done.code == 0 and one.features() == FEATURES, done
    told = one.workspace()["properties"]
    versions = {each["keyVaultProperties"]["keyVersion"] for each in told["encryption"]["entities"].values()}
    assert versions | {told["parameters"]["encryption"]["value"]["keyversion"]} == {trouble.version}


def test_while_contents_are_copied(
    small: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = Move(small, launcher, tmp_path_factory.mktemp("contents"), "k-contents")
    one.box.faults(BUSY)
    started = one.begin(patch="look_often:0")
    wait_for(lambda: one.seen() > 0)
    trouble = Trouble(one)
    trouble.disabled()
    one.box.forget()
    one.box.faults()
    ended = one.end(started)
    assert ended.code == STOPPED and "it is disabled" in ended.err, ended
    assert f"{trouble.host}/keys/cmk-databricks/{trouble.version}" in ended.err, "the key and its version"
    target = small.host_of(one.name)
    assert len(one.box.writes(target)) <= IN_FLIGHT
    one.box.forget()
    still = one.resume()
    assert still.code == STOPPED and one.box.writes(target) == [], still
    trouble.mend("disabled")
    done = one.resume()
    assert done.code == INCOMPLETE, done  # what cannot be moved of the small estate
    assert len(small.state(target)["jobs"]) > 1
