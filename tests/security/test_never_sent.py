"""A name that cannot be is refused before anything is sent: no sign-in, no read. Nothing but a proxy is there, and it
counts who comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Commands, Launcher
from tests.security.strangers import Stranger

LONG = "e" * 300
GROUP = "/subscriptions/51cc8e99-a185-5044-8d43-852f8ea01a8c/resourceGroups/rg"
WORKSPACES, VAULTS = "Microsoft.Databricks/workspaces", "Microsoft.KeyVault/vaults"
SOURCE = f"{GROUP}/providers/{WORKSPACES}/old"
MOVE = {"source": SOURCE, "target_name": "new", "vault_name": "kv-new"}
# What is given besides, and what the refusal names: an object, and why it cannot be.
IMPOSSIBLE = {
    "a long name": ({"target_name": LONG}, LONG, "3 to 64"),
    "a short name": ({"target_name": "ab"}, "'ab'", "3 to 64"),
    "a name with a path": ({"target_name": "../../evil"}, "'../../evil'", "letters"),
    "a name that steers": ({"target_name": "evil\x1b[2J"}, "evil", "letters"),
    "a long vault": ({"vault_name": LONG}, LONG, "3 to 24"),
    "a short vault": ({"vault_name": "kv"}, "'kv'", "3 to 24"),
    "a vault with a dot": ({"vault_name": "kv.new"}, "'kv.new'", "3 to 24"),
    "a key": ({"key_name": "a_b"}, "'a_b'", "127"),
    "the old workspace": ({"source": f"{GROUP}/providers/{WORKSPACES}/{LONG}"}, LONG, "3 to 64"),
    "its resource group": ({"source": SOURCE.replace("/rg/", "/r%2fg/")}, "'r%2fg'", "1 to 90"),
    "its subscription": ({"source": SOURCE.replace("51cc8e99", "51cc 8e99")}, "51cc 8e99", "letters"),
    "a target that exists": ({"existing_target": f"{GROUP}/providers/{WORKSPACES}/a?b"}, "'a?b'", "none of"),
    "a vault that exists": ({"vault_id": f"{GROUP}/providers/{VAULTS}/{LONG}"}, LONG, "3 to 24"),
    "a key that exists": ({"key_id": "https://kv-a.vault.azure.test/keys/a_b"}, "a_b", "hyphens"),
    "half an address": ({"key_id": "https://[kv/keys/a"}, "https://[kv/keys/a", ""),
    "a network": ({"virtual_network": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/<b>"}, "'<b>'", "none of"),
}


class Nobody:
    """A place for commands where all that can be reached is a proxy that keeps what it was sent."""

    def __init__(self, launcher: Launcher, folder: Path) -> None:
        self.proxy = Stranger()
        there = f"http://127.0.0.1:{self.proxy.port}"
        env = {"HTTPS_PROXY": there, "HTTP_PROXY": there, "NO_PROXY": "", "CMKMIGRATE_INSTANCE_DISCOVERY": "false"}
        env |= {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}
        self.place = Commands(launcher, folder, env)


@pytest.fixture(autouse=True)
def _nobody_came(nobody: Nobody) -> None:
    nobody.proxy.sent.clear()


@pytest.fixture(scope="module")
def nobody(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nobody]:
    """For the tests of this file."""
    made = Nobody(launcher, tmp_path_factory.mktemp("nobody"))
    yield made
    made.proxy.close()


def words(given: dict[str, str]) -> list[str]:
    return [word for name, value in given.items() for word in ("-p", f"{name}={value}")]


@pytest.mark.parametrize("command", ["plan", "doctor", "apply"])
@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_a_name_that_cannot_be_is_sent_nowhere(what: str, command: str, nobody: Nobody) -> None:
    changes, named, why = IMPOSSIBLE[what]
    more = ["--auto-approve"] if command == "apply" else []
    done = nobody.place(command, "cmk-migration", *words(MOVE | changes), *more)
    assert done.code == 64 and nobody.proxy.sent == [], done
    assert "Error: " in done.err and named in done.err and why in done.err and "  next:   " in done.err, done
    assert not list(nobody.place.work.iterdir()), "nor is a run begun"


@pytest.mark.parametrize("command", ["audit", "assess"])
@pytest.mark.parametrize("id", [LONG, "My subscription", "../../evil", ""])
def test_a_subscription_that_cannot_be_is_sent_nowhere(id: str, command: str, nobody: Nobody) -> None:
    done = nobody.place(command, "--subscription", id)
    assert done.code == 64 and nobody.proxy.sent == [], done
    assert "is not the id of a subscription" in done.err and "next:   az account list" in done.err, done


@pytest.mark.parametrize(
    ("playbook", "given"),
    [
        ("enable-in-place", {"workspace": f"{GROUP}/providers/{WORKSPACES}/ab", "vault_name": "kv-new"}),
        ("enable-in-place", {"workspace": SOURCE, "vault_name": "kv_new"}),
        ("contents-only", {"source": SOURCE, "target": f"{GROUP}/providers/{WORKSPACES}/{LONG}"}),
    ],
)
def test_of_the_other_playbooks(playbook: str, given: dict[str, str], nobody: Nobody) -> None:
    done = nobody.place("plan", playbook, *words(given))
    assert done.code == 64 and nobody.proxy.sent == [], done


def test_the_proxy_sees_who_comes(nobody: Nobody) -> None:
    """With names that can be, the same commands do go out."""
    for line in (["plan", "cmk-migration", *words(MOVE)], ["audit", "--subscription", GROUP.split("/")[2]]):
        assert nobody.place(*line, CMKMIGRATE_TIMEOUT_S="1").code not in (0, 64)
        assert nobody.proxy.sent, line
        nobody.proxy.sent.clear()
