"""`doctor`: a whole report, exit 6 where something blocks, and not one write."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmkmigrate.preflight.run import discover
from tests.cli.transcript import Terminal
from tests.harness import Commands, Launcher, Sandbox
from tests.preflight.fakes import pasted

BLOCKED = 6
GRAPH = {"match": {"host": "graph.*"}, "action": "refuse", "status": 403}


@pytest.fixture
def doctor(terminal: Terminal, sandbox: Sandbox) -> Callable[..., Any]:
    def run(*words: str) -> Any:
        given = "\n".join(f"{name}: {sandbox.params[name]}" for name in ("source", "target_name", "vault_name"))
        terminal.write("move.yaml", given)
        return terminal(" ".join(["doctor cmk-migration --params move.yaml", *words]))

    return run


def test_nothing_is_in_the_way(doctor: Callable[..., Any], writes: Callable[[], int], terminal: Terminal) -> None:
    found = doctor("-o json")
    assert found.code == 0, found
    assert writes() == 0
    assert not (terminal.folder / "cmkmigrate-runs").exists(), "nothing is written here either"
    told = found.json
    assert (told["type"], told["playbook"], told["blocked"]) == ("preflight", "cmk-migration", False)
    assert [one["check"] for one in told["checks"]] == [*(one.id for one in discover()), "PLAN"]
    assert all(one["seen"] for one in told["checks"])


def test_other_formats(doctor: Callable[..., Any]) -> None:
    number = len(discover()) + 1
    assert len([json.loads(line) for line in doctor("-o jsonl").out.splitlines()]) == number
    assert {one["check"] for one in csv.DictReader(doctor("-o csv").out.splitlines())} >= {"PF01", "PLAN"}
    assert "Preflight: " in doctor().out


def test_what_blocks_and_what_is_accepted(doctor: Callable[..., Any], sandbox: Sandbox) -> None:
    sandbox.control("PUT", "settings", {"graph": "deny"})
    try:
        found = doctor("-o json")
        assert found.code == BLOCKED, found
        assert status(found)["PF13"] == "unknown" and status(found)["PLAN"] == "fail"
        assert doctor("--accept PF13 --reason known").code == BLOCKED, "planning fails all the same"
    finally:
        sandbox.control("PUT", "settings", {"graph": "allow"})


def test_an_unknown_check_that_is_accepted(doctor: Callable[..., Any], sandbox: Sandbox) -> None:
    rule = {"match": {"path": "*/Microsoft.Compute/locations/*"}, "action": "refuse", "status": 400}
    sandbox.faults(rule)
    assert doctor().code == BLOCKED
    sandbox.faults(rule)
    found = doctor("--accept pf22 --reason 'the quota is 500'", "-o json")
    assert found.code == 0, found
    one = next(one for one in found.json["checks"] if one["check"] == "PF22")
    assert (one["status"], one["accepted"], one["blocks"]) == ("unknown", "the quota is 500", False)


def test_mistakes(doctor: Callable[..., Any]) -> None:
    for words in ("--accept PF06", "--reason why", "--accept PF99 --reason why", "--accept PLAN --reason why"):
        found = doctor(words)
        assert found.code == 64 and "--accept" in found.err, found


def test_a_source_that_is_not_there(terminal: Terminal, sandbox: Sandbox) -> None:
    source = str(sandbox.params["source"])
    found = terminal(f"doctor cmk-migration -p source={source}-not -p target_name=other -p vault_name=kv-t -o json")
    assert found.code == BLOCKED, found
    assert status(found)["PF04"] in ("unknown", "fail") and status(found)["PLAN"] == "fail"


def told(found: Any) -> list[str]:
    return [
        f"{one['check']} {seen['status']} {seen['evidence']}" for one in found.json["checks"] for seen in one["seen"]
    ]


def status(found: Any) -> dict[str, str]:
    return {one["check"]: one["status"] for one in found.json["checks"]}


ARM = {
    "workspaces": [{"name": "bad", "resource_group": "rg", "sku": "standard",
                    "properties": {"provisioningState": "Failed"}}],
    "vaults": [
        {"name": "kv-weak", "resource_group": "rg", "location": "northeurope",
         "properties": {"enableRbacAuthorization": True, "publicNetworkAccess": "SecuredByPerimeter"},
         "keys": [{"name": "k", "key_size": 3072, "versions": [{"exp": 1_600_000_000}, {"enabled": False}]}]},
        {"name": "kv-gone", "resource_group": "rg", "deleted": True},
    ],
    "locks": [{"scope": "subscription", "name": "frozen", "level": "ReadOnly"}],
    "operator": "Contributor",
}  # fmt: skip


@pytest.fixture(scope="module")
def bad(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Commands]]:
    """A workspace with all that can be wrong at once."""
    folder = tmp_path_factory.mktemp("bad")
    told = {"name": "bad", "region": "westeurope", "workspace_id": 4100000000000009}
    told["workspace_url"] = "https://adb-4100000000000009.9.azuredatabricks.net"
    (folder / "estate").mkdir()
    (folder / "estate" / "estate.json").write_text(json.dumps(told))
    (folder / "estate" / "arm.json").write_text(json.dumps(ARM))
    box = Sandbox(folder / "sandbox", folder / "estate")
    yield box, Commands(launcher, folder / "commands", box.env)
    box.close()


def test_everything_that_is_wrong_is_told_at_once(bad: tuple[Sandbox, Commands], tmp_path: Path) -> None:
    box, place = bad
    source = str(box.params["source"])
    group = source.partition("/providers/")[0]
    box.forget()
    vault = f"vault_id={group}/providers/Microsoft.KeyVault/vaults/kv-weak"
    key = next(iter(version for version in kids(box)))
    found = place(
        "doctor", "enable-in-place", "-p", f"workspace={source}", "-p", vault, "-p", f"key_id={key}", "-o", "json"
    )
    assert found.code == BLOCKED and box.writes() == [], found
    failed = {check for check, one in status(found).items() if one == "fail"}
    assert failed == {"PF03", "PF04", "PF05", "PF08", "PF09", "PF10", "PF11", "PF16", "PF31", "PLAN"}, told(found)
    for one in found.json["checks"]:
        for seen in one["seen"]:
            if seen["fix"]:
                pasted(seen["fix"])
    words = ("-p", f"source={source}", "-p", "target_name=new", "-p", "vault_name=kv-gone")
    move = place("doctor", "cmk-migration", *words, "-o", "json")
    assert move.code == BLOCKED and box.writes() == [], move
    assert {"PF03", "PF05", "PF19", "PLAN"} <= {check for check, one in status(move).items() if one == "fail"}


def kids(box: Sandbox) -> list[str]:
    """The versions of the key of `kv-weak`, the oldest first."""
    found = [one for one in json.dumps(box.arm()).split('"') if "/keys/k/" in one and one.startswith("https://")]
    return found or ["https://kv-weak.vault.azure.test/keys/k"]
