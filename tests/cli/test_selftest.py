"""`selftest`, asked of a sandbox: finds its answers, tells other ones, leaves nothing behind, names nobody."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.cli.live.run import CHECKS
from tests.cli.transcript import Terminal
from tests.harness import Commands, Launcher, Sandbox

USUAL = {"disk_check": "recorded", "graph": "allow", "grants": "delay"}
PLACE = "--location westeurope --second-location northeurope"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("selftest"), "small")
    yield made
    made.close()


@pytest.fixture
def live(box: Sandbox, launcher: Launcher, tmp_path: Path) -> Iterator[Terminal]:
    """A place from which the sandbox is the cloud that --live asks."""
    env = box.env | {"CMKMIGRATE_LIVE_SUBSCRIPTION": box.env["AZURE_SUBSCRIPTION_ID"]}
    yield Terminal(Commands(launcher, tmp_path, env))
    box.control("PUT", "settings", USUAL)
    box.faults()


@pytest.fixture
def left(box: Sandbox) -> Iterator[Callable[[], list[str]]]:
    """What is in the cloud that was not there before; nothing must be at the end."""
    kinds = ("workspaces", "vaults", "resource_groups")
    before = {kind: set(box.arm().get(kind, ())) for kind in kinds}

    def found() -> list[str]:
        now = box.arm()
        return [str(one) for kind in kinds for one in now.get(kind, ()) if one not in before[kind]]

    yield found
    until = time.monotonic() + 300  # what is being deleted is there a little longer
    while found() and time.monotonic() < until:
        time.sleep(0.1)
    assert found() == []


@pytest.mark.slow
def test_the_sandbox_answers_as_the_sandbox(live: Terminal, box: Sandbox, left: Callable[[], list[str]]) -> None:
    """If a change of the sandbox turns this red: check.py says where its answers are kept."""
    result = live(f"selftest --live --yes --compute {PLACE} -o json --out report.json")
    document = result.json
    other = {one["id"]: (one["why"], {name: one["seen"].get(name) for name in one["differs"]})
             for one in document["results"] if one["verdict"] != "as the sandbox"}  # fmt: skip
    assert other == {}
    assert result.code == 0
    assert [one["id"] for one in document["results"]] == [one.id for one in CHECKS]
    assert document["cloud"].startswith("another cloud than Azure")
    report = (live.folder / "report.json").read_text()
    assert json.loads(report) == document
    _names_nobody(report, result.err, box)
    assert re.findall(r"! the deleted vault (\w+) is held for 7 days", result.err)
    assert "! the resource group" not in result.err


def _names_nobody(report: str, told: str, box: Sandbox) -> None:
    """Nothing of the report tells whose cloud it was; the tag of the group is in all names that were made."""
    tag = re.findall(r"deleting the resource group rg-cmkmigrate-selftest-(\w+)", told)[0]
    secret = [tag, *(box.env[name] for name in ("AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"))]
    secret += [box.env["CMKMIGRATE_VAULT_SUFFIX"], box.env["CMKMIGRATE_DATABRICKS_SUFFIX"], "westeurope", "adb-"]
    assert [one for one in secret if one.lower() in report.lower()] == []
    assert re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}|\d+\.\d+\.\d+\.\d+", report) == []


def test_what_people_see_names_nobody_either(live: Terminal, box: Sandbox, left: Callable[[], list[str]]) -> None:
    result = live(f"selftest --live --yes {PLACE} --only no-right-on-keys --only purge-protection-off")
    assert result.code == 0, result
    _names_nobody(result.out, result.err, box)


def test_another_answer_is_told(live: Terminal, box: Sandbox, left: Callable[[], list[str]]) -> None:
    box.control("PUT", "settings", {"disk_check": "strict", "graph": "deny"})
    only = "--only disk-without-grant --only disk-dropped --only directory-by-filter --only values"
    live.play(
        f"$ selftest --live --yes {PLACE} {only} --out report.json\n"
        "> * directory-by-filter point 11 differs\n"
        "> found, sandbox: true\n> found, here: false\n"
        "> = values point 15 as the sandbox\n"
        "> * disk-without-grant point 4 differs\n> operation, sandbox: Succeeded\n> operation, here: Failed\n"
        "> ? disk-dropped point 14 not settled\n> *no key, after disk-without-grant\n"
        "> Selftest on another cloud *: 1 as the sandbox, 2 differs, 1 not settled\n= 3"
    )
    results = {one["id"]: one for one in json.loads((live.folder / "report.json").read_text())["results"]}
    assert results["directory-by-filter"]["seen"]["code"] == "Authorization_RequestDenied"
    assert "Unable to access key vault 'https://VAULT.VAULTS/keys/KEY'" in results["disk-without-grant"]["seen"]["text"]


def test_nothing_is_made_before_somebody_agrees(live: Terminal, box: Sandbox, left: Callable[[], list[str]]) -> None:
    box.forget()
    live.play(
        f"$ selftest --live {PLACE}\n! It makes the resource group rg-cmkmigrate-selftest-* and*\n"
        "! https://azure.microsoft.com/en-us/pricing/details/azure-nat-gateway/\n"
        "! *held, deleted, for 7 days*\n! Error: there is nobody to ask\n! next: add --yes\n= 64"
    )
    code, shown = live.typed(f"selftest --live {PLACE}", "yes")
    assert code == 5, shown
    assert "not agreed, nothing was made" in shown
    assert box.writes() == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("", "--location must be given"),
        ("--location westeurope --second-location westeurope", "--second-location is the same region"),
        ("--location westeurope --only nonsense", "there is no question 'nonsense'"),
        ("--location westeurope --out no/where.json", "the report could not be written there"),
        ("--location westeurope -o csv", "this command has no output as csv"),
    ],
)
def test_mistakes(words: str, error: str, live: Terminal, box: Sandbox) -> None:
    box.forget()
    live.play(f"$ selftest --live --yes {words}\n! Error: {error}\n= 64")
    assert box.requests() == []


def test_without_a_subscription(offline: Terminal) -> None:
    offline.play("$ selftest --live --yes\n! Error: --subscription and --location must be given\n= 64")


def test_a_group_that_may_not_be_made(live: Terminal, box: Sandbox, left: Callable[[], list[str]]) -> None:
    box.faults({"match": {"method": "PUT", "path": "*/resourceGroups/*"}, "action": "refuse", "status": 403})
    live.play(f"$ selftest --live --yes {PLACE}\n! Error: the resource group may not be made\n= 4")
    assert not (live.folder / "cmkmigrate-selftest.json").exists()


def test_what_cannot_be_made_or_deleted(live: Terminal, box: Sandbox, left: Callable[[], list[str]]) -> None:
    """A refusal on the way ends one question; a deletion that fails is told with what to type."""
    vaults = {"method": "PUT", "path": "*/vaults/*"}
    groups = {"method": "DELETE", "path": "*/resourceGroups/rg-cmkmigrate-selftest-*"}
    refuse: dict[str, Any] = {"action": "refuse", "status": 403}
    box.faults({"match": vaults, "count": -1, **refuse}, {"match": groups, "count": 1, **refuse})
    result = live.play(
        f"$ selftest --live --yes {PLACE} --only purge-protection-off --only directory-nobody\n"
        "! *could not be deleted*\n! *delete what is left: az group delete --name rg-* --subscription *\n"
        "> ? purge-protection-off point 10 not settled\n> the vault VAULT could not be made: 403*\n"
        "> = directory-nobody point 11 as the sandbox\n= 3"
    )
    group = re.findall(r"what is left: az group delete --name (\S+)", result.err)[0]
    box.faults()
    subscription = box.env["AZURE_SUBSCRIPTION_ID"]
    path = f"/subscriptions/{subscription}/resourceGroups/{group}?api-version=2021-04-01"
    box.call("management.azure.test", "DELETE", path)


def test_an_interruption_cleans_up(live: Terminal, box: Sandbox, left: Callable[[], list[str]]) -> None:
    """Ctrl-C in the middle of making a workspace: it is deleted too, and what was answered is kept."""
    workspaces = {"method": "PUT", "path": "*/workspaces/*"}
    box.faults({"match": workspaces, "count": -1, "action": "operation", "how": "never"})
    words = f"selftest --live --yes {PLACE} --only directory-nobody --only bodies".split()
    box.forget()  # what the tests before have put
    started = live.commands.start(*words, CMKMIGRATE_OPERATION_S="15")
    told = Path(f"{started[1]}.err")
    live.commands.launcher.order(do="go", pid=started[0])
    until = time.monotonic() + 300
    while not any(one["method"] == "PUT" and "/workspaces/" in one["path"] for one in box.requests()):
        assert time.monotonic() < until, told.read_text()
        time.sleep(0.05)
    os.kill(started[0], signal.SIGINT)
    result = live.commands.wait(started, words)
    assert result.code == 130, result
    assert "- deleting the workspace selftest-" in result.err
    document = json.loads((live.folder / "cmkmigrate-selftest.json").read_text())
    assert [one["id"] for one in document["results"]] == ["directory-nobody"]


def test_a_rehearsal_starts_its_own_sandbox(offline: Terminal) -> None:
    """Where nothing is reachable, and without a subscription."""
    result = offline.play(
        "$ selftest --only no-right-on-keys --out mine.json\n! On the sandbox: nothing reaches Azure*\n"
        "> = no-right-on-keys point 8 as the sandbox\n> Selftest on another cloud than Azure *\n= 0"
    )
    assert "Not asked" in result.out
    assert json.loads((offline.folder / "mine.json").read_text())["results"][0]["verdict"] == "as the sandbox"
    offline.play("$ selftest --only no-right-on-keys\n= 0")
    assert sorted(path.name for path in offline.folder.iterdir()) == ["mine.json"]
